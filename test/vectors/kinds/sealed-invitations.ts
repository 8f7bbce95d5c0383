import { fromBinary } from '@bufbuild/protobuf';
import { InvitationV1Schema } from '../../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { SignedPublicKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../../src/protocol/invitation.ts';
import { decodePrivateBundle, publicBundle, sharedSecret } from '../../../src/protocol/private-keys.ts';
import { verifyBundle } from '../../../src/protocol/public-keys.ts';
import { inviteTopic } from '../../../src/protocol/topic.ts';
import { type Check, type Fields, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';
import { readContext } from './invite-derivation.ts';

type Opened = Awaited<ReturnType<typeof openInvitation>>;

/** Opens the envelope as the owner of a private bundle finds it in the own invite topic. */
const open = (vector: Vector, privateKeyBundle: Uint8Array): Promise<Opened> => {
  const bundle = decodePrivateBundle(privateKeyBundle);
  return openInvitation(bundle, {
    topic: inviteTopic(publicBundle(bundle).address),
    timestampNs: vector.in.long('envelopeTimestampNs'),
    message: vector.in.bytes('sealed'),
  });
};

/** Opens as the named viewer. */
const view = async (vector: Vector): Promise<void> => {
  const opening = (): Promise<Opened> => open(vector, vector.in.bytes('viewerPrivateKeyBundle'));
  if (vector.refused) await mustRefuse(opening);
  else sameConversation(await opening(), vector.out);
};

/** Opens from the sides that the case tells, and seals the same invitation again where its random parts are given. */
const openBothWays = async (vector: Vector): Promise<void> => {
  const { out } = vector;
  for (const [side, party, sentByMe] of [
    ['asSender', 'sender', true],
    ['asRecipient', 'recipient', false],
  ] as const) {
    if (!out.given(side)) continue;
    const opened = await open(vector, vector.in.fields(party).bytes('privateKeyBundle'));
    sameConversation(opened, out.fields(side));
    same(opened.sentByMe, sentByMe, 'sentByMe');
    if (out.has('sameAsToday')) same(opened.derived, out.flag('sameAsToday'), 'derived');
    if (out.given('invitation')) {
      const { keyMaterial } = opened;
      sameBytes(keyMaterial, out.fields('invitation'), 'keyMaterial');
    }
  }
  if (out.has('topicDerivedToday')) await sameDerivation(vector);
  if (out.given('hkdfSalt') && vector.in.fields('sender').given('publicKeyBundle')) await sealAgain(vector);
};

const sameConversation = (opened: Opened, expected: Fields): void => {
  same(opened.topic, expected.text('topic'), 'topic');
  same(opened.peer, expected.text('peerAddress'), 'peerAddress');
  same(opened.peerBundle.address, opened.peer, 'address of the peer bundle');
  same(String(opened.createdNs), expected.text('createdNs'), 'createdNs');
  const context = expected.given('context') ? readContext(expected.fields('context')) : undefined;
  same(opened.conversationId ?? '', context?.conversationId ?? '', 'conversationId');
  same(Object.fromEntries(Object.entries(opened.metadata ?? {})), context?.metadata ?? {}, 'metadata');
};

const sameDerivation = async (vector: Vector): Promise<void> => {
  const sender = decodePrivateBundle(vector.in.fields('sender').bytes('privateKeyBundle'));
  const { topic } = await deriveInvitation(sender, recipientOf(vector));
  same(topic, vector.out.text('topicDerivedToday'), 'topicDerivedToday');
};

/** A sender that also has a legacy bundle holds keys that we can seal with. */
const sealAgain = async (vector: Vector): Promise<void> => {
  const { out } = vector;
  const sender = decodePrivateBundle(vector.in.fields('sender').bytes('privateKeyBundle'));
  const recipient = recipientOf(vector);
  sameBytes(sharedSecret(sender, recipient, publicBundle(sender).preKey, 'initiator'), out, 'sharedSecret');
  const invitation = fromBinary(InvitationV1Schema, out.fields('invitation').bytes('plaintext'));
  const random = randomFrom(out.bytes('hkdfSalt'), out.bytes('gcmNonce'));
  const sealed = await sealInvitation(sender, recipient, invitation, out.long('createdNs'), random);
  sameBytes(sealed, vector.in, 'sealed');
};

const recipientOf = (vector: Vector): ReturnType<typeof verifyBundle> =>
  verifyBundle(fromBinary(SignedPublicKeyBundleSchema, vector.in.fields('recipient').bytes('signedPublicKeyBundle')));

export const sealedInvitations: readonly Check[] = [
  { needs: ['viewer', 'viewerPrivateKeyBundle', 'sealed', 'envelopeTimestampNs'], run: view },
  { needs: ['sender', 'recipient', 'sealed', 'envelopeTimestampNs'], run: openBothWays },
];
