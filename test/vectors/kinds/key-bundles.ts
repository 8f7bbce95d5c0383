import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { PrivateKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/private_key_pb.ts';
import { PublicKeyBundleSchema, SignedPublicKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import {
  addressOfBundle,
  decodePrivateBundle,
  encodePrivateBundle,
  type PrivateBundle,
  publicBundle,
} from '../../../src/protocol/private-keys.ts';
import { readSignedKey, toLegacyBundle, toSignedBundle, verifyBundle } from '../../../src/protocol/public-keys.ts';
import { keyTimeToMs } from '../../../src/protocol/time.ts';
import { type Check, type Fields, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

/** Decodes a private bundle, shows its public halves in both formats, and encodes it again. */
const decodePrivate = async (vector: Vector): Promise<void> => {
  const { out } = vector;
  const bytes = vector.in.bytes('privateKeyBundle');
  if (vector.refused || out.raw('publicKeysMatchPrivateKeys') === false) {
    await mustRefuse(() => decodePrivateBundle(bytes));
    return;
  }
  const bundle = decodePrivateBundle(bytes);
  same(fromBinary(PrivateKeyBundleSchema, bytes).version.case, `v${String(out.raw('version'))}`, 'version');
  same(bundle.preKeys.length, out.raw('preKeys'), 'preKeys');
  same(addressOfBundle(bundle), out.text('address'), 'address');
  const shown = publicBundle(bundle);
  sameBytes(toBinary(SignedPublicKeyBundleSchema, shown.signed), out, 'signedPublicKeyBundle');
  if (out.has('isFromLegacyBundle')) same(shown.legacy !== undefined, out.flag('isFromLegacyBundle'), 'isFromLegacyBundle');
  if (out.has('publicKeyBundle')) sameLegacy(bundle, vector);
  else await staysSigned(bundle, out);
};

const sameLegacy = (bundle: PrivateBundle, { in: given, out }: Vector): void => {
  const { legacy, preKeyCreatedMs } = publicBundle(bundle);
  same(legacy && toHex(toBinary(PublicKeyBundleSchema, legacy)), out.text('publicKeyBundle'), 'publicKeyBundle');
  sameBytes(bundle.identity.secret, out, 'identityPrivateKey');
  sameBytes(bundle.preKeys[0].secret, out, 'currentPreKeyPrivate');
  const times = bundle.preKeys.map(({ publicKey }) => String(keyTimeToMs(readSignedKey(publicKey).created)));
  same(times, out.texts('preKeyTimestampsMs'), 'preKeyTimestampsMs');
  same(String(preKeyCreatedMs), times[0], 'age of the public bundle');
  same(keyTimeToMs(out.long('convertedSignedPrivateKeyCreatedNs')), createdMs(bundle), 'convertedSignedPrivateKeyCreatedNs');
  sameBytes(encodePrivateBundle(bundle), given, 'privateKeyBundle');
  // Both formats hold the same keys.
  same(decodePrivateBundle(out.bytes('convertedPrivateKeyBundleV2')), bundle, 'convertedPrivateKeyBundleV2');
};

const createdMs = (bundle: PrivateBundle): number => keyTimeToMs(readSignedKey(bundle.identity.publicKey).created);

/** Keys that were born in the signed format neither convert nor go into the stored form, which is all that a keystore keeps. */
const staysSigned = async (bundle: PrivateBundle, out: Fields): Promise<void> => {
  same(out.fields('toLegacyBundle').flag('ok'), false, 'toLegacyBundle');
  await mustRefuse(() => toLegacyBundle(publicBundle(bundle).signed));
  same(out.fields('loadAsKeystore').flag('ok'), false, 'loadAsKeystore');
  await mustRefuse(() => encodePrivateBundle(bundle));
};

/** Converts a public bundle to the legacy format and back. */
const convertPublic = ({ in: given, out }: Vector): void => {
  const signed = fromBinary(SignedPublicKeyBundleSchema, given.bytes('signedPublicKeyBundle'));
  const verified = verifyBundle(signed);
  same(verified.address, out.text('address'), 'address');
  same(verified.legacy !== undefined, out.flag('isFromLegacyBundle'), 'isFromLegacyBundle');
  const legacy = toLegacyBundle(signed);
  sameBytes(toBinary(PublicKeyBundleSchema, legacy), out, 'publicKeyBundle');
  sameBytes(toBinary(SignedPublicKeyBundleSchema, toSignedBundle(legacy)), given, 'signedPublicKeyBundle');
};

export const keyBundles: readonly Check[] = [
  { needs: ['privateKeyBundle'], run: decodePrivate },
  { needs: ['signedPublicKeyBundle'], run: convertPublic },
];
