import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { Person, type ShownMessage } from '../support/browsers/person.ts';
import { buildIfStale } from './build.ts';
import { ensureBrowsers } from './find-browsers.ts';
import { NodeProcess } from './node-process.ts';
import { CommandError, cleanup, freePort, root, sleep } from './processes.ts';

const limitMs = 5 * 60_000;

/** What is said, in this order. */
const script: readonly { readonly by: 'Alice' | 'Bob'; readonly text: string }[] = [
  { by: 'Alice', text: 'Hello Bob, this is Alice. I found you by your address.' },
  { by: 'Bob', text: 'Hello Alice! It works: Firefox here, Chromium there.' },
  { by: 'Alice', text: 'Emoji? 👋🏽 🎉 👩‍👩‍👧‍👦 🏳️‍🌈 — and a flag: 🇳🇿' },
  { by: 'Bob', text: 'שלום עליכם، السلام عليكم — right to left, both of them.' },
  { by: 'Alice', text: 'Two lines\n  and spaces   inside, <b>no markup</b> & no surprises.' },
  { by: 'Bob', text: `A long one. ${'The quick brown fox jumps over the lazy dog, and the message does not care. '.repeat(20)}The end.` },
  { by: 'Alice', text: 'Schöne Grüße, Привет, γειά σου, à bientôt!' },
  { by: 'Bob', text: 'See you tomorrow.' },
];

/** Without a window Firefox takes itself for a device without a mouse, and shows on every message what else appears under the pointer. */
const withMouse = { 'ui.primaryPointerCapabilities': 6, 'ui.allPointerCapabilities': 6 };

interface Step {
  readonly step: string;
  readonly ms: number;
}

/** `npm run demo`: two people hold a conversation in two headless browsers; pictures and a transcript in demo-output. */
export async function run(args: readonly string[]): Promise<number> {
  if (args.length > 0) throw new CommandError('demo takes no options');
  ensureBrowsers();
  await buildIfStale();
  const started = cleanup();
  const play = demo(started.add);
  play.catch(() => {}); // heard below, unless the time is up first
  try {
    const outcome = await Promise.race([play, sleep(limitMs).then(() => 'too long' as const), started.interrupted]);
    if (outcome === 'interrupted') return 130;
    if (outcome === 'too long') throw new CommandError(`The demo did not end within ${limitMs / 60_000} minutes.`);
    return outcome ? 0 : 1;
  } finally {
    await started.run();
  }
}

