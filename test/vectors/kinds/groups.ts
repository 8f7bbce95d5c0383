import { readContent } from '../../../src/content-types/index.ts';
import type { Address } from '../../../src/protocol/address.ts';
import { fromHex } from '../../../src/protocol/bytes.ts';
import { decodeContent } from '../../../src/protocol/content.ts';
import { createGroup, readGroup, readGroupInvitation, type SignedGroup, supersedes } from '../../../src/protocol/group.ts';
import { openInvitation } from '../../../src/protocol/invitation.ts';
import { openMessage } from '../../../src/protocol/message.ts';
import { decodePrivateBundle, publicBundle } from '../../../src/protocol/private-keys.ts';
import { type Check, type Fields, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';

/** The outcome of a reading, or its refusal with the reason that the case names. */
const judge = async <T>({ out, refused }: Vector, read: () => T | Promise<T>, check: (value: T) => void): Promise<void> => {
  if (!refused) return check(await read());
  const error = await mustRefuse(read);
  if (out.has('reason')) same(error.reason, out.text('reason'), 'reason');
};

const sameGroup = (group: SignedGroup | null, out: Fields): void => {
  if (!group) throw new Error('read as no group');
  for (const name of ['groupId', 'epoch', 'revision', 'topic', 'members', 'title', 'previousTopic', 'creator'] as const)
    same(group[name], out.raw(name), name);
  sameBytes(group.keyHash, out, 'keyHash');
};

const createAgain = ({ in: given, out }: Vector): void => {
  const random = randomFrom(...given.texts('random').map((bytes) => fromHex(bytes)));
  const bundle = decodePrivateBundle(given.bytes('creatorPrivateKeyBundle'));
  const { group, keyMaterial } = createGroup(bundle, { members: given.texts('members') as Address[], title: given.text('title') }, random);
  sameGroup(group, out);
  sameBytes(group.bytes, out, 'signed');
  sameBytes(keyMaterial, out, 'keyMaterial');
};

const invitation = (vector: Vector): Promise<void> => {
  const bundle = decodePrivateBundle(vector.in.bytes('viewerPrivateKeyBundle'));
  const envelope = { timestampNs: vector.in.long('envelopeTimestampNs'), message: vector.in.bytes('sealed') };
  return judge(
    vector,
    async () => readGroupInvitation(await openInvitation(bundle, envelope), publicBundle(bundle)),
    (group) => sameGroup(group, vector.out),
  );
};

const state = (vector: Vector): Promise<void> =>
  judge(
    vector,
    () => supersedes(readGroup(vector.in.bytes('next')), readGroup(vector.in.bytes('held'))),
    (answer) => same(answer, vector.out.flag('supersedes'), 'supersedes'),
  );

const message = (vector: Vector): Promise<void> => {
  const { topic, members } = readGroup(vector.in.bytes('group'));
  const keyMaterial = vector.in.bytes('keyMaterial');
  return judge(
    vector,
    async () => {
      const opened = await openMessage({ topic, keyMaterial, members, message: vector.in.bytes('message'), envelopeTopic: topic });
      return { sender: opened.sender, value: readContent(await decodeContent(opened.payload)) };
    },
    ({ sender, value }) => {
      same(sender, vector.out.text('sender'), 'sender');
      same(value, { kind: 'text', text: vector.out.text('text') }, 'text');
    },
  );
};

const descriptor = (vector: Vector): Promise<void> =>
  judge(
    vector,
    () => readGroup(vector.in.bytes('signed')),
    (group) => sameGroup(group, vector.out),
  );

/** Conversations of more than two; these vectors are our own. */
export const groups: readonly Check[] = [
  { needs: ['creatorPrivateKeyBundle', 'random'], run: createAgain },
  { needs: ['viewerPrivateKeyBundle', 'sealed'], run: invitation },
  { needs: ['held', 'next'], run: state },
  { needs: ['group', 'message'], run: message },
  { needs: ['signed'], run: descriptor },
];
