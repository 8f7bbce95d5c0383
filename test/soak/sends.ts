import { readContent } from '../../src/content-types/index.ts';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Address } from '../../src/protocol/address.ts';
import { decodeContent } from '../../src/protocol/content.ts';
import { deriveInvitation } from '../../src/protocol/invitation.ts';
import { openMessage } from '../../src/protocol/message.ts';
import { sleep } from '../cli/processes.ts';
import { type BrowserName, World } from '../e2e/world.ts';
import { until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { connectTo, contactOf, type NodeApi, Writer } from '../support/crowd.ts';
import { generator } from '../support/random.ts';
import { inBrowsers, type Kills } from './browsers.ts';

/**
 * `npm run soak -- sends --kills N --browser B --seed S`: the background of a real browser dies again and again while somebody writes, alone or together with its page;
 * what the peer can read at the node in the end is compared with what was written, one by one and in order.
 */
export const run = (args: readonly string[]): Promise<number> => inBrowsers(args, soak);

async function soak(name: BrowserName, { kills, seed }: Kills, atEnd: (stop: () => unknown) => void): Promise<boolean> {
  const random = generator(seed);
  const world = await World.start(`soak-sends-${name}`);
  atEnd(() => world.end());
  const me = await world.person('Alice', name);
  const api = connectTo(world.node.url);
  const peer = new Writer('the peer', api);
  await peer.publishContact();
  await me.startConversation(peer.me.address);
  const written: string[] = [];
  let [inFieldAgain, withPage, overtaken] = [0, 0, 0];
  for (let kill = 0; kill < kills; kill++) {
    const text = `message ${kill}`;
    written.push(text);
    const alone = random() < 0.7;
    const wait = random() * 150;
    // Nothing can outlive a page whose background never lived long enough to write anything down: with the page there is one message at stake.
    if (!alone && kill > 0) await me.waitUntilSent(written.at(-2) ?? '', 120_000);
    await me.page.fill(field('Message'), text);
    await me.page.click(button('Send'));
    await sleep(wait);
    if (alone) {
      await me.browser.stopBackground();
      // The next one is often written while this one is still on its way.
      if (random() < 0.5) await shown(me, text);
    } else {
      withPage++;
      await Promise.all([me.browser.stopBackground(), me.page.reload()]);
      const unsent = await backInField(me);
      inFieldAgain += unsent.length;
      // A person sees what is there already, and sends the rest.
      for (const each of unsent) await me.write(each);
      if (unsent.length === 0) await me.page.fill(field('Message'), '');
    }
  }
  const last = written.at(-1) ?? '';
  await me.waitUntilSent(last, 120_000).catch(() => undefined); // counted below
  await until(
    () => read(api, peer, me.address as Address),
    (there) => there.length >= written.length,
    30_000,
  ).catch(() => undefined);
  const there = await read(api, peer, me.address as Address);
  const missing = written.filter((text) => !there.includes(text));
  const lost = missing.length;
  const strange = there.filter((text) => !written.includes(text)).length;
  const twice = there.length - new Set(there).size;
  const places = there.map((text) => written.indexOf(text));
  overtaken = places.filter((place, index) => place < Math.max(-1, ...places.slice(0, index))).length;
  console.log(
    `${name}: ${kills} kills (${withPage} with the page, after which ${inFieldAgain} stood in the field again), ${written.length} messages, ` +
      `${lost} lost, ${twice} twice, ${strange} that nobody wrote, ${overtaken} overtaken by a later one (seed ${seed})${lost > 0 ? `; lost: ${missing.join(', ')}` : ''}`,
  );
  await world.end();
  return lost === 0 && twice === 0 && strange === 0 && overtaken === 0;
}

const shown = (me: Person, text: string): Promise<unknown> =>
  until(
    () => me.messages(),
    (all) => all.some((message) => message.text === text),
    60_000,
  ).catch(() => undefined);

/**
 * Which messages stand in the field alone. It holds all that the background had not yet said to have, a line each; what a page had asked for when it died may still
 * be under way.
 */
async function backInField(me: Person): Promise<string[]> {
  await me.page.see(field('Message'), 60_000);
  for (const end = Date.now() + 4000; ; await sleep(100)) {
    const there = new Set((await me.messages()).map(({ text }) => text));
    const unsent = ((await me.page.see(field('Message'))).value ?? '').split('\n').filter((line) => line !== '' && !there.has(line));
    if (Date.now() > end) return unsent;
  }
}

/** All that the peer can open of the conversation, as the node has it. */
async function read(api: NodeApi, peer: Writer, from: Address): Promise<string[]> {
  const { topic, encryption } = await deriveInvitation(peer.me.bundle, await contactOf(api, from));
  const keyMaterial = encryption.value?.keyMaterial ?? new Uint8Array();
  const texts: { readonly text: string; readonly createdNs: bigint }[] = [];
  let startTimeNs = 0n;
  for (;;) {
    const { envelopes } = await api.query({
      contentTopics: [topic],
      startTimeNs,
      pagingInfo: { limit: 100, direction: SortDirection.ASCENDING },
    });
    for (const { message, timestampNs } of envelopes) {
      if (timestampNs < startTimeNs) continue;
      const opened = await openMessage({ topic, keyMaterial, members: [from, peer.me.address], message, envelopeTopic: topic });
      const value = readContent(await decodeContent(opened.payload));
      texts.push({ text: value.kind === 'text' ? value.text : `(${value.kind})`, createdNs: timestampNs });
    }
    if (envelopes.length < 100) return texts.map(({ text }) => text);
    startTimeNs = (envelopes.at(-1)?.timestampNs ?? 0n) + 1n;
  }
}