/** Plays the whole of it. Answers whether everything shown is what was sent. */
async function demo(atEnd: (stop: () => unknown) => void): Promise<boolean> {
  const output = join(root, 'demo-output');
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), 'parley-demo-'));
  atEnd(() => rmSync(data, { recursive: true, force: true }));

  const steps: Step[] = [];
  const begun = Date.now();
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const before = Date.now();
    const result = await work();
    steps.push({ step, ms: Date.now() - before });
    console.log(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${step}`);
    return result;
  };

  const node = new NodeProcess({ port: await freePort(), data, log: join(output, 'node.log') });
  atEnd(() => node.stop());
  await timed('a fresh node is up', () => node.start());
  const launched = async (launch: () => Promise<Browser>): Promise<Browser> => {
    const browser = await launch();
    atEnd(() => browser.close());
    return browser;
  };
  const [chromium, firefox] = await timed('two browsers with the extension are open', () =>
    Promise.all([launched(() => launchChromium()), launched(() => launchFirefox({ preferences: withMouse }))]),
  );
  const alice = new Person('Alice', chromium, 'wonderland tea party');
  const bob = new Person('Bob', firefox, 'the builder can do it');
  const both = [alice, bob];

  let pictures = 0;
  const picture = async (what: string, of: readonly Person[] = both): Promise<void> => {
    pictures++;
    for (const person of of) {
      const name = `${String(pictures).padStart(2, '0')}-${what}-${person.name.toLowerCase()}.png`;
      writeFileSync(join(output, name), await person.page.screenshot());
    }
  };

  for (const person of both) {
    await person.open(`/welcome?node=${encodeURIComponent(node.url)}`);
    await person.page.seeText('Create a new wallet', 60_000);
  }
  await picture('welcome');
  for (const person of both) await timed(`${person.name} creates a wallet`, () => person.createWallet(node.url));
  await picture('inbox-empty');

  await timed('Alice locks', () => alice.lock());
  await picture('locked', [alice]);
  await timed('Alice unlocks', async () => {
    await alice.unlock();
    await alice.inbox();
  });

  await timed('Alice finds Bob by his address', () => alice.startConversation(bob.address));
  await picture('conversation-started', [alice]);

  const sent: { by: string; text: string; at: number; shownToOtherAfterMs: number }[] = [];
  for (const [index, { by, text }] of script.entries()) {
    const [from, to] = by === 'Alice' ? [alice, bob] : [bob, alice];
    const at = Date.now();
    await timed(`${by} writes: ${text.replace(/\s+/g, ' ').slice(0, 50)}${text.length > 50 ? '…' : ''}`, async () => {
      await from.write(text);
      if (index === 0) await to.openConversation();
      await to.waitForMessages(index + 1);
      await from.waitForMessages(index + 1);
    });
    sent.push({ by, text, at, shownToOtherAfterMs: Date.now() - at });
    await picture(`message-${index + 1}`);
  }

  const shown: Record<string, ShownMessage[]> = {};
  for (const person of both) shown[person.name] = await person.messages();
  for (const person of both) await person.open('/');
  for (const person of both) await person.inbox();
  await picture('inbox');
  for (const person of both) {
    await person.page.setSize({ width: 1280, height: 800 });
    await person.openConversation();
    await person.waitForMessages(script.length);
  }
  await picture('wide');

  await timed('the node goes away, and everybody is told', async () => {
    await node.stop();
    for (const person of both) {
      await person.open('/');
      await person.page.seeText('did not answer', 60_000);
    }
  });
  await picture('node-away');
  const waiting = 'Written while the node is away.';
  await timed('Alice writes all the same', async () => {
    await alice.openConversation();
    await alice.write(waiting);
    await alice.page.seeText(waiting);
  });
  await picture('message-waits', [alice]);
  await timed('the node is back, and so is what waited', async () => {
    await node.start();
    await alice.waitUntilSent(waiting);
    await bob.openConversation();
    await bob.page.seeText(waiting, 60_000);
  });
  for (const [what, route, shows] of [
    ['inbox-dark', '/', waiting],
    ['settings-dark', '/settings', 'Add an account'],
  ] as const) {
    for (const person of both) {
      await person.open(route);
      await person.browser.setColourScheme('dark'); // of the pages that are open
      await person.page.seeText(shows, 60_000);
    }
    await picture(what);
  }

  await timed('both lose their keys, and are told what brings them back', async () => {
    for (const person of both) {
      await person.page.evaluate(damageKeys);
      await person.browser.stopBackground();
      await person.open('/');
      await person.page.seeText('are damaged', 60_000);
    }
  });
  for (const scheme of ['light', 'dark'] as const) {
    for (const person of both) await person.browser.setColourScheme(scheme);
    await picture(`keys-damaged-${scheme}`);
  }

  const differences = both.flatMap((person) => compare(person.name, shown[person.name] ?? [], sent));
  const transcript = {
    node: { url: node.url },
    versions: {
      parley: version(),
      node: process.version,
      chromium: chromium.version,
      firefox: firefox.version,
      platform: `${process.platform} ${process.arch}`,
    },
    people: both.map(({ name, address, browser }) => ({ name, address, browser: browser.name })),
    sent: sent.map((message) => ({ ...message, at: new Date(message.at).toISOString() })),
    shown,
    differences,
    timings: { steps, totalMs: Date.now() - begun },
  };
  writeFileSync(join(output, 'transcript.json'), `${JSON.stringify(transcript, null, 2)}\n`);
  for (const difference of differences) console.error(difference);
  console.log(
    differences.length === 0
      ? `\n${sent.length} messages, each shown on both sides as it was sent. Pictures and transcript.json: ${output}`
      : `\n${differences.length} differences between what was sent and what was shown. See ${output}`,
  );
  return differences.length === 0;
}

/** In a page of the extension: writes over both copies of the vault, as a failing disk does. */
function damageKeys(): Promise<void> {
  const damaged = new Uint8Array(400).fill(0xa5);
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('parley-records');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const writing = opening.result.transaction('vault', 'readwrite');
      writing.objectStore('vault').put(damaged, 'only');
      writing.oncomplete = () => {
        opening.result.close();
        chrome.storage.local.set({ vault: 'damaged, and no base64' }).then(() => resolve(), reject);
      };
    };
  });
}

/** Says in words where one side's messages differ from what was sent. */
function compare(name: string, shown: readonly ShownMessage[], sent: readonly { by: string; text: string; at: number }[]): string[] {
  const found: string[] = [];
  if (shown.length !== sent.length) found.push(`${name} sees ${shown.length} messages, ${sent.length} were sent`);
  for (const [index, message] of sent.entries()) {
    const there = shown[index];
    if (!there) continue;
    const which = `message ${index + 1} as ${name} sees it`;
    if (there.text !== message.text) found.push(`${which}: ${JSON.stringify(there.text)} instead of ${JSON.stringify(message.text)}`);
    if (there.mine !== (message.by === name)) found.push(`${which}: from the wrong side`);
    if (there.time === null || Math.abs(there.time - message.at) > 2 * 60_000)
      found.push(`${which}: at ${there.time}, sent at ${message.at}`);
  }
  return found;
}

function version(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
