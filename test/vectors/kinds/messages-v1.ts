import { readContent, show } from '../../../src/content-types/index.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { decodeContent } from '../../../src/protocol/content.ts';
import { legacyTopics, type OpenedLegacyMessage, openLegacyMessage, sealLegacyMessage } from '../../../src/protocol/legacy-message.ts';
import { decodePrivateBundle, publicBundle, sharedSecret } from '../../../src/protocol/private-keys.ts';
import { nsToMs } from '../../../src/protocol/time.ts';
import { type Check, Fields, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';
import { toVector } from './content-values.ts';

/** Opens the envelope of a case as one of two people. */
const open = ({ in: given }: Vector, reader: Fields, peerAddress: string): Promise<OpenedLegacyMessage> =>
  openLegacyMessage({
    bundle: decodePrivateBundle(reader.bytes('privateKeyBundle')),
    peer: parseAddress(peerAddress),
    message: given.fields('envelope').bytes('message'),
    envelopeTopic: given.fields('envelope').text('contentTopic'),
  });

/** Opens as the named viewer. */
const view = async (vector: Vector): Promise<void> => {
  const opening = async () => {
    const opened = await open(vector, vector.in.fields('viewer'), vector.in.text('peerAddress'));
    show(await decodeContent(opened.payload));
    return opened;
  };
  if (vector.refused) await mustRefuse(opening);
  else same((await opening()).peer, vector.in.text('peerAddress'), 'peer');
};

/** Opens from both sides, and seals the same message again where its random parts are given. */
const openBothWays = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const sender = given.fields('sender');
  const recipient = given.fields('recipient');
  const [from, to] = await Promise.all([open(vector, sender, recipient.text('address')), open(vector, recipient, sender.text('address'))]);
  same([from.sentByMe, to.sentByMe], [true, false], 'sentByMe');
  same(from.dedupKey, to.dedupKey, 'dedupKey');
  for (const opened of [from, to]) {
    same(opened.id, out.text('id'), 'id');
    same(opened.sender, out.text('senderAddress'), 'senderAddress');
    same(opened.recipient, out.text('recipientAddress'), 'recipientAddress');
    same(String(nsToMs(opened.createdNs)), out.text('sentMs'), 'sentMs');
    sameBytes(opened.payload, out, 'encodedContent');
    const content = await decodeContent(opened.payload);
    same(content.type, out.text('contentType'), 'contentType');
    same(content.fallback ?? null, out.raw('fallback'), 'fallback');
    same(toVector(readContent(content)), out.raw('content'), 'content');
  }
  if (out.given('parts')) await sealAgain(vector, out.fields('parts'));
};

const sealAgain = async ({ in: given, out }: Vector, parts: Fields): Promise<void> => {
  const bundle = decodePrivateBundle(given.fields('sender').bytes('privateKeyBundle'));
  const peer = publicBundle(decodePrivateBundle(given.fields('recipient').bytes('privateKeyBundle')));
  same(toHex(sharedSecret(bundle, peer, publicBundle(bundle).preKey, 'initiator')), out.text('sharedSecret'), 'sharedSecret');
  const { message, id } = await sealLegacyMessage({
    bundle,
    peer,
    payload: out.bytes('encodedContent'),
    timestampMs: Number(parts.long('timestampMs')),
    random: randomFrom(parts.bytes('hkdfSalt'), parts.bytes('gcmNonce')),
  });
  sameBytes(message, given.fields('envelope'), 'message');
  same(id, out.text('id'), 'id of the message sealed again');
};

/** Where the first and the second message to a peer are published. */
const topicsOfSends = ({ in: given, out }: Vector): void => {
  const me = parseAddress(given.fields('sender').text('address'));
  const peer = parseAddress(given.fields('recipient').text('address'));
  const published = out.list('publishes').map((call) => (call as unknown[]).map((entry) => new Fields(entry).text('contentTopic')));
  same([legacyTopics(me, peer, true), legacyTopics(me, peer, false)], published, 'publishes');
};

export const messagesV1: readonly Check[] = [
  { needs: ['viewer', 'peerAddress', 'envelope'], run: view },
  { needs: ['sender', 'recipient', 'envelope'], run: openBothWays },
  { needs: ['sender', 'recipient'], run: topicsOfSends },
];
