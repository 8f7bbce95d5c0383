import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageTypeOf, mayBeFetched, readContent, safeFilename, writeContent } from '../../src/content-types/index.ts';
import { EncodedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { InvitationV1Schema, SealedInvitationSchema } from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { LongAnswerError, NodeError } from '../../src/network/errors.ts';
import { limitedFetch, maxResponseLength } from '../../src/network/limited-fetch.ts';
import { createNodeClient } from '../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { parse } from '../../src/parse.ts';
import { sealAead } from '../../src/protocol/aead.ts';
import { concat, utf8 } from '../../src/protocol/bytes.ts';
import { decodeContent, encodeContent, maxContentLength } from '../../src/protocol/content.ts';
import { maxMessageLength } from '../../src/protocol/envelope.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { sealMessage } from '../../src/protocol/message.ts';
import { sharedSecret } from '../../src/protocol/private-keys.ts';
import { maxRemoteLength, openRemoteContent, sealRemoteContent } from '../../src/protocol/remote-content.ts';
import { inviteTopic, isConversationTopic } from '../../src/protocol/topic.ts';
import { pageParams } from '../../src/rpc/schemas.ts';
import { openCache } from '../../src/storage/cache.ts';
import { conversationWith, type Device, newPerson, type Person, type StartOptions, texts, until, wake } from '../background/device.ts';
import { refused } from '../protocol/refused.ts';
import { clientOf, contactOf, envelope, invite, nowNs, reasons, textPayload } from '../support/hands.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { compressed, withHeader } from './forgeries.ts';

/** Our rules of verification that are about nodes, bounds and costs; see README.md. */

let node: RunningNode;
let devices: Device[];
beforeEach(async () => {
  node = await startNode({ compat: true });
  devices = [];
});
afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
}, 60_000);
const newPersonHere = async (options?: StartOptions): Promise<Person> => {
  const someone = await newPerson(node.url, options);
  devices.push(someone.device);
  return someone;
};

describe('what a node lists', () => {
  it('V12: is a set: in any order, any number of times, and late', async () => {
    const { life, device, address } = await newPersonHere();
    const { api, topic, say } = await invite(node.url, carol, address);
    const times = [5n, 1n, 3n].map((minutes) => nowNs() - minutes * 60_000_000_000n);
    const entries = [];
    for (const [index, time] of times.entries()) entries.push(envelope(topic, (await say(`${index}`, carol.bundle, time)).message, time));
    await api.publish(entries);
    await api.publish(entries);
    const { id } = await conversationWith(life, carol.address);
    await until(async () => (await texts(life, id)).length === 3, 'the messages');
    // By their time, whatever the order in which they came.
    expect(await texts(life, id)).toEqual(['peer: 0', 'peer: 2', 'peer: 1']);
    life.kill();
    // What came while nobody looked, dated before what was read.
    const late = nowNs() - 7n * 60_000_000_000n;
    await api.publish([envelope(topic, (await say('late', carol.bundle, late)).message, late)]);
    const next = await wake(device);
    await until(async () => (await texts(next, id)).length === 4, 'the late one');
    await next.resume();
    expect(await texts(next, id)).toEqual(['peer: late', 'peer: 0', 'peer: 2', 'peer: 1']);
  });
});

