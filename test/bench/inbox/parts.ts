import type { Status } from '../../../src/rpc/views/account.ts';
import type { SearchAnswer } from '../../../src/rpc/views/conversations.ts';
import { Site } from '../../e2e/site.ts';
import { until } from '../../support/browsers/browser.ts';
import { Person } from '../../support/browsers/person.ts';
import { connectTo, contactOf, Writer } from '../../support/crowd.ts';
import { against, type Comparison, figure, median, report } from '../report.ts';
import { inWords } from './link.ts';
import {
  inFront,
  type Opened,
  rowWith,
  scrolled,
  toFirstRowAsleep,
  toFirstSent,
  toFound,
  toOpened,
  toOwnMessage,
  toRowSaying,
} from './places.ts';
import { fullPeer } from './seed.ts';
import { ask, loadScript, ownerOf, type Stage } from './stage.ts';
import { buildStorePage } from './store-page.ts';

export const farMs = 50;

/** A stage in whose browser everything is, and which has the reference client beside it unless `alone`. */
export interface Play {
  readonly stage: Stage;
  readonly mine: Person;
  readonly rounds: number;
  readonly alone: boolean;
}

/** A part of the bench: on a profile of its own that has everything, except for new devices. */
export type Part = (play: Play) => Promise<Comparison[]>;

const list: Part = async ({ stage: { size, browser, link, reference }, mine, rounds, alone }) => {
  const [asleep, theirs]: [number[], number[]] = [[], []];
  let beforePaint = 0;
  await mine.open('/');
  for (let round = 0; round < rounds; round++) {
    await inFront(mine.page);
    link.take();
    asleep.push(await toFirstRowAsleep(browser, mine.page));
    beforePaint = Math.max(beforePaint, link.take().requests);
    if (!alone) theirs.push(await reference.opened());
  }
  const row = against(alone, {
    what: `list again, background asleep, N = ${size}`,
    unit: 'ms',
    ours: median(asleep),
    theirs: median(theirs),
    opponent: 'xmtp-js, stored keys and list',
    ratio: median(theirs) / median(asleep),
    bar: size >= 10_000 ? 300 : size >= 1000 ? 35 : 5,
    notes: `asked meanwhile: ${beforePaint}`,
  });
  return size >= 5000 ? [row, figure(`first row, background asleep, N = ${size}`, median(asleep), 'ms', 150)] : [row];
};

const scroll: Part = async ({ stage: { size }, mine }) => {
  await mine.open('/');
  await mine.inbox();
  await inFront(mine.page);
  const { longestMs, late, frames, rows } = await scrolled(mine.page);
  const notes = `frames under 50 ms count as 0; ${late} of ${frames} came late; at most ${rows} rows in the page`;
  return [figure(`scrolling: longest frame, N = ${size}`, longestMs, 'ms', null, notes)];
};

/** What a page holds that has the list, with all scripts that it fetches ahead, and with a conversation; after the first garbage is gone. */
const memory: Part = async ({ stage: { size, full, messages, browser }, mine }) => {
  const megabytes = async (): Promise<number> => (await browser.heapUsed(await mine.page.url())) / 1e6;
  await mine.open('/');
  await mine.inbox();
  await inFront(mine.page);
  await new Promise((later) => setTimeout(later, 2000));
  const list = await megabytes();
  await rowWith(mine.page, full);
  await toOpened(mine.page, full, Math.min(50, messages));
  await new Promise((later) => setTimeout(later, 1000));
  // A page that draws twenty rows with the same library and does nothing else holds 1.6 MB at most.
  return [
    figure(`heap of the page with the list, N = ${size}`, list, 'MB', 3.2, 'after garbage is collected'),
    figure('the same with a conversation', await megabytes(), 'MB', null),
  ];
};

/** For how long a button of a mouse is down in a click. */
const pressMs = 80;
const windowOf = (messages: number): string => `open a conversation of ${messages}, the window full`;

/** What opening a conversation takes with the most messages, beside what it takes with the fewest. */
export function flatness(rows: readonly Comparison[], counts: readonly number[]): Comparison[] {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const [short, long] = [least, most].map((count) => rows.filter(({ what }) => what === windowOf(count)).map(({ ours }) => ours));
  if (least === most || !short?.length || !long?.length) return [];
  return [figure(`open a conversation: ${most} messages beside ${least}`, median(long) / median(short), 'times', 1.2)];
}

