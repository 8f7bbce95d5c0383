import { expect } from 'vitest';
import { concat, toHex } from '../../src/protocol/bytes.ts';
import {
  createGroup,
  extendGroup,
  groupInvitation,
  groupPrefix,
  maxGroupMembers,
  readGroup,
  readGroupInvitation,
  type SignedGroup,
  succeedGroup,
  succeeds,
  supersedes,
} from '../../src/protocol/group.ts';
import { deriveInvitation, type InvitationContext, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { openLegacyMessage, parseLegacyMessage, sealLegacyMessage } from '../../src/protocol/legacy-message.ts';
import { directTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { useCurve } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';
import { address, bytes, pair, people, place, text, timeNs } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

await useCurve('module');

const context: fc.Arbitrary<InvitationContext | undefined> = fc.option(
  fc.record({
    conversationId: text(),
    metadata: fc.dictionary(
      text().filter((key) => key !== '__proto__'),
      text(),
      { maxKeys: 3 },
    ),
  }),
  { nil: undefined },
);

property(
  'an invitation is opened by both sides, tells what it was made of, and is derived for both',
  [pair, context, timeNs],
  async ([mine, theirs], given, createdNs) => {
    const invitation = await deriveInvitation(mine.bundle, theirs.contact, given);
    const message = await sealInvitation(mine.bundle, theirs.contact, invitation, createdNs);
    for (const [reader, peer, sentByMe] of [
      [mine, theirs, true],
      [theirs, mine, false],
    ] as const) {
      const opened = await openInvitation(reader.bundle, { topic: inviteTopic(reader.address), timestampNs: createdNs, message });
      expect(opened).toMatchObject({ topic: invitation.topic, peer: peer.address, createdNs, sentByMe, derived: true });
      expect(opened.keyMaterial).toEqual(invitation.encryption.value?.keyMaterial);
      expect(opened.conversationId).toBe(given?.conversationId);
      expect({ ...opened.metadata }).toEqual({ ...given?.metadata });
    }
  },
);

property(
  'two people come to one topic and one key for one conversation id, whoever begins',
  [pair, text(), text()],
  async ([mine, theirs], conversationId, other) => {
    const begun = await deriveInvitation(mine.bundle, theirs.contact, { conversationId, metadata: {} });
    const also = await deriveInvitation(theirs.bundle, mine.contact, { conversationId, metadata: { a: 'b' } });
    expect([also.topic, also.encryption]).toEqual([begun.topic, begun.encryption]);
    const another = await deriveInvitation(mine.bundle, theirs.contact, { conversationId: other, metadata: {} });
    expect(another.topic === begun.topic).toBe(other === conversationId);
  },
);

// Sealed once, opened in many wrong ways.
const neighbours = people.map((mine, index) => [mine, people[(index + 1) % people.length] as typeof mine] as const);
const invitations = await Promise.all(
  neighbours.map(async ([mine, theirs]) =>
    sealInvitation(mine.bundle, theirs.contact, await deriveInvitation(mine.bundle, theirs.contact), 5n),
  ),
);
const topics = await Promise.all(neighbours.map(async ([mine, theirs]) => (await deriveInvitation(mine.bundle, theirs.contact)).topic));
const which = fc.nat(people.length - 1);

property('an invitation with a changed bit is refused, or leads to the same conversation', [which, place], async (index, at) => {
  const [mine, theirs] = neighbours[index] as (typeof neighbours)[0];
  const message = flip(invitations[index] as Uint8Array, at);
  const read = await outcome(() => openInvitation(theirs.bundle, { timestampNs: 5n, message }));
  if (typeof read !== 'string') expect([read.topic, read.peer, read.createdNs]).toEqual([topics[index], mine.address, 5n]);
});

property(
  'an invitation is refused by whom it does not name, and at another time or topic than its own',
  [which, fc.integer({ min: 2, max: 5 }), timeNs],
  async (index, step, time) => {
    const message = invitations[index] as Uint8Array;
    const stranger = people[(index + step) % people.length] as (typeof people)[0];
    expect(await outcome(() => openInvitation(stranger.bundle, { timestampNs: 5n, message }))).toBe('wrong-recipient');
    const [mine, theirs] = neighbours[index] as (typeof neighbours)[0];
    expect(await outcome(() => openInvitation(mine.bundle, { topic: inviteTopic(theirs.address), timestampNs: 5n, message }))).toBe(
      'wrong-topic',
    );
    if (time !== 5n) expect(await outcome(() => openInvitation(mine.bundle, { timestampNs: time, message }))).toBe('wrong-time');
  },
);

const legacyTime = fc.nat({ max: 18_446_744_073_709 });

property(
  'a legacy message is opened by both sides as it was sealed',
  [pair, bytes(), legacyTime],
  async ([mine, theirs], payload, timestampMs) => {
    const { message, id } = await sealLegacyMessage({ bundle: mine.bundle, peer: theirs.contact, payload, timestampMs });
    const envelopeTopic = directTopic(mine.address, theirs.address);
    const opened = await Promise.all([mine, theirs].map(({ bundle }) => openLegacyMessage({ bundle, message, envelopeTopic })));
    for (const [index, { dedupKey, ...each }] of opened.entries()) {
      expect(each).toMatchObject({
        id,
        sender: mine.address,
        recipient: theirs.address,
        payload,
        sentByMe: index === 0,
        createdNs: BigInt(timestampMs) * 1_000_000n,
      });
      expect(dedupKey).toEqual(opened[0]?.dedupKey);
    }
    expect(parseLegacyMessage(message).timestampMs).toBe(BigInt(timestampMs));
  },
);

const letters = await Promise.all(
  neighbours.map(
    async ([mine, theirs]) =>
      (await sealLegacyMessage({ bundle: mine.bundle, peer: theirs.contact, payload: Uint8Array.of(1, 2, 3), timestampMs: 5 })).message,
  ),
);
const read = await Promise.all(
  neighbours.map(([mine, theirs], index) =>
    openLegacyMessage({
      bundle: theirs.bundle,
      message: letters[index] as Uint8Array,
      envelopeTopic: directTopic(mine.address, theirs.address),
    }),
  ),
);

property('a legacy message with a changed bit is refused, or says the same between the same two', [which, place], async (index, at) => {
  const [mine, theirs] = neighbours[index] as (typeof neighbours)[0];
  const message = flip(letters[index] as Uint8Array, at);
  const again = await outcome(() =>
    openLegacyMessage({ bundle: theirs.bundle, message, envelopeTopic: directTopic(mine.address, theirs.address) }),
  );
  if (typeof again !== 'string')
    expect([toHex(again.dedupKey), again.sender, again.recipient]).toEqual([
      toHex(read[index]?.dedupKey as Uint8Array),
      mine.address,
      theirs.address,
    ]);
});

const members = fc.uniqueArray(address, { minLength: 1, maxLength: 6 });
const title = text(40);
/** Mostly small: each address costs a hash. */
const groupSize = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: maxGroupMembers - 30, max: maxGroupMembers - 1 }) },
);

