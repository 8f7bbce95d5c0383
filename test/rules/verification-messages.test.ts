import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutboxEntry } from '../../src/background/messages/model.ts';
import { createOutbox } from '../../src/background/sync/outbox.ts';
import { show } from '../../src/content-types/index.ts';
import { EncodedContentSchema, SignedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import type { AccountKeys } from '../../src/keystore/account-keys.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { openAead, sealAead } from '../../src/protocol/aead.ts';
import { concat, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { decodeContent } from '../../src/protocol/content.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { openMessage, parseMessage, sealMessage } from '../../src/protocol/message.ts';
import { sign } from '../../src/protocol/secp256k1.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, inviteTopic, parseTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { openCache } from '../../src/storage/cache.ts';
import type { Records } from '../../src/storage/records.ts';
import { conversationWith, newPerson, type Person, texts, until } from '../background/device.ts';
import { refused } from '../protocol/refused.ts';
import { clientOf, contactOf, envelope, invite, nowNs, reasons, textPayload } from '../support/hands.ts';
import { alice, bob, person } from '../support/people.ts';
import { changedMessage, resealed } from './forgeries.ts';

/** Our rules of verification that are about invitations and messages; see README.md. */

const topic = '/xmtp/0/m-x/proto';
const keyMaterial = sha256(utf8('key'));
const members = [alice.address, bob.address];
const createdNs = 1_700_000_000_000_000_000n;
const { message } = await sealMessage({
  topic,
  keyMaterial,
  bundle: alice.bundle,
  payload: textPayload('gm'),
  createdNs,
  shouldPush: true,
});
const open = (bytes: Uint8Array, envelopeTopic = topic) => openMessage({ topic, keyMaterial, members, message: bytes, envelopeTopic });

/** The message with other header bytes, sealed and signed for them by Alice as they stand. */
async function underHeader(headerBytes: Uint8Array): Promise<Uint8Array> {
  const parts = parseMessage(message);
  const content = fromBinary(SignedContentSchema, await openAead(keyMaterial, parts.ciphertext, parts.headerBytes));
  Object.assign(content.signature?.union.value ?? {}, sign(sha256(headerBytes, content.payload), alice.bundle.preKeys[0].secret));
  const ciphertext = await sealAead(keyMaterial, toBinary(SignedContentSchema, content), headerBytes);
  return changedMessage(message, (v2) => ({ ...v2, headerBytes, ciphertext }));
}

describe('messages', () => {
  it('V6: the header names the topic, and stands in its one encoding', async () => {
    const { headerBytes } = parseMessage(message);
    expect((await open(await underHeader(headerBytes))).sender).toBe(alice.address);
    expect((await open(message, '/xmtp/0/mE-x/proto')).sender).toBe(alice.address);
    await refused('wrong-topic', () => open(message, '/xmtp/0/m-y/proto'));
    const unknownField = new BinaryWriter().tag(9, WireType.Varint).uint32(1).finish();
    const again = new BinaryWriter().tag(2, WireType.LengthDelimited).string(topic).finish();
    const reversed = new BinaryWriter().tag(2, WireType.LengthDelimited).string(topic).tag(1, WireType.Varint).uint64(createdNs).finish();
    for (const other of [concat(headerBytes, unknownField), concat(headerBytes, again), reversed])
      await refused('malformed', async () => open(await underHeader(other)));
  });

  it('V8: required fields are required, and an unknown type shows as its fallback, marked as such', async () => {
    await refused('malformed', () => decodeContent(toBinary(EncodedContentSchema, create(EncodedContentSchema, { content: utf8('gm') }))));
    const parts = parseMessage(message);
    const content = fromBinary(SignedContentSchema, await openAead(keyMaterial, parts.ciphertext, parts.headerBytes));
    for (const [without, reason] of [
      ['sender', 'malformed'],
      ['signature', 'bad-signature'],
    ] as const) {
      const less = { ...content, [without]: undefined };
      const ciphertext = await sealAead(keyMaterial, toBinary(SignedContentSchema, less), parts.headerBytes);
      await refused(reason, () => open(changedMessage(message, (v2) => ({ ...v2, ciphertext }))));
    }
    await refused('malformed', () => open(toBinary(MessageSchema, create(MessageSchema))));
    const unknown = { type: 'xmtp.org/text:2.0', parameters: new Map(), content: utf8('?'), fallback: 'from the future' };
    expect(show(unknown)).toEqual({ form: 'unknown', type: 'xmtp.org/text:2.0', fallback: 'from the future' });
  });
});

describe('the background', () => {
  let node: RunningNode;
  let someone: Person;
  let count = 0;
  /** Strangers that nobody has heard of yet. */
  const stranger = () => person(`Stranger ${++count}`);

  beforeAll(async () => {
    node = await startNode({ compat: true });
    someone = await newPerson(node.url);
  });
  afterAll(async () => {
    await someone.device.close();
    await node.close();
  });

  const said = async (id: string, number: number): Promise<string[]> => {
    await until(async () => (await texts(someone.life, id)).length >= number, 'the messages');
    return texts(someone.life, id);
  };

  it('V1: an invitation to another kind of topic begins nothing, and nothing is ever published there', async () => {
    const { life, address } = someone;
    const owner = parseAddress(address);
    const from = stranger();
    for (const topic of [privateStoreTopic(owner), contactTopic(owner), inviteTopic(owner), '/xmtp/0/userpreferences-x/proto', 'm-x'])
      await invite(node.url, from, address, { topic });
    await until(async () => (await reasons(address)).filter((reason) => reason === 'wrong-topic').length === 5, 'the quarantine');
    expect((await life.services.conversations.list({})).rows).toEqual([]);
    const { id } = await life.services.conversations.start((await reachable(from)).address);
    const { messages } = life.services;
    const { state } = await messages.settled((await messages.send(id, 'hello', 'V1')).id, 30_000);
    expect(state).toBe('sent');
    const { envelopes } = await clientOf(node.url, from).query({ topics: [privateStoreTopic(owner), contactTopic(owner)] });
    expect(envelopes.map(({ contentTopic }) => parseTopic(contentTopic).kind).toSorted()).toEqual(['contact', 'contact', 'privatestore']);
    // Whatever a stored conversation says, the way out looks once more.
    const outbox = createOutbox({
      keystore: {} as AccountKeys,
      records: { outbox: { all: async () => [] } } as unknown as Records,
      node: { publish: async () => undefined },
      clock: Date.now,
      signal: new AbortController().signal,
      failpoint: async () => undefined,
      changed: () => undefined,
    });
    const row = { kind: 'message' } as OutboxEntry['row'];
    const entry = (contentTopic: string): OutboxEntry => ({
      id: '',
      conversation: '',
      failure: null,
      envelopes: [envelope(contentTopic, message)],
      row,
    });
    await expect(outbox.add(entry(privateStoreTopic(owner)))).rejects.toThrow('no conversation');
    await refused('wrong-topic', async () => {
      const keys = stranger();
      const invitation = { ...(await deriveInvitation(keys.bundle, bob.contact)), topic: privateStoreTopic(bob.address) };
      await openInvitation(bob.bundle, { timestampNs: 1n, message: await sealInvitation(keys.bundle, bob.contact, invitation, 1n) });
    });
  });

  it('V5: a topic with two keys is two conversations, and the one that derives from its pair comes first', async () => {
    const { life, address } = someone;
    const [friend, thief] = [stranger(), stranger()];
    const { topic } = await deriveInvitation(friend.bundle, await contactOf(node.url, address));
    const stolen = await invite(node.url, thief, address, { topic });
    await stolen.api.publish([envelope(topic, (await stolen.say('mine')).message)]);
    const thiefs = await conversationWith(life, thief.address);
    await said(thiefs.id, 1);
    const own = await invite(node.url, friend, address);
    await own.api.publish([envelope(topic, (await own.say('ours')).message), envelope(topic, (await stolen.say('mine too')).message)]);
    const friends = await conversationWith(life, friend.address);
    expect(await said(friends.id, 1)).toEqual(['peer: ours']);
    expect((await said(thiefs.id, 2)).toSorted()).toEqual(['peer: mine', 'peer: mine too']);
    // A third key for the topic changes nothing for either.
    await invite(node.url, stranger(), address, { topic });
    await until(async () => (await reasons(address)).includes('second-invitation'), 'the third in quarantine');
    expect(await said(friends.id, 1)).toEqual(['peer: ours']);
  });

  it('V7: the sender is one of the two, with the identity key that the conversation is with', async () => {
    const { life, address } = someone;
    const friend = stranger();
    const { api, topic, say } = await invite(node.url, friend, address);
    const renewed = person(friend.name, Date.UTC(2025, 0, 1)); // the same wallet, another identity
    expect(renewed.address).toBe(friend.address);
    await api.publish([
      envelope(topic, (await say('from an outsider', stranger().bundle)).message),
      envelope(topic, (await say('from another identity', renewed.bundle)).message),
      envelope(topic, (await say('from the friend')).message),
    ]);
    const { id } = await conversationWith(life, friend.address);
    expect(await said(id, 1)).toEqual(['peer: from the friend']);
    expect((await reasons(address)).filter((reason) => reason === 'wrong-sender')).toHaveLength(2);
  });

  it('V9: what was signed once is one message, and every id that it came under leads to it', async () => {
    const { life, address } = someone;
    const friend = stranger();
    const { api, topic, say, keyMaterial } = await invite(node.url, friend, address);
    const first = await say('once');
    const copies = [
      changedMessage(first.message, (v2) => ({ ...v2, shouldPush: false })),
      changedMessage(first.message, (v2) => ({ ...v2, senderHmac: randomBytes(32) })),
      await resealed(first.message, keyMaterial),
    ];
    await api.publish(
      [first.message, ...copies, (await say('last')).message].map((bytes, index) => envelope(topic, bytes, nowNs() + BigInt(index))),
    );
    const { id } = await conversationWith(life, friend.address);
    expect(await said(id, 2)).toEqual(['peer: once', 'peer: last']);
    const cache = openCache(address.toLowerCase());
    for (const copy of copies) expect((await cache.messages.get(toHex(sha256(copy))))?.id).toBe(first.id);
    await cache.close();
    // Two equal texts of ours never have one time.
    const { messages } = life.services;
    await Promise.all([messages.send(id, 'twice', 'a'), messages.send(id, 'twice', 'b')]);
    expect((await texts(life, id)).filter((text) => text === 'me: twice')).toHaveLength(2);
  });

  it('V11: a time ahead of ours is shown as now, and told beside it; one that is late stays as it is', async () => {
    const { life, address } = someone;
    const friend = stranger();
    const { api, topic, say } = await invite(node.url, friend, address);
    const before = Date.now();
    const times = [Date.UTC(2200, 0, 1), before + 5 * 60_000, Date.UTC(2020, 0, 1)];
    for (const time of times)
      await api.publish([envelope(topic, (await say(String(time), friend.bundle, msToNs(time))).message, msToNs(time))]);
    const { id } = await conversationWith(life, friend.address);
    await said(id, 3);
    const shown = (await life.services.messages.list(id, {})).messages;
    const byText = (time: number | undefined) => shown.find((each) => each.shown.form === 'text' && each.shown.text === String(time));
    expect(byText(times[0])?.claimedAt).toBe(times[0]);
    expect(byText(times[1])?.claimedAt).toBeNull();
    for (const time of times.slice(0, 2)) {
      expect(byText(time)?.sentAt).toBeGreaterThanOrEqual(before + 110_000);
      expect(byText(time)?.sentAt).toBeLessThanOrEqual(Date.now() + 120_000);
    }
    expect(byText(times[2])).toMatchObject({ sentAt: times[2], claimedAt: null });
    expect((await life.services.conversations.get(id)).time).toBeLessThanOrEqual(Date.now() + 120_000);
  });

  /** A stranger with a contact on the node. */
  async function reachable(who: ReturnType<typeof stranger>) {
    await clientOf(node.url, who).publish([envelope(contactTopic(who.address), encodeContact(who.contact, 2))]);
    return who;
  }
});
