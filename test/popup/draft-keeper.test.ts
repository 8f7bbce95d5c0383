import 'fake-indexeddb/auto';
import { beforeEach, expect, test, vi } from 'vitest';
import { createDraftKeeper } from '../../src/popup/draft-keeper.ts';
import { background } from '../../src/popup/rpc.ts';
import { newTypedPair, openTyped, type Typed, type TypedPair } from '../../src/rpc/typed.ts';
import { openTypedStore } from '../../src/rpc/typed-store.ts';
import { until } from '../background/device.ts';

vi.mock('../../src/popup/rpc.ts', () => ({ background: { call: vi.fn() } }));

type Asked = Omit<Typed, 'conversation'> & { readonly id: string };
interface Question {
  readonly asked: Asked;
  answer(told: { readonly revision: number; readonly before: string }): void;
  fail(): void;
}

let pair: TypedPair;
let store: ReturnType<typeof openTypedStore>;
let questions: Question[];
let before: string[];
let names = 0;

beforeEach(async () => {
  pair = await newTypedPair();
  store = openTypedStore(`typed-${++names}`);
  questions = [];
  before = [];
  vi.mocked(background.call).mockImplementation(((method: string, asked: Asked) =>
    method === 'typedKey'
      ? Promise.resolve({ open: Buffer.from(pair.open).toString('base64'), wrapped: 'AA==' })
      : new Promise((answer, reject) => questions.push({ asked, answer, fail: () => reject(new Error('away')) }))) as never);
});

const keeper = (text = '', revision = 0) =>
  createDraftKeeper({ conversation: 'c', text, revision, onBefore: (words) => before.push(words), store });
const part = (words: string) => ({ id: 'request', words });
const onDisk = async (): Promise<(string | undefined)[]> =>
  Promise.all((await store.all()).map(async ([, row]) => (await openTyped(row, pair.secret)).parts.map(({ words }) => words).join()));
const question = (place: number): Promise<Question> => until(() => questions[place], `question ${place}`);

test('what is typed is on the disk before the background has answered, and not after', async () => {
  keeper().say([part('hello')]);
  await until(async () => (await onDisk()).join() === 'hello', 'the row');
  (await question(0)).answer({ revision: 1, before: '' });
  await until(async () => (await store.all()).length === 0, 'its end');
});

test('the last words stay there where the background does not answer, and it is told with the next ones', async () => {
  const kept = keeper();
  kept.say([part('hel')]);
  (await question(0)).fail();
  await until(async () => (await onDisk()).join() === 'hel', 'the row');
  kept.say([part('hello')]);
  expect((await question(1)).asked).toMatchObject({ id: 'c', seq: 2, parts: [part('hello')] });
  await until(async () => (await onDisk()).join() === 'hello', 'the later words');
});

test('what nobody answers for a second is written firmly, once; what is answered is not', async () => {
  const puts: (boolean | undefined)[] = [];
  const { put } = store;
  store = {
    ...store,
    put: (name, row, firmly) => {
      puts.push(firmly);
      return put(name, row, firmly);
    },
  };
  const kept = keeper();
  kept.say([part('hel')]);
  (await question(0)).answer({ revision: 1, before: '' });
  await new Promise((resolve) => setTimeout(resolve, 1_300));
  expect(puts).toEqual([undefined]);
  kept.say([part('hello')]);
  await question(1);
  await until(() => puts.length === 3, 'the firm one');
  expect(puts).toEqual([undefined, undefined, true]);
  expect(await onDisk()).toEqual(['hello']);
  await new Promise((resolve) => setTimeout(resolve, 1_300));
  expect(puts).toHaveLength(3);
});

test('the key is asked for again with the next words where it could not be had', async () => {
  const away = vi.mocked(background.call).getMockImplementation();
  vi.mocked(background.call).mockRejectedValueOnce(new Error('away'));
  const kept = keeper();
  vi.mocked(background.call).mockImplementation(away as never);
  kept.say([part('hel')]);
  await question(0);
  kept.say([part('hello')]);
  await until(async () => (await onDisk()).join() === 'hello', 'the row');
});

test('an answer takes no later words from the disk', async () => {
  const kept = keeper();
  kept.say([part('hel')]);
  const first = await question(0);
  kept.say([part('hello')]);
  await until(async () => (await onDisk()).join() === 'hello', 'the later words');
  first.answer({ revision: 1, before: '' });
  expect((await question(1)).asked).toMatchObject({ seq: 2, base: 1 });
  expect(await onDisk()).toEqual(['hello']);
});

test('that all was taken out again is said too', async () => {
  keeper('hello', 3).say([part('')]);
  await until(async () => (await onDisk()).join() === '', 'the row');
  expect((await question(0)).asked).toMatchObject({ base: 3, parts: [] });
});

test('it is said with the words when they were begun, which is after what was sent before them', async () => {
  const kept = keeper();
  const begun = Date.now();
  kept.say([part('hel')]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  kept.say([part('hello')]);
  const [first] = (await question(0)).asked.parts;
  expect(first?.since).toBeGreaterThanOrEqual(begun);
  (await question(0)).answer({ revision: 1, before: '' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const later = Date.now();
  kept.say([part('hello'), { id: 'next', words: 'hello' }]);
  const { parts } = (await question(1)).asked;
  expect(parts[0]).toEqual(first);
  expect(parts[1]?.since).toBeGreaterThanOrEqual(later);
});

test('words of another window are shown where all that stands here is known, and only then', async () => {
  const kept = keeper('mine', 1);
  expect(kept.heard('theirs', 2)).toBe('theirs');
  expect(kept.heard('older', 1)).toBeNull();
  kept.say([part('mine again')]);
  expect(kept.heard('theirs, later', 3)).toBeNull();
  const asked = await question(0);
  expect(asked.asked.base).toBe(2);
  expect(kept.heard('theirs, later', 3)).toBeNull();
  asked.answer({ revision: 4, before: 'theirs, later' });
  await until(() => before.length > 0, 'what stands before');
  expect(before).toEqual(['theirs, later']);
});

test('a last word goes at once, though another is on its way, whose answer then says nothing', async () => {
  const kept = keeper();
  kept.say([part('hel')]);
  const first = await question(0);
  kept.say([part('hello')]);
  kept.tell(true);
  const last = await question(1);
  expect(last.asked).toMatchObject({ seq: 2, base: 0 });
  first.answer({ revision: 1, before: 'theirs' });
  last.answer({ revision: 2, before: 'theirs' });
  await until(() => before.length > 0, 'what stands before');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(before).toEqual(['theirs']);
});
