import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { readContent, writeContent } from '../../src/content-types/index.ts';
import { GroupDescriptorSchema, SignedGroupDescriptorSchema } from '../../src/gen/parley/group/v1/group_pb.ts';
import { SignatureSchema } from '../../src/gen/xmtp/message_contents/signature_pb.ts';
import { concat, fromHex, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { decodeContent, encodeContent } from '../../src/protocol/content.ts';
import { maxMessageLength } from '../../src/protocol/envelope.ts';
import {
  createGroup,
  extendGroup,
  groupInvitation,
  type KeyedGroup,
  maxGroupMembers,
  readGroup,
  readGroupInvitation,
  type SignedGroup,
  succeedGroup,
  succeeds,
  supersedes,
} from '../../src/protocol/group.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { openMessage, sealMessage } from '../../src/protocol/message.ts';
import { rotatePreKey, signByPreKey } from '../../src/protocol/private-keys.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol, type Person, person } from '../support/people.ts';
import { refused } from './refused.ts';

const dave = person('Dave');
const atNs = 1_700_000_000_000_000_000n;
const founded = (): KeyedGroup => createGroup(alice.bundle, { members: [bob.address, carol.address], title: 'Friday' });

async function invited(keyed: KeyedGroup, to: Person, from: Person = alice) {
  const message = await sealInvitation(from.bundle, to.contact, groupInvitation(keyed), atNs);
  return openInvitation(to.bundle, { timestampNs: atNs, message });
}
const says = async ({ group, keyMaterial }: KeyedGroup, who: Person) =>
  (
    await sealMessage({
      topic: group.topic,
      keyMaterial,
      bundle: who.bundle,
      payload: encodeContent(writeContent({ kind: 'text', text: 'hello' }).content),
      createdNs: atNs,
      shouldPush: true,
    })
  ).message;
const hears = (keyed: KeyedGroup, members: SignedGroup['members'], message: Uint8Array) =>
  openMessage({ topic: keyed.group.topic, keyMaterial: keyed.keyMaterial, members, message, envelopeTopic: keyed.group.topic });

/** Signs whatever descriptor, as a creator who does not keep to the rules. */
function signed(change: Parameters<typeof create<typeof GroupDescriptorSchema>>[1], tail = new Uint8Array(0)): Uint8Array {
  const { group } = founded();
  const descriptor = concat(
    toBinary(
      GroupDescriptorSchema,
      create(GroupDescriptorSchema, {
        groupId: fromHex(group.groupId),
        epoch: 1,
        revision: 1,
        topic: group.topic,
        keyHash: group.keyHash,
        members: group.members.map((member) => fromHex(member)),
        title: '',
        ...change,
      }),
    ),
    tail,
  );
  const signature = signByPreKey(alice.bundle, sha256(concat(utf8('parley group 1\n'), descriptor)));
  return toBinary(
    SignedGroupDescriptorSchema,
    create(SignedGroupDescriptorSchema, {
      descriptor,
      creator: alice.contact.signed,
      signature: create(SignatureSchema, { union: { case: 'ecdsaCompact', value: { ...signature } } }),
    }),
  );
}

describe('a group', () => {
  test('reaches every member with the same list, topic and key', async () => {
    const keyed = founded();
    for (const to of [bob, carol]) {
      const opened = await invited(keyed, to);
      const group = readGroupInvitation(opened, to.contact);
      expect(group).toEqual(keyed.group);
      expect(opened.keyMaterial).toEqual(keyed.keyMaterial);
      expect(opened.derived).toBe(false);
    }
    expect(keyed.group).toMatchObject({ epoch: 1, revision: 1, title: 'Friday', creator: alice.address, previousTopic: null });
    expect([...keyed.group.members].sort()).toEqual([alice, bob, carol].map(({ address }) => address).sort());
  });

  test('is found again by its creator in the own copy of one invitation', async () => {
    const keyed = founded();
    const message = await sealInvitation(alice.bundle, bob.contact, groupInvitation(keyed), atNs);
    const opened = await openInvitation(alice.bundle, { timestampNs: atNs, message });
    expect(readGroupInvitation(opened, alice.contact)).toEqual(keyed.group);
  });

  test('is none where the conversation id is another', async () => {
    const keyed = founded();
    const invitation = groupInvitation(keyed);
    invitation.context = { ...(invitation.context as NonNullable<typeof invitation.context>), conversationId: 'chat.example/1' };
    const message = await sealInvitation(alice.bundle, bob.contact, invitation, atNs);
    expect(readGroupInvitation(await openInvitation(bob.bundle, { timestampNs: atNs, message }), bob.contact)).toBeNull();
  });

  test('hears its members and nobody else, whoever has the key', async () => {
    const keyed = founded();
    for (const who of [alice, bob, carol])
      expect((await hears(keyed, keyed.group.members, await says(keyed, who))).sender).toBe(who.address);
    await refused('wrong-sender', async () => hears(keyed, keyed.group.members, await says(keyed, dave)));
  });

  test('stays readable after its creator has a new pre-key', async () => {
    const keyed = founded();
    const later = { ...alice, bundle: rotatePreKey(alice.bundle) };
    const grown = extendGroup(later.bundle, keyed.group, { add: [dave.address] });
    expect(supersedes(readGroup(grown.bytes), readGroup(keyed.group.bytes))).toBe(true);
  });

  test('of the most members fits into an invitation and an announcement', async () => {
    const members = Array.from({ length: maxGroupMembers - 2 }, (_, n) => `0x${(n + 1).toString(16).padStart(40, '0')}` as const);
    const keyed = createGroup(alice.bundle, { members: [bob.address, ...members], title: '漢'.repeat(200) });
    expect(keyed.group.members).toHaveLength(maxGroupMembers);
    const opened = await invited(keyed, bob);
    expect(readGroupInvitation(opened, bob.contact)).toEqual(keyed.group);
    expect((await sealInvitation(alice.bundle, bob.contact, groupInvitation(keyed), atNs)).length).toBeLessThan(maxMessageLength / 10);
    await refused('too-large', () => extendGroup(alice.bundle, keyed.group, { add: [dave.address] }));
  });
});

describe('an invitation to a group is refused', () => {
  test('from somebody who is not its creator, be it a member', async () => {
    const keyed = founded();
    for (const from of [carol, dave]) {
      const opened = await invited(keyed, bob, from);
      await refused('wrong-sender', () => readGroupInvitation(opened, bob.contact));
    }
  });
  test('where the list does not name me', async () => {
    const opened = await invited(founded(), dave);
    await refused('wrong-recipient', () => readGroupInvitation(opened, dave.contact));
  });
  test('with the list of another topic or another key', async () => {
    const [one, other] = [founded(), founded()];
    const topic = await invited({ group: one.group, keyMaterial: other.keyMaterial }, bob);
    await refused('malformed', () => readGroupInvitation(topic, bob.contact));
    const invitation = groupInvitation(one);
    invitation.topic = other.group.topic;
    const message = await sealInvitation(alice.bundle, bob.contact, invitation, atNs);
    const opened = await openInvitation(bob.bundle, { timestampNs: atNs, message });
    await refused('wrong-topic', () => readGroupInvitation(opened, bob.contact));
  });
  test('that lacks a piece of the list, or all of it', async () => {
    const invitation = groupInvitation(founded());
    const context = invitation.context as NonNullable<typeof invitation.context>;
    for (const metadata of [{}, { 'parley.group.1': 'x' }, { 'parley.group.0': 'not base64!' }, { 'parley.group.0': 'AAAA' }]) {
      invitation.context = { ...context, metadata };
      const message = await sealInvitation(alice.bundle, bob.contact, invitation, atNs);
      const opened = await openInvitation(bob.bundle, { timestampNs: atNs, message });
      await refused('malformed', () => readGroupInvitation(opened, bob.contact));
    }
  });
});

describe('the description of a group is refused', () => {
  const { group } = founded();
  const members = group.members.map((member) => fromHex(member));
  const faults: [what: string, reason: Parameters<typeof refused>[0], bytes: () => Uint8Array][] = [
    ['with an id of another length', 'malformed', () => signed({ groupId: new Uint8Array(15) })],
    ['with a key named by fewer bytes', 'malformed', () => signed({ keyHash: new Uint8Array(31) })],
    ['of epoch 0', 'malformed', () => signed({ epoch: 0 })],
    ['of revision 0', 'malformed', () => signed({ revision: 0 })],
    ['with a topic that is no conversation', 'wrong-topic', () => signed({ topic: `/xmtp/0/contact-${bob.address}/proto` })],
    ['of the first epoch with one before it', 'wrong-topic', () => signed({ previousTopic: group.topic })],
    ['of a later epoch with none before it', 'wrong-topic', () => signed({ epoch: 2 })],
    ['with members out of order', 'malformed', () => signed({ members: members.toReversed() })],
    ['with a member twice', 'malformed', () => signed({ members: [...members, members.at(-1) as Uint8Array] })],
    ['with a member of another length', 'malformed', () => signed({ members: [new Uint8Array(19), ...members] })],
    ['with nobody but its creator', 'malformed', () => signed({ members: [fromHex(alice.address)] })],
    [
      'without its creator',
      'wrong-sender',
      () => signed({ members: members.filter((each) => toHex(each) !== toHex(fromHex(alice.address))) }),
    ],
    ['with a title too long', 'too-large', () => signed({ title: 'x'.repeat(201) })],
    ['with bytes that nobody reads', 'malformed', () => signed({}, Uint8Array.of(0x7a, 0x01, 0x00))],
    ['that does not parse', 'malformed', () => Uint8Array.of(0xff)],
    [
      'without a signature',
      'malformed',
      () => toBinary(SignedGroupDescriptorSchema, create(SignedGroupDescriptorSchema, { descriptor: Uint8Array.of(1) })),
    ],
  ];
  test.each(faults)('%s', (_, reason, bytes) => refused(reason, () => readGroup(bytes())));

  test('that somebody else changed: one flipped bit, anywhere', () => {
    fc.assert(
      fc.property(fc.nat(group.bytes.length * 8 - 1), (bit) => {
        const changed = group.bytes.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        let read: SignedGroup | undefined;
        try {
          read = readGroup(changed);
        } catch {
          return true;
        }
        // What still reads says the very same: a bit that no reader looks at.
        return JSON.stringify({ ...read, bytes: null }) === JSON.stringify({ ...group, bytes: null });
      }),
      { numRuns: 300 },
    );
  });
});

describe('a change of a group', () => {
  test('adds members and renames within the epoch, and the higher revision holds', async () => {
    const { group } = founded();
    const grown = extendGroup(alice.bundle, group, { add: [dave.address], title: 'Saturday' });
    expect(grown).toMatchObject({ epoch: 1, revision: 2, title: 'Saturday', topic: group.topic });
    expect(grown.members).toContain(dave.address);
    expect([supersedes(grown, group), supersedes(group, grown), supersedes(group, group)]).toEqual([true, false, false]);
  });
  test('is made by its creator alone', async () => {
    const { group } = founded();
    await refused('wrong-sender', () => extendGroup(bob.bundle, group, { add: [dave.address] }));
    await refused('wrong-sender', () => succeedGroup(bob.bundle, group, { remove: [carol.address] }));
    const { group: bobs } = createGroup(bob.bundle, { members: [alice.address] });
    await refused('wrong-sender', () => supersedes(bobs, group));
  });
  test('may not drop members within an epoch, nor say two things under one number, nor change topic or key', async () => {
    const { group } = founded();
    const grown = extendGroup(alice.bundle, group, { add: [dave.address] });
    const other = extendGroup(alice.bundle, group, { title: 'Sunday' });
    await refused('malformed', () => supersedes(other, grown));
    const dropped = extendGroup(alice.bundle, { ...group, members: [alice.address, bob.address] }, {});
    await refused('malformed', () => supersedes(dropped, group));
    await refused('wrong-topic', () => supersedes(founded().group, group));
    await refused('wrong-topic', () => supersedes(succeedGroup(alice.bundle, group, { remove: [bob.address] }).group, group));
  });
  test('that removes moves to a topic and a key of which the removed hear nothing', async () => {
    const before = founded();
    const after = succeedGroup(alice.bundle, before.group, { remove: [carol.address] });
    expect(after.group).toMatchObject({
      groupId: before.group.groupId,
      epoch: 2,
      revision: 1,
      previousTopic: before.group.topic,
      title: 'Friday',
    });
    expect(after.group.members).not.toContain(carol.address);
    expect(after.group.topic).not.toBe(before.group.topic);
    expect(after.keyMaterial).not.toEqual(before.keyMaterial);
    expect(succeeds(after.group, before.group)).toBe(true);
    expect(succeeds(before.group, after.group)).toBe(false);
    expect((await hears(after, after.group.members, await says(after, bob))).sender).toBe(bob.address);
    await refused('wrong-sender', async () => hears(after, after.group.members, await says(after, carol)));
    await refused('cannot-decrypt', async () =>
      hears({ ...after, keyMaterial: before.keyMaterial }, after.group.members, await says(after, bob)),
    );
    await refused('malformed', () => succeedGroup(alice.bundle, before.group, { remove: [bob.address, carol.address] }));
  });
});

test('an announcement carries the new state, checked by whoever reads it', async () => {
  const { group } = founded();
  const grown = extendGroup(alice.bundle, group, { add: [dave.address] });
  const { content } = writeContent({ kind: 'group-update', action: 'changed', group: grown });
  expect(content.fallback).toBe('The group “Friday” has 4 members now.');
  const read = readContent(await decodeContent(encodeContent(content)));
  expect(read).toEqual({ kind: 'group-update', action: 'changed', group: grown });
  for (const json of [
    '{}',
    '{"action":"changed"}',
    '{"action":"changed","group":"AAAA"}',
    '{"action":"closed","removed":["x"]}',
    '{"action":"closed","removed":[1]}',
    '[]',
    'x',
  ])
    await refused(json === '{}' ? 'unsupported' : 'malformed', () => readContent({ ...content, content: utf8(json) }));
});
