import { fromBinary } from '@bufbuild/protobuf';
import { PublicKeyBundleSchema, SignedPublicKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { decodePrivateBundle, sharedSecret } from '../../../src/protocol/private-keys.ts';
import { verifyBundle } from '../../../src/protocol/public-keys.ts';
import { type Check, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

/** Agrees on a secret with the peer, in the given role. */
const agree = async (vector: Vector): Promise<void> => {
  const given = vector.in;
  const { out } = vector;
  const bundle = decodePrivateBundle(given.bytes('privateKeyBundle'));
  const schema = vector.category.startsWith('legacy-format') ? PublicKeyBundleSchema : SignedPublicKeyBundleSchema;
  const peer = fromBinary(schema, given.bytes('peer'));
  const role = given.flag('isRecipient') ? 'responder' : 'initiator';
  const secretWithPeer = (): Uint8Array => sharedSecret(bundle, verifyBundle(peer), given.bytes('myPreKey'), role);
  if (vector.refused) {
    await mustRefuse(secretWithPeer);
    return;
  }
  const secret = secretWithPeer();
  sameBytes(secret, out, 'secret');
  same(secret.length, out.raw('length'), 'length');
  for (const [place, name] of ['first', 'second', 'third'].entries()) {
    same(toHex(secret.subarray(place * 65, place * 65 + 65)), out.text(name), name);
  }
};

export const keyAgreement: readonly Check[] = [{ needs: ['privateKeyBundle', 'peer', 'myPreKey', 'isRecipient'], run: agree }];
