import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { fromBase64, utf8 } from '../../../src/protocol/bytes.ts';
import { longestInline } from '../../../src/rpc/views/messages.ts';
import { conversationWith, Device, type Life, makeWallet, newPerson, type Person, passphrase, until } from '../device.ts';

/** The smallest picture there is. */
const picture = fromBase64('R0lGODlhAQABAAAAACw=');
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 2_654_435_761) >>> 13);
const file = (data: Uint8Array, filename = 'a.bin', mimeType = 'application/octet-stream') => ({ filename, mimeType, data, replyTo: null });
/** Megabytes compared one by one by an assertion take seconds. */
const sameBytes = (opened: { readonly data: string }, data: Uint8Array): boolean => Buffer.from(opened.data, 'base64').equals(data);
/** An address by which others reach the node over https. */
const outside = 'https://node.example';

let data: string;
let node: RunningNode;
let bob: Person;
let devices: Device[];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-attachments-'));
  node = await startNode({ data });
  bob = await newPerson(node.url);
  devices = [bob.device];
});
afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
  await rm(data, { recursive: true, force: true });
});

/** What does not get through to the node. */
interface Held {
  way: 'PATCH' | 'GET' | null;
}

/** Somebody whose way to the node is over https; `asked` holds the addresses of blobs. */
async function alice(asked: string[] = [], held: Held = { way: null }): Promise<Life> {
  const device = new Device({ apart: true });
  devices.push(device);
  const life = await device.start({ fetch: wayOf(asked, held) });
  await makeWallet(life, passphrase, outside);
  await until(async () => (await life.services.accounts.status()).published, 'the publication');
  return life;
}

function wayOf(asked: string[], held: Held): typeof fetch {
  return (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    if (address.includes('/blob/')) asked.push(address);
    if (address.includes('/blob/') && held.way === (init?.method ?? 'GET'))
      return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const there = address.replace(outside, node.url);
    return fetch(input instanceof Request ? new Request(there, input) : there, init);
  };
}

async function received(life: Life, from: string) {
  const { id } = await conversationWith(life, from);
  return until(async () => (await life.services.messages.list(id, {})).messages.find(({ shown }) => shown.form === 'file'), 'the file');
}
/** Everything that is chosen for a conversation. */
const chosen = async (life: Life, conversation: string) => {
  const heads = await life.services.keptFiles.list(conversation);
  return Promise.all(heads.map(async ({ id }) => ({ id, ...(await life.services.keptFiles.get(conversation, id)) })));
};
const addressOf = async (life: Life): Promise<string> => (await life.services.accounts.status()).account?.address ?? '';