property(
  'a group is read as it was signed, with its members in one order whatever order they were given in',
  [which, members, title],
  (index, some, of) => {
    const { bundle, address: creator } = people[index] as (typeof people)[0];
    const { group } = createGroup(bundle, { members: some, title: of });
    expect(readGroup(group.bytes)).toEqual(group);
    expect([...group.members]).toEqual([...new Set([...some, creator])].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
    expect(group).toMatchObject({ title: of, creator, epoch: 1, revision: 1, previousTopic: null });
  },
);

const founded = createGroup((people[0] as (typeof people)[0]).bundle, {
  members: [(people[1] as (typeof people)[0]).address],
  title: 'Friday',
});

property('a group with a changed bit is refused, or is the same group', [place], async (at) => {
  const changed = await outcome(() => readGroup(flip(founded.group.bytes, at)));
  if (typeof changed !== 'string') expect({ ...changed, bytes: null }).toEqual({ ...founded.group, bytes: null });
});

property('a group is found in its invitation by whoever is invited, however many its members are', [groupSize, title], (count, of) => {
  const [creator, invited] = people;
  // Addresses without a key: nobody asks them anything.
  const others = Array.from({ length: count - 1 }, (_, index) => `0x${index.toString(10).padStart(40, '0')}` as const);
  const keyed = createGroup(creator.bundle, { members: [invited.address, ...others], title: of });
  const { topic, context: about } = groupInvitation(keyed);
  const opened = {
    topic,
    keyMaterial: keyed.keyMaterial,
    peer: creator.address,
    peerBundle: creator.contact,
    createdNs: 5n,
    sentByMe: false,
    derived: false,
  };
  const found = readGroupInvitation(
    { ...opened, conversationId: about?.conversationId ?? '', metadata: about?.metadata ?? {} },
    invited.contact,
  );
  expect(found).toEqual(keyed.group);
  expect(about?.conversationId).toBe(groupPrefix + keyed.group.groupId);
  expect(Object.values(about?.metadata ?? {}).every((part) => part.length <= 1024)).toBe(true);
  expect(Object.keys(about?.metadata ?? {}).length).toBeLessThanOrEqual(32);
});

// A group that grew within its epoch, member by member, and then lost some of them, epoch by epoch.
const creator = people[0].bundle;
const grown = [founded.group];
for (const { address: member } of people.slice(2)) grown.push(extendGroup(creator, grown.at(-1) as SignedGroup, { add: [member] }));
const shrunk = grown.slice(-1);
for (const { address: member } of people.slice(3))
  shrunk.push(succeedGroup(creator, shrunk.at(-1) as SignedGroup, { remove: [member] }).group);

property(
  'of the states of one epoch the same one holds in whatever order they come',
  [fc.array(fc.constantFrom(...grown), { minLength: 1, maxLength: 8 })],
  (states) => {
    const held = states.reduce((before, next) => (supersedes(next, before) ? next : before));
    expect(held.revision).toBe(Math.max(...states.map(({ revision }) => revision)));
  },
);

property(
  'one epoch follows another only directly, and a state never belongs to two of them',
  [fc.constantFrom(...shrunk), fc.constantFrom(...shrunk)],
  async (next, held) => {
    expect(succeeds(next, held)).toBe(next.epoch === held.epoch + 1);
    if (next.epoch !== held.epoch) expect(await outcome(() => supersedes(next, held))).toBe('wrong-topic');
  },
);

property(
  'bytes of any kind are a group, an invitation or a legacy message, or refused by an error of ours',
  [
    fc.oneof(
      bytes(),
      which.map((index) => concat(invitations[index] as Uint8Array, letters[index] as Uint8Array)),
    ),
  ],
  async (given) => {
    await outcome(() => readGroup(given));
    await outcome(() => openInvitation(people[0].bundle, { timestampNs: 5n, message: given }));
    await outcome(() => openLegacyMessage({ bundle: people[0].bundle, message: given, envelopeTopic: 'a' }));
  },
);