const conversation: Part = async ({ stage: { full, messages, reference }, mine, rounds, alone }) => {
  const [opened, pressed, theirs]: [Opened[], Opened[], number[]] = [[], [], []];
  const fifty = Math.min(50, messages);
  if (!alone) await reference.opened();
  for (let round = 0; round < rounds; round++) {
    await mine.open('/');
    await rowWith(mine.page, full);
    await inFront(mine.page);
    opened.push(await toOpened(mine.page, full, fifty));
    await mine.open('/');
    await rowWith(mine.page, full);
    await inFront(mine.page);
    pressed.push(await toOpened(mine.page, full, fifty, pressMs));
    if (!alone) theirs.push(await reference.asked('newest', fullPeer.address));
  }
  const ours = median(opened.map(({ fifty }) => fifty));
  const first = [
    figure(
      windowOf(messages),
      median(opened.map(({ window }) => window)),
      'ms',
      30,
      'from a click that nothing announces to what is painted',
    ),
    figure(
      `the same, pressed ${pressMs} ms before`,
      median(pressed.map(({ window }) => window)),
      'ms',
      30,
      'from the click; the button of the mouse goes down before it',
    ),
    against(alone, {
      what: `open a conversation of ${messages}, newest 50`,
      unit: 'ms',
      ours,
      theirs: median(theirs),
      opponent: 'xmtp-js, 50 from the node',
      ratio: median(theirs) / ours,
      bar: 3,
      notes: 'all fifty are in the page, and what is in sight is painted',
    }),
  ];
  if (alone) return first;
  const whole = await reference.asked('all', fullPeer.address);
  return [
    ...first,
    report({
      what: 'the same where the whole history is at hand afterwards',
      unit: 'ms',
      ours,
      theirs: whole,
      opponent: `xmtp-js, all ${messages}`,
      ratio: whole / ours,
      bar: messages >= 5000 ? 150 : 3,
    }),
  ];
};

const send: Part = async ({ stage: { size, full, link, reference }, mine, rounds, alone }) => {
  const rows: Comparison[] = [];
  if (!alone) await reference.opened();
  await mine.open('/');
  await rowWith(mine.page, full);
  await inFront(mine.page);
  await toOpened(mine.page, full, 1);
  for (const delayMs of [0, farMs]) {
    link.delayMs = delayMs;
    const [own, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds * 3; round++) {
      await inFront(mine.page);
      own.push(await toOwnMessage(mine.page, `mine ${size} ${delayMs} ${round}`));
      if (!alone) theirs.push(await reference.asked('send', fullPeer.address, `theirs ${size} ${delayMs} ${round}`));
    }
    rows.push(
      against(alone, {
        what: `send: Enter to the message on the screen, node ${delayMs} ms away`,
        unit: 'ms',
        ours: median(own),
        theirs: median(theirs),
        opponent: 'xmtp-js, send() answered',
        ratio: median(theirs) / median(own),
        bar: null,
      }),
      figure('send: the same', median(own), 'ms', 20),
    );
  }
  link.delayMs = 0;
  return rows;
};

/** What came while the background slept, in a conversation that is known. The node is far away, so that what is asked for at once counts as one wave. */
const meanwhile: Part = async ({ stage: { size, browser, node, link }, mine }) => {
  await mine.open('/');
  await settled(mine);
  await browser.stopBackground();
  await mine.page.goto('about:blank');
  const api = connectTo(node.url);
  const write = await new Writer('peer 0', api).invite(await contactOf(api, ownerOf(size).address));
  await write(Array.from({ length: 10 }, (_, index) => `late message ${index}`));
  link.delayMs = farMs;
  link.take();
  await mine.page.goto(`${browser.base}popup.html`, { wait: 'started' });
  const took = await toRowSaying(mine.page, 'late message 9');
  const asked = link.take();
  await settled(mine);
  const after = link.take();
  link.delayMs = 0;
  const notes = `${inWords(asked)} until then, ${inWords(after)} more until all is at rest; node ${farMs} ms away`;
  return [
    figure(`what came meanwhile (10 messages): opened to shown, N = ${size}`, took, 'ms', null, notes),
    figure('the same: requests, streams among them', asked.requests + asked.streams + after.requests + after.streams, '', 4),
  ];
};

/** Until the node was caught up with. */
const settled = (mine: Person): Promise<unknown> =>
  until(
    async () => {
      await ask(mine.page, 'conversationWindow', { shelf: 'inbox', offset: 20, limit: 1 }); // all rows are read
      await new Promise((later) => setTimeout(later, 1_000));
      return ask<Status>(mine.page, 'status', {});
    },
    ({ node }) => node.state === 'connected' && node.remaining === null,
    600_000,
  );

