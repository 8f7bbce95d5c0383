import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askAhead, forgetAhead, takeAhead } from '../../src/popup/screens/conversation/ahead.ts';

/** What was asked of the background and not answered yet, and who listens to it. */
const held = vi.hoisted(() => ({
  asked: [] as {
    readonly id: string;
    readonly limit: number;
    readonly answer: (value: unknown) => void;
    readonly fail: (error: Error) => void;
  }[],
  listeners: new Set<{ readonly event: string; readonly heard: (payload: unknown) => void }>(),
}));
vi.mock('../../src/popup/rpc.ts', () => {
  const listen = (event: string, heard: (payload: unknown) => void) => {
    const listener = { event, heard };
    held.listeners.add(listener);
    return () => held.listeners.delete(listener);
  };
  return {
    background: {
      call: (_: string, { id, limit }: { id: string; limit: number }) =>
        new Promise((answer, fail) => {
          held.asked.push({ id, limit, answer, fail });
        }),
      on: listen,
      onReconnect: (heard: () => void) => listen('reconnect', heard),
    },
  };
});

const tell = (event: string, payload: unknown = null): void => {
  for (const listener of held.listeners) if (listener.event === event) listener.heard(payload);
};
const asked = (): string[] => held.asked.map(({ id }) => id);
/** Answers the last question. */
const answerWith = async (value: unknown): Promise<void> => {
  held.asked.at(-1)?.answer(value);
  await Promise.resolve();
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('innerHeight', 600);
  held.asked.length = 0;
});
afterEach(() => {
  forgetAhead();
  expect(held.listeners.size).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what is asked twice, and then shown, is one question', async () => {
  askAhead('a');
  askAhead('a');
  await answerWith('opened');
  const ahead = takeAhead('a');
  expect([asked(), ahead.value(), ahead.isOld()]).toEqual([['a'], 'opened', false]);
  expect(await ahead.answer).toBe('opened');
  ahead.end();
});

test.each([
  [600, 15],
  [860, 23],
  [90, 1],
])('no more messages are asked for than a window has room for: %i pixels, %i of them', (height, count) => {
  vi.stubGlobal('innerHeight', height);
  askAhead('a');
  expect(held.asked.map(({ limit }) => limit)).toEqual([count]);
});

test('what was shown is asked for anew the next time', async () => {
  takeAhead('a').end();
  takeAhead('a').end();
  expect(asked()).toEqual(['a', 'a']);
});

test.each([
  ['messages', { conversation: 'a' }],
  ['conversations', null],
  ['reconnect', null],
] as const)('after news (%s) it is asked for again, and what is here already stands in until that is answered', async (event, payload) => {
  askAhead('a');
  await answerWith('before');
  tell(event, payload);
  const ahead = takeAhead('a');
  expect([asked(), ahead.value(), ahead.isOld()]).toEqual([['a', 'a'], 'before', true]);
  await answerWith('after');
  expect([ahead.value(), ahead.isOld()]).toEqual(['after', false]);
  tell(event, payload);
  expect(ahead.isOld()).toBe(true);
  ahead.end();
});

test('news of another conversation changes nothing', async () => {
  askAhead('a');
  await answerWith('opened');
  tell('messages', { conversation: 'b' });
  expect(takeAhead('a').isOld()).toBe(false);
  expect(asked()).toEqual(['a']);
  forgetAhead();
  held.listeners.clear();
});

test('a few are kept, for a while, and none beyond the lock', async () => {
  for (const id of ['a', 'b', 'c', 'd']) askAhead(id);
  askAhead('b');
  expect(asked()).toEqual(['a', 'b', 'c', 'd']);
  askAhead('a');
  expect(asked()).toEqual(['a', 'b', 'c', 'd', 'a']);
  vi.advanceTimersByTime(30_000);
  askAhead('c');
  forgetAhead();
  askAhead('c');
  expect(asked().slice(5)).toEqual(['c', 'c']);
});

test('one that a screen waits for is kept for as long as that takes', async () => {
  const ahead = takeAhead('a');
  vi.advanceTimersByTime(60_000);
  await answerWith('late');
  tell('messages', { conversation: 'a' });
  expect([ahead.value(), ahead.isOld()]).toEqual(['late', true]);
  ahead.end();
});

test('what failed is asked for again by whoever presses', async () => {
  const ahead = askAhead('a');
  held.asked[0]?.fail(new Error('not now'));
  await expect(ahead.answer).rejects.toThrow('not now');
  takeAhead('a').end();
  expect(asked()).toEqual(['a', 'a']);
});
