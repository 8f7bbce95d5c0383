import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type PublicKey,
  PublicKeyBundleSchema,
  PublicKeySchema,
  type SignedPublicKey,
  SignedPublicKeySchema,
} from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { sha256 } from '../../../src/protocol/hash.ts';
import {
  isFromLegacy,
  legacyKeyOf,
  readLegacyKey,
  readSignedKey,
  toLegacyKey,
  toSignedKey,
  verifyBundle,
  verifyPreKey,
  walletOfLegacyKey,
  walletOfSignedKey,
} from '../../../src/protocol/public-keys.ts';
import { publicPoint, sign } from '../../../src/protocol/secp256k1.ts';
import { keyTimeToMs } from '../../../src/protocol/time.ts';
import {
  createIdentityText,
  personalDigest,
  recoverSigner,
  signText,
  splitWalletSignature,
} from '../../../src/protocol/wallet-signature.ts';
import { type Check, type Fields, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

const legacyKey = (fields: Fields, name: string): PublicKey => fromBinary(PublicKeySchema, fields.bytes(name));
const signedKey = (fields: Fields, name: string): SignedPublicKey => fromBinary(SignedPublicKeySchema, fields.bytes(name));
const legacyBytes = (key: PublicKey): Uint8Array => toBinary(PublicKeySchema, key);
const signedBytes = (key: SignedPublicKey): Uint8Array => toBinary(SignedPublicKeySchema, key);

/** From the bare key to both signed forms. */
const createIdentity = ({ in: given, out }: Vector): void => {
  const { keyBytes } = legacyKeyOf(given.long('timestampMs'), given.bytes('identityPublicKey'));
  sameBytes(keyBytes, out, 'bytesToSign');
  const text = createIdentityText(keyBytes);
  same(text, out.text('signatureText'), 'signatureText');
  sameBytes(personalDigest(text), out, 'eip191Digest');
  const walletSignature = signText(text, given.bytes('walletPrivateKey'));
  sameBytes(walletSignature, out, 'walletSignature');
  sameSplit(walletSignature, out);

  const legacy = legacyKey(out, 'legacyPublicKey');
  same(toHex(legacy.signature?.union.value?.bytes ?? new Uint8Array()), out.text('compact'), 'signature inside the legacy key');
  const signed = toSignedKey(legacy, 'identity');
  sameBytes(signedBytes(signed), out, 'signedPublicKey');
  sameBytes(legacyBytes(toLegacyKey(signed)), out, 'legacyPublicKey');
  same(walletOfLegacyKey(legacy), out.text('address'), 'address of the legacy form');
  same(walletOfSignedKey(signed), out.text('address'), 'address of the signed form');
};

/** A wallet's answer, whichever way it counts its last byte. */
const readWalletSignature = ({ in: given, out }: Vector): void => {
  const walletSignature = given.bytes('walletSignature');
  sameSplit(walletSignature, out);
  const text = createIdentityText(given.bytes('identityPublicKeyUnsigned'));
  same(recoverSigner(text, walletSignature), out.text('address'), 'address');
};

const sameSplit = (walletSignature: Uint8Array, out: Fields): void => {
  const { bytes, recovery } = splitWalletSignature(walletSignature);
  sameBytes(bytes, out, 'compact');
  same(recovery, out.raw('recovery'), 'recovery');
};

const convertLegacy = ({ in: given, out }: Vector): void => {
  const key = legacyKey(given, 'publicKey');
  same(walletOfLegacyKey(key), out.text('address'), 'address');
  const signed = toSignedKey(key, 'identity');
  same(walletOfSignedKey(signed), out.text('address'), 'address of the converted key');
  const back = legacyBytes(toLegacyKey(signed));
  if (out.has('normalisedPublicKey')) sameBytes(back, out, 'normalisedPublicKey');
  if (out.has('backToLegacy')) sameBytes(back, out, 'backToLegacy');
  if (!out.has('signedPublicKey')) return;
  sameBytes(signedBytes(signed), out, 'signedPublicKey');
  sameReading(signed, out, 'createdNsFieldValue');
};

const readNative = async ({ in: given, out }: Vector): Promise<void> => {
  const key = signedKey(given, 'signedPublicKey');
  sameReading(key, out, 'createdNs');
  same(createIdentityText(key.keyBytes), out.text('signatureText'), 'signatureText');
  same(walletOfSignedKey(key), out.text('address'), 'address');
  if (out.fields('toLegacyKey').flag('ok')) toLegacyKey(key);
  else await mustRefuse(() => toLegacyKey(key));
};

const sameReading = (key: SignedPublicKey, out: Fields, createdName: string): void => {
  const read = readSignedKey(key);
  sameBytes(read.keyBytes, out, 'keyBytes');
  same(String(read.created), out.text(createdName), createdName);
  same(String(keyTimeToMs(read.created)), out.text('timestampMs'), 'timestampMs');
  same(isFromLegacy(read), out.flag('isFromLegacyKey'), 'isFromLegacyKey');
};

const signPreKey = ({ in: given, out }: Vector): void => {
  const digest = sha256(given.bytes('preKeyUnsigned'));
  sameBytes(digest, out, 'digest');
  const identityPrivateKey = given.bytes('identityPrivateKey');
  const { bytes, recovery } = sign(digest, identityPrivateKey);
  sameBytes(bytes, out, 'bytes');
  same(recovery, out.raw('recovery'), 'recovery');
  const preKey = legacyKey(out, 'signedPreKey');
  const { case: kind, value } = preKey.signature?.union ?? {};
  same({ kind, bytes: toHex(value?.bytes ?? new Uint8Array()) }, { kind: out.text('kind'), bytes: toHex(bytes) }, 'signature');
  sameBytes(readLegacyKey(preKey).keyBytes, given, 'preKeyUnsigned');
  const verifies = verifyPreKey(readLegacyKey(preKey), toSignedKey(preKey, 'pre-key').signature, publicPoint(identityPrivateKey));
  same(verifies, out.flag('verifies'), 'verifies');
};

/** Recovers the wallet of a key in either format, and compares it with who it is said to be. */
const recoverWallet = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const recovering = () =>
    given.has('publicKey') ? walletOfLegacyKey(legacyKey(given, 'publicKey')) : walletOfSignedKey(signedKey(given, 'signedPublicKey'));
  if (vector.refused) {
    await mustRefuse(recovering);
    return;
  }
  const address = recovering();
  same(address, out.text('address'), 'address');
  same(address === given.text('claimedAddress'), out.flag('matchesClaim'), 'matchesClaim');
};

/** Takes identity key and pre-key in as one bundle. */
const verifyChain = async ({ in: given, out }: Vector): Promise<void> => {
  const bundle = create(PublicKeyBundleSchema, { identityKey: legacyKey(given, 'identityKey'), preKey: legacyKey(given, 'preKey') });
  if (out.flag('verifies')) verifyBundle(bundle);
  else same((await mustRefuse(() => verifyBundle(bundle))).reason, 'bad-signature', 'reason');
};

export const identity: readonly Check[] = [
  { needs: ['walletPrivateKey', 'identityPublicKey', 'timestampMs'], run: createIdentity },
  { needs: ['identityPublicKeyUnsigned', 'walletSignature'], run: readWalletSignature },
  { needs: ['identityPrivateKey', 'preKeyUnsigned'], run: signPreKey },
  { needs: ['identityKey', 'preKey'], run: verifyChain },
  { needs: ['publicKey', 'claimedAddress'], run: recoverWallet },
  { needs: ['signedPublicKey', 'claimedAddress'], run: recoverWallet },
  { needs: ['publicKey'], run: convertLegacy },
  { needs: ['signedPublicKey'], run: readNative },
];
