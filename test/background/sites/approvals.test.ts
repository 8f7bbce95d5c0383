import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Approvals, createApprovals, type Question } from '../../../src/background/sites/approvals.ts';
import { sessionArea } from '../../support/memory.ts';
import { alice, bob, carol } from '../../support/people.ts';
import { game, pageOf, shop, type TestCaller, watch } from './callers.ts';

const me = alice.address;
const connect: Question = { kind: 'connect' };
const send = (text: string, peer = bob.address, connects = false): Question => ({
  kind: 'send',
  peers: [peer],
  said: { kind: 'text', text },
  contentType: 'xmtp.org/text:1.0',
  connects,
});
const yes = { allow: true, expiresIn: null };
const no = { allow: false, expiresIn: null };

let memory: ReturnType<typeof sessionArea>;
let held: number;
let windows: { open: number[]; shown: number; opened: number };
let approvals: Approvals;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  memory = sessionArea();
  held = 0;
  windows = { open: [], shown: 0, opened: 0 };
  approvals = start();
});
afterEach(() => vi.useRealTimers());

function start(): Approvals {
  return createApprovals({
    clock: Date.now,
    memory,
    changed: () => undefined,
    hold: () => {
      held++;
      return () => held--;
    },
    window: {
      async show() {
        windows.shown++;
        const [open] = windows.open;
        await new Promise((resolve) => setTimeout(resolve, 20)); // a window takes its time
        if (open !== undefined) return open;
        windows.open.push(++windows.opened);
        return windows.opened;
      },
      async close(id) {
        windows.open = windows.open.filter((each) => each !== id);
        approvals.windowClosed(id); // as the browser does, whoever closed it
      },
    },
  });
}

const settle = (ms = 500): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Asks, and lets the window open and read the questions. */
async function ask(caller: TestCaller, question: Question, holds?: () => Promise<boolean>) {
  const asked = watch(approvals.ask(caller, me, question, holds));
  await settle();
  return asked;
}

const first = (): string => approvals.prompts()[0]?.id ?? '';
function userCloses(): void {
  const [id] = windows.open;
  windows.open = [];
  if (id !== undefined) approvals.windowClosed(id);
}

describe('a question', () => {
  test('opens one window, which closes with the answer', async () => {
    const asked = await ask(pageOf(shop), connect);
    expect(approvals.prompts()).toMatchObject([
      { origin: shop, title: 'A page', account: me, question: connect, waiting: 0, decodedHost: null },
    ]);
    expect(windows.open).toHaveLength(1);
    expect(held).toBe(1);
    approvals.answer(first(), { allow: true, expiresIn: 86400 });
    await settle();
    expect(asked.result).toEqual({ allow: true, expiresIn: 86400 });
    expect(windows.open).toEqual([]);
    expect(held).toBe(0);
  });

  test('that is refused rejects as the user’s no', async () => {
    const asked = await ask(pageOf(shop), connect);
    approvals.answer(first(), no);
    await settle();
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
  });

  test('is refused when its window is closed', async () => {
    const asked = await ask(pageOf(shop), connect);
    approvals.prompts(); // the window reads what it shows
    userCloses();
    await settle();
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
    expect(windows.open).toEqual([]);
  });

  test('is shown once more when its window closed before it showed anything', async () => {
    const asked = await ask(pageOf(shop), connect);
    userCloses();
    await settle();
    expect(asked.done).toBe(false);
    expect(windows.opened).toBe(2);
    userCloses();
    await settle();
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
  });

  test('is not answered by the closing of some other window', async () => {
    const asked = await ask(pageOf(shop), connect);
    approvals.windowClosed(99);
    await settle();
    expect(asked.done).toBe(false);
  });

  test('is settled when its window cannot be opened', async () => {
    const failing = createApprovals({
      clock: Date.now,
      changed: () => undefined,
      hold: () => () => undefined,
      window: { show: () => Promise.reject(new Error('no windows here')), close: async () => undefined },
    });
    const asked = watch(failing.ask(pageOf(shop), me, connect));
    await settle();
    expect(asked.error).toMatchObject({ reason: 'not-granted' });
    expect(failing.waiting()).toBe(0);
  });

  test('has an id that an answer must name', async () => {
    const asked = await ask(pageOf(shop), connect);
    expect(() => approvals.answer('1', yes)).toThrow('answered or taken back');
    expect(asked.done).toBe(false);
  });
});

