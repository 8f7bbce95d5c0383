import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../src/node/start-node.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import type { Status } from '../../src/rpc/views/account.ts';
import { buildIfStale } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { Site } from '../e2e/site.ts';
import { Walk } from '../e2e/walk.ts';
import { peerOf, signerOf, xmtp } from '../interop/peer.ts';
import { type Page, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { button, field } from '../support/browsers/person.ts';
import { connectTo, contactOf, Writer } from '../support/crowd.ts';
import { person } from '../support/people.ts';
import { Link } from './inbox/link.ts';
import { rowWith, scrolled, toFirstRowAsleep, toFound, toNewestMessage, toOwnMessage } from './inbox/places.ts';
import { buildReferencePage, type ReferenceProgram } from './inbox/reference-page.ts';
import { fullPeer, seed } from './inbox/seed.ts';
import { type Comparison, figure, median, report, writeReport } from './report.ts';

const off = {
  walletPublishRate: 0,
  walletInvitations: 0,
  pairInvitations: 0,
  networkPublishRate: 0,
  networkReadRate: 0,
  networkStreams: 0,
};
const farMs = 50;

/**
 * `npm run bench -- inbox --conversations LIST --messages N --rounds N --alone --json FILE`: the extension in Chromium beside the reference client in a page of the same
 * browser, with the same account at the same node; `--alone` leaves that client out, which takes minutes at 10,000 conversations. The node runs without rate limits here.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { conversations: 'text', messages: 'text', rounds: 'text', alone: 'flag', json: 'text' });
  const sizes = (options.conversations ?? '100,1000').split(',').map(Number);
  const [messages, rounds] = [Number(options.messages ?? 5000), Number(options.rounds ?? 3)];
  if (![...sizes, messages, rounds].every((each) => Number.isInteger(each) && each >= 1))
    throw new CommandError('--conversations, --messages and --rounds are whole numbers from 1 on');
  ensureBrowsers();
  await buildIfStale();
  const started = cleanup();
  const found: Comparison[] = [];
  try {
    const script = await buildReferencePage();
    for (const size of sizes) {
      const outcome = await Promise.race([bench(size, messages, rounds, options.alone ?? false, script, started.add), started.interrupted]);
      if (outcome === 'interrupted') return 130;
      found.push(...outcome);
    }
  } finally {
    await started.run();
  }
  writeReport('inbox', found, options.json);
  return 0;
}

async function bench(
  size: number,
  messages: number,
  rounds: number,
  alone: boolean,
  script: string,
  atEnd: (stop: () => unknown) => void,
): Promise<Comparison[]> {
  console.log(`\n${size} conversations, one of them with ${messages} messages`);
  const data = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  atEnd(() => rmSync(data, { recursive: true, force: true }));
  const me = person(`the owner of ${size}`);
  const founding = await startNode({ data, limits: off });
  const keys = await xmtp.Client.getKeys(signerOf(me), { apiUrl: founding.url, env: 'local' });
  const contact = await contactOf(connectTo(founding.url), me.address);
  await founding.close();
  const full = await seed(data, contact, size, messages);
  const node = await startNode({ data, limits: off });
  atEnd(() => node.close());
  const link = await Link.to(node.url);
  atEnd(() => link.close());
  await allow(node.url, me, size);

  const site = await Site.start({ '/page.js': script });
  atEnd(() => site.close());
  const browser = await launchChromium();
  atEnd(() => browser.close());
  const rows: Comparison[] = [];
  const note = (row: Comparison): void => void rows.push(row);
  /** Beside the reference client, if it runs. */
  const against = (row: Parameters<typeof report>[0]): void =>
    note(alone ? figure(row.what, row.ours, row.unit, null, row.notes) : report(row));

  // The reference client in its page.
  const reference = await browser.open(site.url());
  const load = async (): Promise<void> => {
    await reference.goto(site.url());
    await reference.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const script = Object.assign(document.createElement('script'), { type: 'module', src: '/page.js' });
          script.addEventListener('load', () => resolve());
          script.addEventListener('error', () => reject(new Error('the page’s script did not load')));
          document.head.append(script);
        }),
    );
  };
  // A page that nobody sees is drawn once a second.
  const asked = async <K extends keyof ReferenceProgram>(name: K, ...params: Parameters<ReferenceProgram[K]>): Promise<number> => {
    if (alone) return Number.NaN;
    await inFront(reference);
    return reference.evaluate(
      (name: string, params: readonly unknown[]) =>
        (window as unknown as { reference: Record<string, (...params: readonly unknown[]) => Promise<number>> }).reference[name]?.(
          ...params,
        ) as Promise<number>,
      name,
      params,
    );
  };
  const opened = async (): Promise<number> => {
    if (alone) return Number.NaN;
    await load();
    return (await asked('open', link.url, Buffer.from(keys).toString('base64'))) + (await asked('inbox'));
  };

  // A new device.
  await load();
  await reference.evaluate(() => localStorage.clear());
  link.take();
  const theirsFirst = await opened();
  const theirsAsked = link.take();
  const walk = new Walk('Bench', browser, link.url);
  await walk.bring('Private key');
  await walk.fill(field('Private key'), toHex(me.walletKey));
  await walk.click(button('Continue'));
  link.take();
  const began = performance.now();
  await walk.seal();
  await walk.person.inbox();
  const mine = walk.person;
  const shown = Math.min(size, 10);
  await until(
    () => mine.rows(),
    (list) => list.length >= shown && list.every((row) => row.includes('message ')),
    600_000,
  );
  const oursFirst = performance.now() - began;
  against({
    what: `new device: the first rows with their newest words, N = ${size}`,
    unit: 'ms',
    ours: oursFirst,
    theirs: theirsFirst,
    opponent: 'xmtp-js, keys to list',
    ratio: theirsFirst / oursFirst,
    bar: null,
    notes: `with the passphrase and its sealing; theirs asked ${theirsAsked.requests} times`,
  });
  await settled(mine.page, full);
  note(
    figure(`new device: until everything is here, N = ${size}`, performance.now() - began, 'ms', null, `${messages + size * 2} messages`),
  );
  await mine.page.evaluate(() => new Promise((later) => setTimeout(later, 3000)));

  // The list again, with what is stored.
  const [asleep, theirs]: [number[], number[]] = [[], []];
  let beforePaint = 0;
  await mine.open('/');
  for (let round = 0; round < rounds; round++) {
    await inFront(mine.page);
    link.take();
    asleep.push(await toFirstRowAsleep(browser, mine.page));
    beforePaint = Math.max(beforePaint, link.take().requests);
    theirs.push(await opened());
  }
  const again = link.take();
  against({
    what: `list again, background asleep, N = ${size}`,
    unit: 'ms',
    ours: median(asleep),
    theirs: median(theirs),
    opponent: 'xmtp-js, stored keys and list',
    ratio: median(theirs) / median(asleep),
    bar: size >= 10_000 ? 300 : size >= 1000 ? 35 : 5,
    notes: `asked meanwhile: ${beforePaint}; theirs ${again.requests}`,
  });
  if (size >= 5000) note(figure(`first row, background asleep, N = ${size}`, median(asleep), 'ms', 150));
  await inFront(mine.page);
  const { longestMs, late, frames, rows: drawn } = await scrolled(mine.page);
  note(
    figure(
      `scrolling: longest frame, N = ${size}`,
      longestMs,
      'ms',
      null,
      `frames under 50 ms count as 0; ${late} of ${frames} came late; at most ${drawn} rows in the page`,
    ),
  );

  // One conversation of many messages.
  const [newest, theirsNewest]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    await mine.open('/');
    await rowWith(mine.page, full);
    await inFront(mine.page);
    newest.push(await toNewestMessage(mine.page, full));
    theirsNewest.push(await asked('newest', fullPeer.address));
  }
  against({
    what: `open a conversation of ${messages}, newest 50`,
    unit: 'ms',
    ours: median(newest),
    theirs: median(theirsNewest),
    opponent: 'xmtp-js, 50 from the node',
    ratio: median(theirsNewest) / median(newest),
    bar: null,
    notes: 'from the click to what is drawn',
  });
  const whole = await asked('all', fullPeer.address);
  against({
    what: `the same where the whole history is at hand afterwards`,
    unit: 'ms',
    ours: median(newest),
    theirs: whole,
    opponent: `xmtp-js, all ${messages}`,
    ratio: whole / median(newest),
    bar: messages >= 5000 ? 150 : 3,
  });

  // Sending, with the node far away.
  link.delayMs = farMs;
  const [own, theirsOwn]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds * 3; round++) {
    await inFront(mine.page);
    own.push(await toOwnMessage(mine.page, `mine ${size} ${round}`));
    theirsOwn.push(await asked('send', fullPeer.address, `theirs ${size} ${round}`));
  }
  link.delayMs = 0;
  against({
    what: `send: Enter to the message on the screen, node ${farMs} ms away`,
    unit: 'ms',
    ours: median(own),
    theirs: median(theirsOwn),
    opponent: 'xmtp-js, send() answered',
    ratio: median(theirsOwn) / median(own),
    bar: null,
  });
  note(figure('send: the same', median(own), 'ms', 20));

  // What came while the background slept.
  await mine.open('/');
  await browser.stopBackground();
  await mine.page.goto('about:blank');
  const api = connectTo(node.url);
  const lateWriter = new Writer('peer 0', api);
  const write = await lateWriter.invite(await contactOf(api, me.address));
  await write(Array.from({ length: 10 }, (_, index) => `late message ${index}`));
  // Far away, so that what is asked for at once counts as one wave.
  link.delayMs = farMs;
  link.take();
  await mine.open('/');
  await until(
    () => mine.rows(),
    (list) => list[0]?.includes('late message 9') ?? false,
    60_000,
  );
  const late10 = link.take();
  link.delayMs = 0;
  note(
    figure(
      `what came meanwhile (10 messages), N = ${size}`,
      late10.requests,
      'requests',
      null,
      `${late10.waves} waves, until it stands in the list; node ${farMs} ms away`,
    ),
  );

  // Search.
  await mine.open('/');
  await mine.inbox();
  await inFront(mine.page);
  const first = await toFound(mine.page, 'needle');
  const warm: number[] = [];
  for (let round = 0; round < rounds; round++) warm.push(await toFound(mine.page, `needle${'s'.repeat(round % 2)}`));
  note(
    figure(
      `search through ${messages + size * 2} messages, first of a page`,
      first,
      'ms',
      null,
      'typed to painted, the field entered 300 ms before; with the 80 ms of waiting for more letters',
    ),
  );
  note(figure('search: the next ones', median(warm), 'ms', null));

  // Unlocking.
  await browser.restart();
  await mine.open('/');
  const typed = performance.now();
  await mine.unlock();
  await mine.inbox();
  note(
    figure(`unlock, typed passphrase to the list, N = ${size}`, performance.now() - typed, 'ms', null, 'typing and its driving are in it'),
  );
  for (const stop of [() => browser.close(), () => site.close(), () => link.close(), () => node.close()]) await stop();
  return rows;
}

