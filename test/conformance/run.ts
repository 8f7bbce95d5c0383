import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hooks, People, Row, Stage, Target } from '../../src/sdk/conformance.ts';
import { stages } from '../../src/sdk/conformance.ts';
import { root } from '../cli/processes.ts';
import { ask } from '../e2e/ask.ts';
import { Site } from '../e2e/site.ts';
import { type BrowserName, World } from '../e2e/world.ts';
import { peerOf } from '../interop/peer.ts';
import { type Browser, type Page, sleep, until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { person } from '../support/people.ts';

const approval = 'popup.html#/approve';

/** What the page wants done that a page cannot do. */
interface Wish {
  readonly id: number;
  readonly hook: keyof Hooks;
  readonly argument: string | undefined;
}

interface Kit {
  runStage(stage: Stage, target: Target): Promise<Row[]>;
}

/** The page's end of the kit: `begin` runs a part, whose hooks become wishes, which `settle` fulfils. */
type Bench = Window & {
  kit: Kit;
  xmtp: Target['provider'];
  wishes: Wish[];
  rows: Row[] | null;
  settle(id: number, value: unknown, failed: boolean): void;
};

export interface Run {
  readonly browser: string;
  readonly rows: readonly Row[];
}

/** Runs the whole kit against the extension in a browser, with a real node and a peer of the reference client. */
export async function runConformance(name: BrowserName, atEnd: (stop: () => unknown) => void): Promise<Run> {
  const world = await World.start(`conformance-${name}`);
  atEnd(() => world.end());
  const scripts = { '/conformance.js': readFileSync(join(root, 'dist/sdk/conformance.js')) };
  const body = `<h1>Conformance</h1><script type="module">import * as kit from '/conformance.js'; window.kit = kit;</script>`;
  const site = await Site.start(scripts, { '/kit': body });
  atEnd(() => site.close());
  const me = await world.person('Alice', name);
  const [peer, other] = await Promise.all(['a peer', 'another peer'].map((who) => peerOf(person(`${who} of ${name}`), world.node.url)));
  atEnd(() => Promise.all([peer?.close(), other?.close()]));
  if (!peer || !other) throw new Error('no peers');

  const people = {
    account: me.address,
    peer: peer.address,
    other: other.address,
    absent: '0x000000000000000000000000000000000000dEaD',
  } as People;
  const page = await me.browser.open(site.url('/kit'));
  const hooks = hooksOf(me, page, async (text) => {
    const conversations = await peer.conversations.list();
    await conversations.find(({ peerAddress, context }) => peerAddress === me.address && !context?.conversationId)?.send(text);
  });
  const rows: Row[] = [];
  for (const stage of stages) {
    await page.reload();
    await page.toFront();
    await until(() => me.browser.countPages(approval).then((count) => count === 0));
    rows.push(...(await runStage(page, stage, people, hooks)));
  }
  return { browser: `${name === 'chromium' ? 'Chromium' : 'Firefox'} ${me.browser.version}`, rows };
}

async function runStage(page: Page, stage: Stage, people: People, hooks: Hooks): Promise<Row[]> {
  await until(() => page.evaluate(() => 'kit' in window));
  await page.evaluate(begin, stage, people);
  for (;;) {
    const { wishes, rows } = await page.evaluate(() => {
      const bench = window as unknown as Bench;
      return { wishes: bench.wishes.splice(0), rows: bench.rows };
    });
    if (rows) return rows;
    for (const wish of wishes) void fulfil(page, wish, hooks);
    await sleep(40);
  }
}

/** Runs in the page. */
function begin(stage: Stage, people: People): void {
  const bench = window as unknown as Bench;
  const settling = new Map<number, [resolve: (value: unknown) => void, reject: (error: Error) => void]>();
  let last = 0;
  bench.wishes = [];
  bench.rows = null;
  bench.settle = (id, value, failed) => settling.get(id)?.[failed ? 1 : 0](failed ? new Error(String(value)) : (value as never));
  const names = ['answer', 'prompts', 'peerSays', 'interrupt', 'hide', 'show', 'lock', 'unlock'];
  const hooks = Object.fromEntries(
    names.map((hook) => [
      hook,
      (argument?: string) =>
        new Promise((resolve, reject) => {
          settling.set(++last, [resolve, reject]);
          bench.wishes.push({ id: last, hook: hook as keyof Hooks, argument });
        }),
    ]),
  ) as unknown as Hooks;
  void bench.kit.runStage(stage, { provider: bench.xmtp, people, hooks }).then((rows) => {
    bench.rows = rows;
  });
}

async function fulfil(page: Page, { id, hook, argument }: Wish, hooks: Hooks): Promise<void> {
  const [value, failed] = await (hooks[hook] as (argument?: string) => Promise<unknown>)(argument).then(
    (found) => [found ?? null, false] as const,
    (error: unknown) => [String(error).slice(0, 500), true] as const,
  );
  await page.evaluate((id, value, failed) => (window as unknown as Bench).settle(id, value, failed), id, value, failed);
}

function hooksOf(me: Person, page: Page, peerSays: (text: string) => Promise<void>): Hooks {
  const { browser } = me;
  let front: Page | undefined;
  return {
    async answer(answer) {
      const window = await browser.waitForPage(approval);
      await window.see(button('Refuse'));
      if (answer === 'close') await window.close();
      else if (answer === 'refuse') await window.click(button('Refuse'));
      else {
        // The prompt offers less than is asked for; this is a yes to all of it.
        const everything = { role: 'radio', name: 'All there are' };
        if (await window.sees(everything)) await window.click(everything);
        await window.click(button('Allow'));
      }
      await noPrompt(browser);
    },
    prompts: () => browser.countPages(approval),
    peerSays,
    interrupt: () => browser.stopBackground(),
    async hide() {
      front = await browser.open('about:blank');
      await front.toFront();
    },
    async show() {
      await front?.close();
      await page.toFront();
    },
    async lock() {
      await ask(me.page, 'lock');
    },
    async unlock() {
      const window = await browser.waitForPage(approval);
      await window.fill(field('Passphrase'), me.passphrase);
      await window.click(button('Unlock'));
      await noPrompt(browser);
    },
  };
}

async function noPrompt(browser: Browser): Promise<void> {
  await until(
    () => browser.countPages(approval),
    (count) => count === 0,
    5_000,
  ).catch(() => undefined); // another question has come
}