describe('questions', () => {
  test('are shown one at a time, first come first served, in one window', async () => {
    const [a, b, c] = [await ask(pageOf(shop), connect), await ask(pageOf(game), connect), await ask(pageOf(shop), send('x'))];
    expect(approvals.prompts().map(({ origin, waiting }) => [origin, waiting])).toEqual([
      [shop, 2],
      [game, 1],
      [shop, 0],
    ]);
    expect(windows.opened).toBe(1);
    approvals.answer(first(), yes);
    await settle();
    expect([a.done, b.done, c.done]).toEqual([true, false, false]);
    approvals.answer(first(), yes);
    approvals.answer(first(), yes);
    await settle();
    expect([a.done, b.done, c.done]).toEqual([true, true, true]);
    expect(windows.opened).toBe(1);
    expect(windows.open).toEqual([]);
  });

  test('that come at the same moment open one window', async () => {
    void approvals.ask(pageOf(shop), me, connect);
    void approvals.ask(pageOf(game), me, connect);
    await settle();
    expect(windows.opened).toBe(1);
  });

  test('five hundred at once, of fifty sites, are one window, and ten wait', async () => {
    const asked = Array.from({ length: 500 }, (_, index) =>
      watch(approvals.ask(pageOf(`https://${index % 50}.example`), me, index % 2 ? connect : send(`text ${index}`))),
    );
    await settle();
    expect([windows.opened, windows.open.length, approvals.waiting()]).toEqual([1, 1, 10]);
    // Who asks the same as somebody who waits, waits with them; all others were told to come later.
    const open = asked.filter(({ done }) => !done);
    expect(asked.filter(({ error }) => error?.reason === 'too-many')).toHaveLength(500 - open.length);
    while (approvals.waiting() > 0) {
      approvals.answer(first(), yes);
      await settle(1);
    }
    await settle();
    expect(open.every(({ result }) => result === yes)).toBe(true);
    expect([windows.opened, windows.open.length, held]).toEqual([1, 0, 0]);
  });

  test('that are identical share one answer', async () => {
    const [a, b] = [await ask(pageOf(shop), connect), await ask(pageOf(shop), connect)];
    expect(approvals.waiting()).toBe(1);
    approvals.answer(first(), yes);
    await settle();
    expect([a.result, b.result]).toEqual([yes, yes]);
  });

  test('of different origins are never identical', async () => {
    await ask(pageOf(shop), connect);
    await ask(pageOf(game), connect);
    expect(approvals.waiting()).toBe(2);
  });

  test('wait three at a time for one origin', async () => {
    for (const text of ['1', '2', '3']) await ask(pageOf(shop), send(text));
    const fourth = await ask(pageOf(shop), send('4'));
    expect(fourth.error).toMatchObject({ reason: 'too-many', data: { retryAfterMs: expect.any(Number) } });
    expect((await ask(pageOf(shop), send('3'))).done).toBe(false); // one that waits already is no new one
    expect((await ask(pageOf(game), connect)).done).toBe(false);
  });

  test('wait ten at a time in all', async () => {
    for (let site = 0; site < 10; site++) expect((await ask(pageOf(`https://${site}.example`), connect)).done).toBe(false);
    expect((await ask(pageOf('https://10.example'), connect)).error).toMatchObject({ reason: 'too-many' });
  });

  test('close with the window only for the one that it showed', async () => {
    const [a, b] = [await ask(pageOf(shop), connect), await ask(pageOf(game), connect)];
    approvals.prompts();
    userCloses();
    await settle();
    expect(a.error).toMatchObject({ reason: 'user-rejected' });
    expect(b.done).toBe(false);
    expect(windows.open).toHaveLength(1);
  });

  test('that another answer has overtaken are given back, to be looked at again', async () => {
    let lacking = true;
    const [a, b] = [await ask(pageOf(shop), send('1')), await ask(pageOf(shop), send('2'), async () => lacking)];
    lacking = false;
    await approvals.recheck();
    await settle();
    expect(b.result).toBeNull();
    expect(a.done).toBe(false); // nobody told whether it still holds
  });

  test('go with the account', async () => {
    const asked = await ask(pageOf(shop), connect);
    approvals.clear();
    await settle();
    expect(asked.error).toMatchObject({ reason: 'no-account' });
    expect(windows.open).toEqual([]);
  });
});

