import { createHash } from 'node:crypto';
import { writeContent } from '../../src/content-types/index.ts';
import { toHex, utf8 } from '../../src/protocol/bytes.ts';
import { encodeContent } from '../../src/protocol/content.ts';
import { createGroup, extendGroup, groupInvitation, groupPrefix, type KeyedGroup, succeedGroup } from '../../src/protocol/group.ts';
import { sealInvitation } from '../../src/protocol/invitation.ts';
import { sealMessage } from '../../src/protocol/message.ts';
import { encodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { alice, bob, carol, type Person, person } from '../support/people.ts';

const dave = person('Dave');
const atMs = Date.UTC(2024, 5, 1);
const atNs = BigInt(atMs) * 1_000_000n;

/** Bytes that only a name fixes. */
function randomOf(name: string): (length: number) => Uint8Array<ArrayBuffer> {
  let count = 0;
  return (length) => new Uint8Array(createHash('shake256', { outputLength: length }).update(`${name} ${count++}`).digest());
}

/** The vectors of groups (docs/group-conversations.md): the same at every run, so that the file can be compared with what the code makes. */
export async function makeGroupVectors(): Promise<object> {
  const cases: object[] = [];
  const add = (category: string, note: string, given: object, out: object): void => {
    const number = cases.filter((each) => (each as { category: string }).category === category).length + 1;
    cases.push({ id: `groups/${category}/${number}`, category, family: 1, note, in: given, out });
  };
  const keys = ({ bundle }: Person): string => toHex(encodePrivateBundle(bundle));
  const told = ({ group }: Pick<KeyedGroup, 'group'>) => ({
    ok: true,
    groupId: group.groupId,
    epoch: group.epoch,
    revision: group.revision,
    topic: group.topic,
    keyHash: toHex(group.keyHash),
    members: group.members,
    title: group.title,
    previousTopic: group.previousTopic,
    creator: group.creator,
  });

  const random = randomOf('group');
  const first = createGroup(alice.bundle, { members: [bob.address, carol.address], title: 'Friday' }, random);
  const grown = { group: extendGroup(alice.bundle, first.group, { add: [dave.address] }), keyMaterial: first.keyMaterial };
  const second = succeedGroup(alice.bundle, grown.group, { remove: [carol.address] }, random);
  const foreign = createGroup(dave.bundle, { members: [bob.address] }, randomOf('foreign'));
  const twin = createGroup(alice.bundle, { members: [bob.address, dave.address] }, randomOf('group'));

  add(
    'create',
    'The descriptor, its signature, topic and key follow from the keys and the random bytes: 16 for the id, 32 for the topic, 32 for the key.',
    {
      creatorPrivateKeyBundle: keys(alice),
      members: [bob.address, carol.address],
      title: 'Friday',
      random: [16, 32, 32].map(
        (
          (next) => (length: number) =>
            toHex(next(length))
        )(randomOf('group')),
      ),
    },
    { ...told(first), signed: toHex(first.group.bytes), keyMaterial: toHex(first.keyMaterial) },
  );

  const invite = async (
    note: string,
    keyed: KeyedGroup,
    from: Person,
    to: Person,
    viewer: Person,
    out: object,
    change?: (invitation: ReturnType<typeof groupInvitation>) => void,
  ) => {
    const invitation = groupInvitation(keyed);
    change?.(invitation);
    const sealed = await sealInvitation(from.bundle, to.contact, invitation, atNs, randomOf(`seal ${note}`));
    add('invitation', note, { viewerPrivateKeyBundle: keys(viewer), sealed: toHex(sealed), envelopeTimestampNs: String(atNs) }, out);
  };
  const refused = (reason: string) => ({ ok: false, reason });
  await invite('As a member finds it.', first, alice, bob, bob, told(first));
  await invite('As the creator finds it, in the copy of the invitation to one member.', first, alice, bob, alice, told(first));
  await invite('With one member more.', grown, alice, dave, dave, told(grown));
  await invite('Of the second epoch, which follows the first.', second, alice, bob, bob, told(second));
  await invite('From a member who is not the creator.', first, carol, bob, bob, refused('wrong-sender'));
  await invite('From an outsider, with a descriptor that the creator signed.', first, dave, bob, bob, refused('wrong-sender'));
  await invite('To somebody whom the list does not name.', first, alice, dave, dave, refused('wrong-recipient'));
  await invite(
    'With a key that is not the one of the descriptor.',
    { group: first.group, keyMaterial: second.keyMaterial },
    alice,
    bob,
    bob,
    refused('malformed'),
  );
  await invite('Under a topic that is not the one of the descriptor.', first, alice, bob, bob, refused('wrong-topic'), (invitation) => {
    invitation.topic = second.group.topic;
  });
  await invite('Under the id of another group.', first, alice, bob, bob, refused('malformed'), (invitation) => {
    if (invitation.context) invitation.context.conversationId = groupPrefix + foreign.group.groupId;
  });
  await invite('Without the list.', first, alice, bob, bob, refused('malformed'), (invitation) => {
    if (invitation.context) invitation.context.metadata = {};
  });

  const state = (note: string, held: Pick<KeyedGroup, 'group'>, next: Pick<KeyedGroup, 'group'>, out: object): void =>
    add('state', note, { held: toHex(held.group.bytes), next: toHex(next.group.bytes) }, out);
  const dropped = { group: extendGroup(alice.bundle, { ...grown.group, members: [alice.address, bob.address] }, {}) };
  const renamed = { group: extendGroup(alice.bundle, first.group, { title: 'Sunday' }) };
  state('A higher revision with one member more holds from now on.', first, grown, { ok: true, supersedes: true });
  state('The older one changes nothing.', grown, first, { ok: true, supersedes: false });
  state('Nor does the same one again.', grown, grown, { ok: true, supersedes: false });
  state('Within an epoch nobody leaves the list.', grown, dropped, refused('malformed'));
  state('Two states under one number: the one that holds stays.', grown, renamed, refused('malformed'));
  state('Of another creator.', first, foreign, refused('wrong-sender'));
  state('Of another epoch: it comes with an invitation of its own.', grown, second, refused('wrong-topic'));
  state('The same id and epoch with other members, by two invitations that disagree.', first, { group: twin.group }, refused('malformed'));

  const message = async (note: string, keyed: KeyedGroup, from: Person, out: object): Promise<void> => {
    const payload = encodeContent(writeContent({ kind: 'text', text: 'hello' }).content);
    const sealed = await sealMessage({
      topic: keyed.group.topic,
      keyMaterial: keyed.keyMaterial,
      bundle: from.bundle,
      payload,
      createdNs: atNs,
      shouldPush: true,
      clock: () => atMs,
      random: randomOf(`message ${note}`),
    });
    add('message', note, { group: toHex(keyed.group.bytes), keyMaterial: toHex(keyed.keyMaterial), message: toHex(sealed.message) }, out);
  };
  await message('By a member.', first, carol, { ok: true, sender: carol.address, text: 'hello' });
  await message('By somebody who has the key and is not on the list.', first, dave, refused('wrong-sender'));
  await message('By the same, once the list has grown.', grown, dave, { ok: true, sender: dave.address, text: 'hello' });
  await message('By a member who was removed, with the key of the next epoch.', second, carol, refused('wrong-sender'));

  for (const [note, bit] of [
    ['A flipped bit in what is signed.', 40],
    ['A flipped bit in the signature.', -40],
  ] as const) {
    const bytes = first.group.bytes.slice();
    const at = bit < 0 ? bytes.length + bit : bit;
    bytes[at] = (bytes[at] as number) ^ 1;
    add('descriptor', note, { signed: toHex(bytes) }, { ok: false });
  }
  add('descriptor', 'As it is.', { signed: toHex(first.group.bytes) }, told(first));
  add('descriptor', 'Bytes behind it that nobody reads.', { signed: toHex(utf8('garbage')) }, { ok: false });

  return {
    kind: 'groups',
    about: 'Conversations of more than two: descriptors, invitations, changes and messages, with what is refused',
    producedWith: { parley: 'test/vectors/make-groups.ts' },
    cases,
  };
}
