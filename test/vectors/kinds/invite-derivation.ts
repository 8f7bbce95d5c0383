import { fromBinary } from '@bufbuild/protobuf';
import { SignedPublicKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { hkdf } from '../../../src/protocol/aead.ts';
import { toHex, utf8 } from '../../../src/protocol/bytes.ts';
import { hmacSha256 } from '../../../src/protocol/hash.ts';
import { deriveInvitation } from '../../../src/protocol/invitation.ts';
import { decodePrivateBundle, publicBundle, sharedSecret } from '../../../src/protocol/private-keys.ts';
import { verifyBundle } from '../../../src/protocol/public-keys.ts';
import { conversationTopic } from '../../../src/protocol/topic.ts';
import { type Check, type Fields, same, sameBytes, type Vector } from '../vector.ts';

/** Derives topic and key of a new conversation, and follows the intermediate values that the case tells. */
const derive = async (vector: Vector): Promise<void> => {
  const { out } = vector;
  const me = decodePrivateBundle(vector.in.fields('me').bytes('privateKeyBundle'));
  const peer = verifyBundle(fromBinary(SignedPublicKeyBundleSchema, vector.in.fields('peer').bytes('signedPublicKeyBundle')));
  const context = vector.in.given('context') ? readContext(vector.in.fields('context')) : undefined;
  const invitation = await deriveInvitation(me, peer, context);
  same(invitation.topic, out.text('topic'), 'topic');
  same(invitation.encryption.case, 'aes256GcmHkdfSha256', 'encryption');
  sameBytes(invitation.encryption.value?.keyMaterial ?? new Uint8Array(), out, 'keyMaterial');

  const role = out.flag('myAddressIsLower') ? 'responder' : 'initiator';
  const secret = sharedSecret(me, peer, publicBundle(me).preKey, role);
  sameBytes(secret, out, 'sharedSecret');
  same(conversationTopic(toHex(hmacSha256(secret, utf8(out.text('topicMacInput'))))), out.text('topic'), 'topic from its MAC input');
  const salt = utf8('__XMTP__INVITATION__SALT__XMTP__');
  sameBytes(await hkdf(secret, salt, utf8(out.text('keyInfo')), 32), out, 'keyMaterial');
};

/** An invitation's context as the vectors write it. */
export const readContext = (context: Fields): { conversationId: string; metadata: Record<string, string> } => ({
  conversationId: context.text('conversationId'),
  metadata: context.raw('metadata') as Record<string, string>,
});

export const inviteDerivation: readonly Check[] = [{ needs: ['me', 'peer', 'context'], run: derive }];