describe('a file', () => {
  it('that is small travels in the message, and opens at the other side as it was', async () => {
    const life = await alice();
    const { id } = await life.services.conversations.start(bob.address);
    const sent = await life.services.attachments.send(id, file(picture, '../\u202egnp.exe', 'image/png'), 'a');
    expect(sent.shown).toMatchObject({ form: 'file', filename: '_gnp.exe', size: picture.length, image: true, host: null });
    expect((await life.services.conversations.get(id)).preview?.text).toBe('Picture: _gnp.exe');
    const there = await received(bob.life, await addressOf(life));
    const opened = await bob.life.services.attachments.open(there.id);
    // What it is drawn as is what its bytes are, whatever its sender says.
    expect(opened).toMatchObject({ filename: '_gnp.exe', mimeType: 'image/png', imageType: 'image/gif' });
    expect(fromBase64(opened.data)).toEqual(picture);
  });

  it('can be an answer', async () => {
    const life = await alice();
    const { id } = await life.services.conversations.start(bob.address);
    const { id: first } = await life.services.messages.send(id, 'a question', 'a');
    const sent = await life.services.attachments.send(id, { ...file(picture), replyTo: first }, 'b');
    expect(sent).toMatchObject({ shown: { form: 'reply', content: { form: 'file' } }, quote: { id: first } });
    expect(fromBase64((await life.services.attachments.open(sent.id)).data)).toEqual(picture);
    // What it is goes as data, to be said in the language of whoever reads it.
    const name = sent.shown.form === 'reply' && sent.shown.content.form === 'file' ? sent.shown.content.filename : '';
    const { quote } = await life.services.messages.send(
      id,
      { kind: 'reply', reference: sent.id, content: { kind: 'text', text: 'nice' } },
      'c',
    );
    expect(quote).toMatchObject({ id: sent.id, says: { kind: 'picture', name } });
    await until(
      async () => (await life.services.search.find({ text: 'has:image' })).messages.some(({ text }) => text === name),
      'the picture',
    );
  });

  it('that is large lies sealed on the node, for those who are told how it opens', async () => {
    const asked: string[] = [];
    const life = await alice(asked);
    const { id } = await life.services.conversations.start(bob.address);
    const large = noise(longestInline + 1);
    const sent = await life.services.attachments.send(id, file(large, 'a.bin'), 'a');
    expect(sent.shown).toMatchObject({ form: 'file', filename: 'a.bin', host: 'node.example', image: false });
    const digest = asked[0]?.split(/\/blob\/|\/parts/)[1];
    const lies = new Uint8Array(await (await fetch(`${node.url}/blob/${digest}`)).arrayBuffer());
    expect(Buffer.from(lies).includes(Buffer.from(large.subarray(0, 32)))).toBe(false);
    // Bob uses the same node by another address: it is asked by the digest, and the address in the message is not.
    const there = await received(bob.life, await addressOf(life));
    expect(sameBytes(await bob.life.services.attachments.open(there.id), large)).toBe(true);
  });

  it('that is large is refused where nobody else could fetch it', async () => {
    const { id } = await bob.life.services.conversations.start(await addressOf(await alice()));
    await expect(bob.life.services.attachments.send(id, file(noise(longestInline + 1)), 'a')).rejects.toMatchObject({
      reason: 'file-too-large',
    });
    await expect(bob.life.services.attachments.send(id, file(new Uint8Array(0)), 'a')).rejects.toMatchObject({ reason: 'bad-params' });
  });

  it('that the node does not take for its size is one to choose another for, and says which node that is', async () => {
    await node.close();
    node = await startNode({ data, limits: { blobBytes: longestInline } });
    const life = await alice();
    const { id } = await life.services.conversations.start(bob.address);
    await expect(life.services.attachments.send(id, file(noise(longestInline + 1)), 'a')).rejects.toMatchObject({
      reason: 'file-too-large',
      data: { why: { key: 'refusals.fileTooLargeForNode', values: { host: 'node.example' } } },
    });
  });

  it('that is on its way can be called off, there and back, and nothing of it is left', async () => {
    const asked: string[] = [];
    const held: Held = { way: 'PATCH' };
    const life = await alice(asked, held);
    const { attachments, messages, conversations } = life.services;
    const { id } = await conversations.start(bob.address);
    const large = file(noise(longestInline + 1));
    const sending = attachments.send(id, large, 'a');
    const called = expect(sending).rejects.toMatchObject({ reason: 'cancelled' });
    await until(() => asked.length === 2, 'the upload');
    await attachments.cancel('somebody else’s');
    await attachments.cancel('a');
    await called;
    expect(await readdir(join(data, 'blobs', 'parts'))).toEqual([]);
    expect((await messages.list(id, {})).messages).toEqual([]);
    expect((await life.services.accounts.status()).node.trouble).toBeNull();

    held.way = null;
    const { id: message } = await attachments.send(id, large, 'b');
    held.way = 'GET';
    const before = asked.length;
    const opening = expect(attachments.open(message)).rejects.toMatchObject({ reason: 'cancelled' });
    await until(() => asked.length > before, 'the download');
    await attachments.cancel(message);
    await opening;
    held.way = null;
    const told: unknown[] = [];
    life.events.on((event, payload) => event === 'transfer' && told.push(payload));
    expect(sameBytes(await attachments.open(message), large.data)).toBe(true);
    expect(told.at(-1)).toMatchObject({ id: message, done: expect.any(Number), total: expect.any(Number) });
  });

  it('that is large tells how much of it has gone, and goes on after a death from what the node has', async () => {
    const asked: string[] = [];
    const held: Held = { way: null };
    const life = await alice(asked, held);
    const { id } = await life.services.conversations.start(bob.address);
    const large = file(noise(1_500_000), 'a.bin');
    const told: { id: string; done: number; total: number | null }[] = [];
    life.events.on((event, payload) => {
      if (event !== 'transfer') return;
      told.push(payload as (typeof told)[number]);
      if (told.length === 3) held.way = 'PATCH';
    });
    void life.services.attachments.send(id, large, 'a').catch(() => undefined);
    await until(() => held.way === 'PATCH' && asked.at(-1)?.includes(`at=${told.at(-1)?.done}`), 'the middle of it');
    life.kill();
    held.way = null;
    expect(told.every((each) => each.id === 'a' && each.done <= (each.total ?? 0))).toBe(true);

    const middle = told.at(-1)?.done ?? 0;
    const later = await devices[1]?.start({ fetch: wayOf(asked, held) });
    if (!later) throw new Error('nobody is there');
    await later.services.accounts.unlock(passphrase);
    const before = asked.length;
    const again: number[] = [];
    later.events.on((event, payload) => event === 'transfer' && again.push((payload as { done: number }).done));
    const sent = await later.services.attachments.send(id, large, 'a');
    expect(asked.slice(before).filter((address) => address.includes('at=0'))).toEqual([]);
    expect(again[0]).toBe(middle);
    expect(again.at(-1)).toBe(told[0]?.total);
    expect(sameBytes(await later.services.attachments.open(sent.id), large.data)).toBe(true);
    const there = await received(bob.life, await addressOf(later));
    expect(sameBytes(await bob.life.services.attachments.open(there.id), large.data)).toBe(true);
  });

  it('that was changed, or is sent another time, is sealed by other bytes', async () => {
    const asked: string[] = [];
    const life = await alice(asked);
    const { id } = await life.services.conversations.start(bob.address);
    const large = noise(longestInline + 1);
    for (const [data, name] of [
      [large, 'a'],
      [large, 'b'],
      [large.map((byte) => byte ^ 1), 'a again'],
    ] as const)
      await life.services.attachments.send(id, file(data), name);
    expect(new Set(asked.map((address) => address.split(/\/blob\/|\/parts/)[1])).size).toBe(3);
  });

  it('that is gone, or is another one than was sent, is told apart', async () => {
    const asked: string[] = [];
    let answer: () => Promise<Response> = () => Promise.reject(new TypeError('away'));
    const life = await alice(asked);
    const { id } = await life.services.conversations.start(bob.address);
    await life.services.attachments.send(id, file(noise(longestInline + 1)), 'a');
    const { id: message } = await received(bob.life, await addressOf(life));
    bob.life.kill();
    const later = await bob.device.start({
      fetch: (input, init) => (String(input instanceof Request ? input.url : input).includes('/blob/') ? answer() : fetch(input, init)),
    });
    const reason = () =>
      later.services.attachments.open(message).then(
        () => 'opened',
        (error: { reason: string }) => error.reason,
      );
    expect(await reason()).toBe('node-unreachable');
    answer = async () => new Response(null, { status: 404 });
    expect(await reason()).toBe('file-gone');
    answer = async () => new Response(utf8('something else'));
    expect(await reason()).toBe('file-damaged');
    answer = async () => new Response(utf8('more than was said'), { headers: { 'content-length': '99999999' } });
    expect(await reason()).toBe('file-damaged');
    for (const status of [429, 503]) {
      answer = async () => new Response(null, { status });
      expect(await reason()).toBe('node-unreachable');
    }
    answer = async () => new Response(null, { status: 403 });
    expect(await reason()).toBe('file-gone');
    await expect(later.services.attachments.open('f'.repeat(64))).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('a file that is forwarded', () => {
  it('waits in the other conversation, by its name, and arrives there', async () => {
    const life = await alice();
    const carol = await newPerson(node.url);
    devices.push(carol.device);
    const { services } = life;
    const { id } = await services.conversations.start(bob.address);
    const sent = await services.attachments.send(id, file(picture, 'evening.gif', 'image/gif'), 'a');
    const other = await services.conversations.start(carol.address);
    await services.attachments.forward(sent.id, other.id, 'f');
    await services.attachments.forward(sent.id, other.id, 'f');
    expect(await chosen(life, other.id)).toMatchObject([{ id: 'f', filename: 'evening.gif', mimeType: 'image/gif' }]);
    expect((await services.messages.list(other.id, {})).messages).toEqual([]);
    await services.attachments.send(other.id, file(picture, 'evening.gif', 'image/gif'), 'f');
    const there = await received(carol.life, await addressOf(life));
    expect(fromBase64((await carol.life.services.attachments.open(there.id)).data)).toEqual(picture);
  });

  it('and is large is sealed anew: nothing at the node ties the two together', async () => {
    const asked: string[] = [];
    const life = await alice(asked);
    const { services } = life;
    const { id } = await services.conversations.start(bob.address);
    const large = noise(longestInline + 1);
    const sent = await services.attachments.send(id, file(large, 'a.bin'), 'a');
    const carol = await newPerson(node.url);
    devices.push(carol.device);
    const other = await services.conversations.start(carol.address);
    const told: unknown[] = [];
    life.events.on((event, payload) => event === 'transfer' && told.push(payload));
    await services.attachments.forward(sent.id, other.id, 'f');
    expect(told.at(-1)).toMatchObject({ id: 'f', done: expect.any(Number), total: expect.any(Number) });
    const [kept] = await chosen(life, other.id);
    await services.attachments.send(other.id, file(fromBase64(kept?.data ?? ''), kept?.filename), 'f');
    const digests = new Set(asked.map((address) => /[0-9a-f]{64}/.exec(address)?.[0]));
    expect(digests.size).toBe(2);
    const there = await received(carol.life, await addressOf(life));
    expect(there.shown).toMatchObject({ filename: 'a.bin' });
    expect(sameBytes(await carol.life.services.attachments.open(there.id), large)).toBe(true);
  });

  it('is called off on its way, and then nothing of it waits', async () => {
    const asked: string[] = [];
    const held: Held = { way: null };
    const { services } = await alice(asked, held);
    const { id } = await services.conversations.start(bob.address);
    const sent = await services.attachments.send(id, file(noise(longestInline + 1)), 'a');
    held.way = 'GET';
    const before = asked.length;
    const forwarding = expect(services.attachments.forward(sent.id, id, 'f')).rejects.toMatchObject({ reason: 'cancelled' });
    await until(() => asked.length > before, 'the download');
    await services.attachments.cancel('f');
    await forwarding;
    expect(await services.keptFiles.list(id)).toEqual([]);
  });

  it('is not loaded from a stranger before that one is accepted', async () => {
    const life = await alice();
    const asked: string[] = [];
    const somebody = await alice(asked);
    const { services } = somebody;
    const carol = await services.conversations.start(bob.address);
    const { id } = await life.services.conversations.start((await services.accounts.status()).account?.address ?? '');
    await life.services.attachments.send(id, file(noise(longestInline + 1)), 'a');
    const from = await addressOf(life);
    const { id: message } = await received(somebody, from);
    await expect(services.attachments.forward(message, carol.id, 'f')).rejects.toMatchObject({ reason: 'not-now' });
    expect(asked).toEqual([]);
    await services.requests.decide((await conversationWith(somebody, from)).id, 'allowed');
    await services.attachments.forward(message, carol.id, 'f');
    expect(await services.keptFiles.list(carol.id)).toHaveLength(1);
  });

  it('and could not go on from here is not fetched, and neither is one that is not there', async () => {
    const life = await alice();
    const { id } = await life.services.conversations.start(bob.address);
    await life.services.attachments.send(id, file(noise(longestInline + 9000)), 'a');
    const { id: message } = await received(bob.life, await addressOf(life));
    const { services } = bob.life;
    const told: unknown[] = [];
    bob.life.events.on((event, payload) => event === 'transfer' && told.push(payload));
    const back = await conversationWith(bob.life, await addressOf(life));
    await services.requests.decide(back.id, 'allowed');
    // Bob's way to the node is not over https: nobody could fetch what he would leave there.
    await expect(services.attachments.forward(message, back.id, 'f')).rejects.toMatchObject({ reason: 'file-too-large' });
    expect(told).toEqual([]);
    expect(await services.keptFiles.list(back.id)).toEqual([]);
    await expect(services.attachments.forward('f'.repeat(64), back.id, 'f')).rejects.toMatchObject({ reason: 'not-found' });
  });
});