/** They are known to the owner: what they write stands in the inbox. */
async function allow(nodeUrl: string, me: Parameters<typeof signerOf>[0], size: number): Promise<void> {
  const client = await peerOf(me, nodeUrl);
  const peers = Array.from({ length: size - 1 }, (_, index) => person(`peer ${index}`).address);
  for (let from = 0; from < peers.length; from += 1000) await client.contacts.allow(peers.slice(from, from + 1000));
  await client.contacts.allow([fullPeer.address]);
  await client.close();
}

/** A page that was just brought forward draws its first frames late. */
async function inFront(page: Page): Promise<void> {
  await page.toFront();
  await page.evaluate(() => new Promise((later) => setTimeout(later, 300)));
}

/** Until everything there is was fetched and read. */
async function settled(page: Page, newest: string): Promise<void> {
  await until(() => page.evaluate((text: string) => document.body.textContent?.includes(text) ?? false, newest), Boolean, 600_000);
  await until(
    () => ask<Status>(page, 'status', {}),
    ({ node }) => node.state === 'connected' && node.remaining === null,
    600_000,
  );
}

/** Asks the background, as a page of ours does. */
const ask = <T>(page: Page, method: string, params: object): Promise<T> =>
  page.evaluate(
    (method: string, params: object) =>
      new Promise<T>((resolve, reject) => {
        const port = chrome.runtime.connect({ name: 'own' });
        port.onMessage.addListener(({ id, result, error }: { id?: number; result?: T; error?: { message: string } }) => {
          if (id !== 1) return;
          port.disconnect();
          if (error) reject(new Error(error.message));
          else resolve(result as T);
        });
        port.postMessage({ id: 1, method, params });
      }),
    method,
    params,
  );