describe('leaving the page', () => {
  test('withdraws its question and closes the window', async () => {
    const page = pageOf(shop);
    const asked = await ask(page, connect);
    page.leave();
    await settle();
    expect(asked.error).toMatchObject({ reason: 'not-granted' });
    expect(approvals.waiting()).toBe(0);
    expect(windows.open).toEqual([]);
  });

  test('leaves the question to another page that asks the same', async () => {
    const page = pageOf(shop);
    const [a, b] = [await ask(page, connect), await ask(pageOf(shop), connect)];
    page.leave();
    approvals.answer(first(), yes);
    await settle();
    expect(a.error).toBeDefined();
    expect(b.result).toEqual(yes);
  });

  test('while the question is being put leaves none behind', async () => {
    const page = pageOf(shop);
    const asked = watch(approvals.ask(page, me, connect));
    page.leave();
    await settle();
    expect(asked.error).toMatchObject({ reason: 'not-granted' });
    expect(approvals.waiting()).toBe(0);
  });
});

describe('nobody is asked', () => {
  test('by a page that is hidden', async () => {
    const page = pageOf(shop);
    page.shown = false;
    expect((await ask(page, connect)).error).toMatchObject({ reason: 'not-granted' });
    expect(windows.shown).toBe(0);
  });

  test('a second time by the document that was refused, in whatever words', async () => {
    const page = pageOf(shop);
    await ask(page, send('please'));
    approvals.answer(first(), no);
    await settle();
    expect((await ask(page, send('pretty please'))).error).toMatchObject({ reason: 'not-granted' });
    expect((await ask(page, send('please', carol.address))).done).toBe(false); // that is another question
    expect((await ask(pageOf(shop), send('please'))).done).toBe(false); // and this another document
  });

  test('to connect by the way, where that was refused', async () => {
    const page = pageOf(shop);
    await ask(page, connect);
    approvals.answer(first(), no);
    await settle();
    expect((await ask(page, send('x', bob.address, true))).error).toMatchObject({ reason: 'not-granted' });
  });

  test('for an hour after three refusals within ten minutes', async () => {
    const later = await ask(pageOf(game), connect);
    for (let refusals = 0; refusals < 3; refusals++) {
      await ask(pageOf(shop), send(`${refusals}`));
      const mine = approvals.prompts().find(({ origin }) => origin === shop);
      approvals.answer(mine?.id ?? '', no);
      await settle();
    }
    expect((await ask(pageOf(shop), connect)).error).toMatchObject({ reason: 'muted' });
    await settle(60 * 60_000 - 5000);
    expect((await ask(pageOf(shop), connect)).error).toMatchObject({ reason: 'muted' });
    expect(later.done).toBe(false); // others are not concerned
    await settle(10_000);
    expect((await ask(pageOf(shop), connect)).done).toBe(false);
  });

  test('also by what waited already when the third refusal came', async () => {
    const asked = [await ask(pageOf(shop), send('1')), await ask(pageOf(shop), send('2')), await ask(pageOf(shop), send('3'))];
    for (let refusals = 0; refusals < 2; refusals++) approvals.answer(first(), no);
    const fourth = await ask(pageOf(shop), send('4'));
    approvals.answer(first(), no);
    await settle();
    expect(asked.map(({ error }) => error?.reason)).toEqual(['user-rejected', 'user-rejected', 'user-rejected']);
    expect(fourth.error).toMatchObject({ reason: 'muted' });
  });

  test('sooner because the background has slept meanwhile', async () => {
    for (let refusals = 0; refusals < 3; refusals++) {
      await ask(pageOf(shop, 'the same'), send(`${refusals}`, refusals === 0 ? bob.address : refusals === 1 ? carol.address : me));
      approvals.answer(first(), no);
      await settle();
      approvals = start();
    }
    expect((await ask(pageOf(shop), connect)).error).toMatchObject({ reason: 'muted' });
  });

  test('but three refusals that are far apart mute nobody', async () => {
    for (let refusals = 0; refusals < 4; refusals++) {
      expect((await ask(pageOf(shop), connect)).done).toBe(false);
      approvals.answer(first(), no);
      await settle(6 * 60_000);
    }
  });
});