describe('bounds', () => {
  it('V15: on envelopes, answers, topics, growth, parameters, metadata, depth and attachments', async () => {
    const { life, address } = await newPersonHere();
    const { topic, api, say } = await invite(node.url, carol, address);
    const { id } = await conversationWith(life, carol.address);
    await api.publish([envelope(topic, (await say('short')).message)]);
    await until(async () => (await texts(life, id)).length === 1, 'the message');
    await expect(life.services.messages.send(id, 'x'.repeat(maxMessageLength), 'long')).rejects.toMatchObject({ reason: 'bad-params' });
    expect(isConversationTopic(`/xmtp/0/m-${'x'.repeat(283)}/proto`)).toBe(true);
    expect(isConversationTopic(`/xmtp/0/m-${'x'.repeat(285)}/proto`)).toBe(false);

    const endless = (async () => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1 << 20)) }))) as typeof fetch;
    const answer = await limitedFetch(endless, () => false)('http://node.example/');
    await expect(answer.arrayBuffer()).rejects.toBeInstanceOf(LongAnswerError);
    expect(maxResponseLength).toBe(8 * 1024 * 1024);

    await refused('too-large', async () => decodeContent(await compressed(new Uint8Array(maxContentLength + 1))));
    await refused('too-large', async () => decodeContent(await compressed(new Uint8Array(1_000_000)))); // a thousand to one
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`p${index}`, '']));
    const frame = (parameters: Record<string, string>) =>
      toBinary(
        EncodedContentSchema,
        create(EncodedContentSchema, { type: { authorityId: 'xmtp.org', typeId: 'text', versionMajor: 1 }, parameters }),
      );
    await refused('too-large', () => decodeContent(frame(many)));
    await refused('too-large', () => decodeContent(frame({ a: 'x'.repeat(1100) })));

    const metadata = { ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, 'x'])), long: 'x'.repeat(2000) };
    const invitation = await deriveInvitation(alice.bundle, bob.contact, { conversationId: 'a', metadata });
    const opened = await openInvitation(bob.bundle, {
      timestampNs: 1n,
      message: await sealInvitation(alice.bundle, bob.contact, invitation, 1n),
    });
    expect(Object.keys(opened.metadata ?? {})).toHaveLength(32);
    expect(opened.metadata?.['long']).toBeUndefined();

    let deep = encodeContent(writeContent({ kind: 'text', text: 'deep' }).content);
    for (let depth = 0; depth < 9; depth++)
      deep = encodeContent({ type: 'xmtp.org/reply:1.0', parameters: new Map([['reference', '00']]), content: deep });
    await refused('too-large', async () => readContent(await decodeContent(deep)));
    await refused('too-large', () => sealRemoteContent(new Uint8Array(maxRemoteLength)));
  });

  it('V16: the cheap checks come first, the work comes in slices, and nothing is dropped', async () => {
    // Each of these would fail at a dearer check too; it fails at the first.
    const sealed = await sealInvitation(alice.bundle, bob.contact, await deriveInvitation(alice.bundle, bob.contact), 1n);
    const unsigned = withHeader(sealed, (header) => {
      delete header.sender?.identityKey?.signature;
      return header;
    });
    const read = (message: Uint8Array, timestampNs: bigint, who = bob) => openInvitation(who.bundle, { timestampNs, message });
    await refused('wrong-time', () => read(unsigned, 2n, carol));
    await refused('wrong-recipient', () => read(unsigned, 1n, carol));
    await refused('bad-signature', () => read(unsigned, 1n));

    const { device, life, address } = await newPersonHere();
    life.kill();
    const peer = await contactOf(node.url, address);
    const spam = 60;
    const entries = [];
    for (let index = 0; index < spam; index++) {
      const from = person(`Spammer ${index}`);
      const createdNs = nowNs() + BigInt(index);
      entries.push(
        envelope(
          inviteTopic(peer.address),
          await sealInvitation(from.bundle, peer, await deriveInvitation(from.bundle, peer), createdNs),
          createdNs,
        ),
      );
    }
    await clientOf(node.url, carol).publish(entries);
    const doomed = await wake(device, { dieAt: 'reader:written' });
    await doomed.died;
    doomed.kill();
    const cache = openCache(address.toLowerCase());
    const before = (await cache.conversations.all()).length;
    await cache.close();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(spam);
    const next = await wake(device);
    await until(async () => (await next.services.conversations.list({ limit: 500 })).rows.length === spam, 'every invitation');
    expect(await reasons(address)).toEqual([]);
  });

  it('V17: nothing remote is fetched for a message, nor ever from a private place; names and types are our own', async () => {
    const fetched: string[] = [];
    const watching: typeof fetch = (input, init) => {
      fetched.push(new URL(input instanceof Request ? input.url : String(input)).host);
      return fetch(input, init);
    };
    const { life, address } = await newPersonHere({ fetch: watching });
    const { api, topic, keyMaterial } = await invite(node.url, carol, address);
    const { payload, ...keys } = await sealRemoteContent(textPayload('a file'));
    const { content } = writeContent({ kind: 'remote-attachment', url: 'https://files.example/a', ...keys, filename: 'a.png' });
    const { message } = await sealMessage({
      topic,
      keyMaterial,
      bundle: carol.bundle,
      payload: encodeContent(content),
      createdNs: nowNs(),
      shouldPush: true,
    });
    await api.publish([envelope(topic, message)]);
    const { id } = await conversationWith(life, carol.address);
    await until(async () => (await texts(life, id)).length === 1, 'the message');
    expect([...new Set(fetched)]).toEqual([new URL(node.url).host]);

    const never = [
      'http://files.example/a',
      'https://files.example:444/a',
      'https://user:pass@files.example/a',
      'https://127.0.0.1/a',
      'https://10.0.0.1/a',
    ];
    const nor = [
      'https://192.168.1.1/',
      'https://169.254.169.254/',
      'https://100.64.0.1/',
      'https://[::1]/',
      'https://[fd00::1]/',
      'https://localhost/',
    ];
    const neither = [
      'https://router.local/',
      'https://x.internal/',
      'https://0x7f000001/',
      'https://2130706433/',
      'data:text/plain,x',
      'ftp://files.example/a',
    ];
    for (const url of [...never, ...nor, ...neither]) expect([url, mayBeFetched(url)]).toEqual([url, false]);
    expect(mayBeFetched('https://files.example/a')).toBe(true);
    // The digest decides before anything is decrypted.
    await refused('malformed', () =>
      openRemoteContent(
        keys,
        Uint8Array.from(payload, (byte) => byte ^ 1),
      ),
    );
    expect(imageTypeOf(utf8('<svg xmlns="http://www.w3.org/2000/svg">'))).toBeUndefined();
    expect(imageTypeOf(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).toBe('image/png');
    expect(safeFilename('../../.bashrc\u202egnp.exe')).not.toMatch(/[/\\\u202e]|^\./);
  });

  it('V22: no foreign word becomes a key of a plain object', async () => {
    const { life, address } = await newPersonHere();
    const evil = JSON.parse('{"__proto__":"polluted","constructor":"x","toString":"y"}') as Record<string, string>;
    const frame = create(EncodedContentSchema, { type: { authorityId: 'xmtp.org', typeId: 'text', versionMajor: 1 } });
    const content = await decodeContent(concat(toBinary(EncodedContentSchema, frame), mapEntries(2, evil)));
    expect(content.parameters.get('constructor')).toBe('x');
    const peer = await contactOf(node.url, address);
    const invitation = await deriveInvitation(carol.bundle, peer, { conversationId: '__proto__', metadata: {} });
    const createdNs = nowNs();
    const outer = fromBinary(SealedInvitationSchema, await sealInvitation(carol.bundle, peer, invitation, createdNs));
    if (outer.version.case !== 'v1') throw new Error('not a sealed invitation');
    const context = concat(new BinaryWriter().tag(1, WireType.LengthDelimited).string('__proto__').finish(), mapEntries(2, evil));
    const plain = concat(
      toBinary(InvitationV1Schema, { ...invitation, context: undefined }),
      new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(context).finish(),
    );
    const secret = sharedSecret(carol.bundle, peer, carol.contact.preKey, 'initiator');
    outer.version.value.ciphertext = await sealAead(secret, plain, outer.version.value.headerBytes);
    const sealed = toBinary(SealedInvitationSchema, outer);
    await clientOf(node.url, carol).publish([envelope(inviteTopic(peer.address), sealed, createdNs)]);
    const row = await conversationWith(life, carol.address);
    expect(row.thread).toBe('__proto__');
    expect(row.metadata).toMatchObject({ constructor: 'x', toString: 'y' });
    const asked = JSON.parse('{"peer":"0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A","__proto__":{"polluted":true}}') as unknown;
    expect(() => parse(pageParams.xmtp_newConversation, asked, 'params')).toThrow();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.prototype.toString.call({})).toBe('[object Object]');
  });

  it('V12: a cursor that does not advance ends the reading, and the node is shown as what it is', async () => {
    let asked = 0;
    let hostile = false;
    const repeating: typeof fetch = async (input, init) => {
      // It tells no order either.
      if (hostile && /\/(Info|Follow)$/.test(String(input))) return new Response(null, { status: 404 });
      if (!hostile || !/\/Query$/.test(String(input))) return fetch(input, init);
      asked += 1;
      // QueryResponse { paging_info { cursor { index { digest } } } }
      const cursor = [0x12, 6, 0x12, 4, 0x0a, 2, 0x0a, 0];
      const trailer = utf8('grpc-status: 0\r\n');
      const body = Uint8Array.from([0, 0, 0, 0, cursor.length, ...cursor, 0x80, 0, 0, 0, trailer.length, ...trailer]);
      return new Response(body, { headers: { 'content-type': 'application/grpc-web+proto' } });
    };
    const { device, life: before } = await newPersonHere({ fetch: repeating });
    before.kill();
    hostile = true;
    const life = await device.start({ fetch: repeating });
    await life.resume();
    await until(async () => (await life.services.accounts.status()).node.state === 'wrong', 'the word for it');
    expect(asked).toBeLessThan(20);
    const client = createNodeClient(node.url, { fetch: repeating });
    const read = async (): Promise<void> => {
      for await (const _ of client.pages({ topics: [inviteTopic(alice.address)] }));
    };
    await expect(read()).rejects.toBeInstanceOf(NodeError);
  });
});

/** The entries of a map field, written by hand: an object is no place for such keys. */
const mapEntries = (field: number, entries: Record<string, string>): Uint8Array => {
  const writer = new BinaryWriter();
  for (const [key, value] of Object.entries(entries))
    writer
      .tag(field, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string(key)
      .tag(2, WireType.LengthDelimited)
      .string(value)
      .join();
  return writer.finish();
};