/** The first message to somebody new, from the call until the node has conversation and message. */
const first: Part = async ({ stage: { size, node, link, reference }, mine, rounds, alone }) => {
  const rows: Comparison[] = [];
  const api = connectTo(node.url);
  if (!alone) await reference.opened();
  await mine.open('/');
  await settled(mine);
  for (const delayMs of [0, farMs]) {
    const [own, theirs]: [number[], number[]] = [[], []];
    let [asked, theirsAsked] = ['', ''];
    for (let round = 0; round < rounds; round++) {
      const [one, other] = ['ours', 'theirs'].map((whose) => new Writer(`somebody new ${whose} ${size} ${delayMs} ${round}`, api)) as [
        Writer,
        Writer,
      ];
      await Promise.all([one.publishContact(), other.publishContact()]);
      link.delayMs = delayMs;
      await inFront(mine.page);
      link.take();
      own.push(await toFirstSent(mine.page, one.me.address));
      asked = inWords(link.take());
      if (!alone) {
        theirs.push(await reference.asked('begin', other.me.address, 'hello'));
        theirsAsked = inWords(link.take());
      }
      link.delayMs = 0;
      await settled(mine);
    }
    rows.push(
      against(alone, {
        what: `first message to somebody new, N = ${size}, node ${delayMs} ms away`,
        unit: 'ms',
        ours: median(own),
        theirs: median(theirs),
        opponent: 'xmtp-js, newConversation, send',
        ratio: median(theirs) / median(own),
        bar: delayMs === 0 ? null : 2.5,
        notes: `until the node has it; ${asked}${alone ? '' : `; theirs ${theirsAsked}`}`,
      }),
    );
  }
  return rows;
};

/** Messages into the store as they are read, a hundred at a time, in a page of the same browser: without the network, without keys. */
const store: Part = async ({ stage: { browser } }) => {
  const site = await Site.start({ '/store.js': await buildStorePage() });
  try {
    const page = await browser.open(site.url());
    await inFront(page);
    await loadScript(page, '/store.js');
    const took = await page.evaluate(
      (count: number) => (window as unknown as { fill: (count: number) => Promise<number> }).fill(count),
      storedMessages,
    );
    const rate = (storedMessages / took) * 1000;
    return [
      report({
        what: `store ${storedMessages} messages`,
        unit: 'messages/s',
        ours: rate,
        theirs: 50_000,
        opponent: 'the goal',
        ratio: rate / 50_000,
        bar: 1,
      }),
    ];
  } finally {
    await site.close();
  }
};
const storedMessages = 100_000;

const search: Part = async ({ stage: { size, messages, browser }, mine, rounds }) => {
  const rows: Comparison[] = [];
  const words = messages + size * 2;
  for (const when of ['first of all', 'first after a sleep']) {
    await mine.open('/');
    await mine.page.goto('about:blank');
    await browser.stopBackground();
    await mine.open('/');
    await mine.inbox();
    await inFront(mine.page);
    const took = await toFound(mine.page, 'needle');
    const notes = 'typed to painted, the field entered 300 ms before; with the 25 ms of waiting for more letters';
    rows.push(figure(`search through ${words} messages, ${when}`, took, 'ms', when === 'first of all' ? null : 100, notes));
    // The first search makes the index; what comes after it is timed once that is there.
    await until(
      () => ask<SearchAnswer>(mine.page, 'search', { text: 'needle' }),
      ({ indexing }) => indexing === null,
      120_000,
    );
  }
  const next: number[] = [];
  for (let round = 0; round < rounds; round++) next.push(await toFound(mine.page, round % 2 === 0 ? 'needles' : 'needle'));
  return [...rows, figure('search: the next ones', median(next), 'ms', 100)];
};

const unlock: Part = async ({ stage: { size, browser }, mine }) => {
  await browser.restart();
  await mine.open('/');
  const typed = performance.now();
  await mine.unlock();
  await mine.inbox();
  const notes = 'typing and its driving are in it';
  return [figure(`unlock, typed passphrase to the list, N = ${size}`, performance.now() - typed, 'ms', null, notes)];
};

export const parts = { list, scroll, memory, conversation, meanwhile, send, first, search, unlock, store } satisfies Record<string, Part>;

/** Somebody at a browser that was unlocked before, and is again. */
export async function comeBack(stage: Stage): Promise<Person> {
  const mine = new Person('Bench', stage.browser);
  await mine.open('/');
  await mine.unlock();
  await mine.inbox();
  return mine;
}
