import { cpus } from 'node:os';
import { join } from 'node:path';
import { encodeText } from '../../src/content-types/index.ts';
import { decodeContent, encodeContent } from '../../src/protocol/content.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { openMessage, sealMessage } from '../../src/protocol/message.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { inviteTopic } from '../../src/protocol/topic.ts';
import { buildIfStale, sizes } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { cleanup, readOptions, root } from '../cli/processes.ts';
import { browserNames, World } from '../e2e/world.ts';
import { until } from '../support/browsers/browser.ts';
import { field } from '../support/browsers/person.ts';
import { connectTo, contactOf, Writer } from '../support/crowd.ts';
import { alice, bob } from '../support/people.ts';
import { runVectors } from '../vectors/run.ts';
import { toFirstRow, toFirstRowAsleep, toUnlocked } from './inbox/places.ts';
import { median } from './report.ts';

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

const conversationCount = 50;
const messagesEach = 20;

/** `npm run bench -- overview`: a few figures of this machine, as a table and as JSON. Nothing here passes or fails. */
export async function run(args: readonly string[]): Promise<number> {
  readOptions(args, {});
  ensureBrowsers();
  await buildIfStale();
  const started = cleanup();
  const figures: Figure[] = [];
  const note = (what: string, value: number, unit: string): void => {
    figures.push({ what, value: Math.round(value * 10) / 10, unit });
    console.log(`  ${what.padEnd(64)}${value.toFixed(value < 10 ? 1 : 0).padStart(9)} ${unit}`);
  };
  try {
    const work = (async () => {
      for (const { file, gzip } of sizes()) note(`size of ${file}, gzip`, gzip / 1000, 'kB');
      await benchProtocol(note);
      await benchVectors(note);
      for (const name of browserNames) await benchBrowser(name, note, started.add);
    })();
    if ((await Promise.race([work, started.interrupted])) === 'interrupted') return 130;
  } finally {
    await started.run();
  }
  const [cpu] = cpus();
  console.log(JSON.stringify({ machine: { cpu: cpu?.model, cores: cpus().length, node: process.version }, figures }));
  return 0;
}

type Note = (what: string, value: number, unit: string) => void;

async function benchProtocol(note: Note): Promise<void> {
  const count = 1000;
  const invitation = await deriveInvitation(alice.bundle, bob.contact);
  const keyMaterial = invitation.encryption.value?.keyMaterial ?? new Uint8Array();
  const { topic } = invitation;
  const sealed: Uint8Array[] = [];
  let before = performance.now();
  for (let i = 0; i < count; i++) {
    const payload = encodeContent(encodeText(`message ${i}, about as long as most messages of most people are`));
    const createdNs = msToNs(Date.UTC(2024, 5, 1) + i);
    sealed.push((await sealMessage({ topic, keyMaterial, bundle: alice.bundle, payload, createdNs, shouldPush: true })).message);
  }
  note(`Node: seal and sign ${count} messages`, performance.now() - before, 'ms');
  before = performance.now();
  for (const message of sealed) {
    const opened = await openMessage({ topic, keyMaterial, members: [alice.address, bob.address], message, envelopeTopic: topic });
    await decodeContent(opened.payload);
  }
  note(`Node: open, verify and decode ${count} messages`, performance.now() - before, 'ms');
  const createdNs = msToNs(Date.UTC(2024, 5, 1));
  const message = await sealInvitation(alice.bundle, bob.contact, invitation, createdNs);
  before = performance.now();
  for (let i = 0; i < 100; i++) await openInvitation(bob.bundle, { topic: inviteTopic(bob.address), timestampNs: createdNs, message });
  note('Node: open and verify 100 invitations', performance.now() - before, 'ms');
}

async function benchVectors(note: Note): Promise<void> {
  const before = performance.now();
  const { passed } = await runVectors(join(root, 'test/vectors'), () => {});
  note(`Node: ${passed} golden vectors`, performance.now() - before, 'ms');
}

async function benchBrowser(name: (typeof browserNames)[number], note: Note, atEnd: (stop: () => unknown) => void): Promise<void> {
  const world = await World.start(`bench-${name}`);
  atEnd(() => world.end());
  let before = performance.now();
  const me = await world.person('Bench', name);
  note(`${name}: from nothing to an inbox (browser start, wallet, publishing)`, performance.now() - before, 'ms');

  const api = connectTo(world.node.url);
  const contact = await contactOf(api, me.address as `0x${string}`);
  before = performance.now();
  for (let i = 0; i < conversationCount; i++) {
    const writer = new Writer(`peer ${i}`, api);
    await writer.publishContact();
    const write = await writer.invite(contact);
    await write(Array.from({ length: messagesEach }, (_, n) => `message ${n} of peer ${i}`));
  }
  const published = performance.now() - before;
  await until(
    () => me.rows(),
    (rows) => rows.length >= Math.min(conversationCount, 20) && rows.every((row) => row.includes(`message ${messagesEach - 1} of`)),
    300_000,
  );
  note(`Node: ${conversationCount} peers seal and publish ${conversationCount * messagesEach} messages`, published, 'ms');
  note(`${name}: all of them read, from the first publish on`, performance.now() - before, 'ms');

  const asleep: number[] = [];
  const awake: number[] = [];
  for (let i = 0; i < 5; i++) {
    asleep.push(await toFirstRowAsleep(me.browser, me.page));
    awake.push(await toFirstRow(me.page));
  }
  note(`${name}: popup opened to first row drawn, background asleep, ${conversationCount} conversations`, median(asleep), 'ms');
  note(`${name}: the same, background awake`, median(awake), 'ms');

  await me.browser.restart();
  await me.open('/');
  await me.page.fill(field('Passphrase'), me.passphrase);
  note(`${name}: Unlock pressed to first row drawn, after a restart`, await toUnlocked(me.page), 'ms');
  await world.end();
}
