import { create } from '@bufbuild/protobuf';
import {
  type PrivateKey,
  PrivateKeyBundleSchema,
  type PrivateKeyBundleV1,
  PrivateKeyBundleV1Schema,
  PrivateKeySchema,
  type SignedPrivateKey,
} from '../gen/xmtp/message_contents/private_key_pb.ts';
import {
  type PublicKey,
  PublicKeySchema,
  type SignedPublicKey,
  SignedPublicKeyBundleSchema,
} from '../gen/xmtp/message_contents/public_key_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import type { Address } from './address.ts';
import { concat, equalBytes, type Random, randomBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { sha256 } from './hash.ts';
import {
  legacyKeyOf,
  readSignedKey,
  toLegacyKey,
  toSignedKey,
  type VerifiedBundle,
  verifyBundle,
  verifyPreKey,
  walletOfSignedKey,
} from './public-keys.ts';
import { type EcdsaSignature, generatePrivateKey, isPrivateKey, publicPoint, sharedPoints, sign } from './secp256k1.ts';
import { type Clock, keyTimeToMs, systemClock } from './time.ts';
import { createIdentityText, recoverSigner, splitWalletSignature } from './wallet-signature.ts';
import { encode, tryDecode } from './wire.ts';

/** A private key beside its signed public half. */
export interface KeyPair {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** 65 bytes. */
  readonly point: Uint8Array;
  readonly publicKey: SignedPublicKey;
}

/** An identity key and all its pre-keys, newest first. Only `protocol` and `keystore` look inside. */
export interface PrivateBundle {
  readonly identity: KeyPair;
  readonly preKeys: readonly [KeyPair, ...KeyPair[]];
}

/** An identity key that waits for the wallet's signature. */
export interface IdentityDraft {
  readonly secret: Uint8Array;
  readonly point: Uint8Array;
  readonly timestampMs: number;
}

/** Generates an identity key and the text that the wallet has to sign for it (SPEC 3.2). */
export function draftIdentity(
  clock: Clock = systemClock,
  random: Random = randomBytes,
): { readonly draft: IdentityDraft; readonly text: string } {
  const secret = generatePrivateKey(random);
  const draft = { secret, point: publicPoint(secret), timestampMs: clock() };
  return { draft, text: identityText(draft.point, draft.timestampMs) };
}

/** The text that the wallet has to sign for an identity key. */
export const identityText = (point: Uint8Array, timestampMs: number): string =>
  createIdentityText(legacyKeyOf(BigInt(timestampMs), point).keyBytes);

/** Completes an identity with its first pre-key. @throws ProtocolError wrong-sender when another wallet than `expected` signed */
export function finishIdentity(
  draft: IdentityDraft,
  walletSignature65: Uint8Array,
  expected: Address,
  clock: Clock = systemClock,
  random: Random = randomBytes,
): PrivateBundle {
  const unsigned = legacyKeyOf(BigInt(draft.timestampMs), draft.point);
  if (recoverSigner(createIdentityText(unsigned.keyBytes), walletSignature65) !== expected)
    throw new ProtocolError('wrong-sender', 'the signature is not by the expected wallet');
  const publicKey = toSignedKey(legacyPublicKey(draft.timestampMs, draft.point, splitWalletSignature(walletSignature65)), 'identity');
  const identity: KeyPair = { secret: draft.secret, point: draft.point, publicKey };
  return { identity, preKeys: [generatePreKey(identity, clock, random)] };
}

/** The bundle with a new pre-key in front; the older ones stay for what was sealed to them (SPEC 3.8). */
export const rotatePreKey = (bundle: PrivateBundle, clock: Clock = systemClock, random: Random = randomBytes): PrivateBundle => ({
  identity: bundle.identity,
  preKeys: [generatePreKey(bundle.identity, clock, random), ...bundle.preKeys],
});

/** The bundle with the pre-keys of both, newest first: what two programs of one owner know together. @throws ProtocolError wrong-sender for another identity */
export function mergePreKeys(bundle: PrivateBundle, other: PrivateBundle): PrivateBundle {
  if (!equalBytes(bundle.identity.point, other.identity.point))
    throw new ProtocolError('wrong-sender', 'the pre-keys belong to another identity');
  const more = other.preKeys.filter(({ point }) => !bundle.preKeys.some((mine) => equalBytes(mine.point, point)));
  if (more.length === 0) return bundle;
  const createdMs = ({ publicKey }: KeyPair): number => keyTimeToMs(readSignedKey(publicKey).created);
  const [first, ...older] = [...bundle.preKeys, ...more].sort((a, b) => createdMs(b) - createdMs(a));
  return { identity: bundle.identity, preKeys: [first as KeyPair, ...older] };
}

/** The form that existing clients store and export: `PrivateKeyBundle.v1`. @throws ProtocolError unsupported for keys of the signed format */
export const encodePrivateBundle = (bundle: PrivateBundle): Uint8Array<ArrayBuffer> =>
  encode(PrivateKeyBundleSchema, create(PrivateKeyBundleSchema, { version: { case: 'v1', value: legacyPrivateBundle(bundle) } }));

/** The same without its wrapping, as a keystore tells it. @throws ProtocolError unsupported */
export const legacyPrivateBundle = (bundle: PrivateBundle): PrivateKeyBundleV1 =>
  create(PrivateKeyBundleV1Schema, { identityKey: toLegacyPrivateKey(bundle.identity), preKeys: bundle.preKeys.map(toLegacyPrivateKey) });

/** Reads an exported bundle of either version, or the bare legacy form, and checks every key against its public half and its chain. @throws ProtocolError */
export function decodePrivateBundle(bytes: Uint8Array): PrivateBundle {
  const { identity, preKeys } = parseBundle(bytes);
  checkIdentity(identity);
  for (const preKey of preKeys) checkPreKey(preKey, identity);
  return { identity, preKeys };
}

/**
 * Reads a bundle that was checked before its owner sealed it, where nobody else can have put another in its place: its shape is looked at now, a key is checked
 * as above when its secret is first used. Who has hundreds of pre-keys would wait for them at every start otherwise. @throws ProtocolError
 */
export function reopenPrivateBundle(bytes: Uint8Array): PrivateBundle {
  const { identity, preKeys } = parseBundle(bytes);
  const [first, ...older] = preKeys;
  const later = (preKey: KeyPair): KeyPair => checkedAtUse(preKey, () => checkPreKey(preKey, identity));
  return { identity: checkedAtUse(identity, () => checkIdentity(identity)), preKeys: [later(first), ...older.map(later)] };
}

function checkedAtUse({ secret, point, publicKey }: KeyPair, check: () => void): KeyPair {
  let checked = false;
  return {
    get secret() {
      if (!checked) check();
      checked = true;
      return secret;
    },
    point,
    publicKey,
  };
}

function checkIdentity(identity: KeyPair): void {
  checkPair(identity);
  walletOfSignedKey(identity.publicKey);
}

function checkPreKey(preKey: KeyPair, { point }: KeyPair): void {
  checkPair(preKey);
  if (!verifyPreKey(readSignedKey(preKey.publicKey), preKey.publicKey.signature, point))
    throw new ProtocolError('bad-signature', 'a pre-key is not signed by the identity key');
}

function checkPair({ secret, point }: KeyPair): void {
  if (!isPrivateKey(secret)) throw new ProtocolError('malformed', 'a private key is 32 bytes below the group order');
  if (!equalBytes(publicPoint(secret), point)) throw new ProtocolError('malformed', 'a private key does not match its public key');
}

/** What the owner shows to others: identity key and current pre-key. */
export const publicBundle = (bundle: PrivateBundle): VerifiedBundle =>
  verifyBundle(create(SignedPublicKeyBundleSchema, { identityKey: bundle.identity.publicKey, preKey: bundle.preKeys[0].publicKey }));

export const addressOfBundle = (bundle: PrivateBundle): Address => walletOfSignedKey(bundle.identity.publicKey);

/** The 195-byte secret between two bundles: three shared points, in the order of the role (SPEC 6). @throws ProtocolError unknown-key */
export function sharedSecret(
  bundle: PrivateBundle,
  peer: VerifiedBundle,
  ownPreKeyPoint: Uint8Array,
  role: 'initiator' | 'responder',
): Uint8Array<ArrayBuffer> {
  const preKey = bundle.preKeys.find(({ point }) => equalBytes(point, ownPreKeyPoint));
  if (!preKey) throw new ProtocolError('unknown-key', 'the pre-key is none of mine');
  const [mine, theirs, third] = sharedPoints([
    [bundle.identity.secret, peer.preKey],
    [preKey.secret, peer.identityKey],
    [preKey.secret, peer.preKey],
  ]) as [Uint8Array, Uint8Array, Uint8Array];
  return role === 'initiator' ? concat(mine, theirs, third) : concat(theirs, mine, third);
}

/** Signs a digest with the identity key. Callers pass digests that they computed from typed values, never a digest that they were handed. */
export const signByIdentity = (bundle: PrivateBundle, digest: Uint8Array): EcdsaSignature => sign(digest, bundle.identity.secret);

/** Signs a digest with the current pre-key; the same rule holds. */
export const signByPreKey = (bundle: PrivateBundle, digest: Uint8Array): EcdsaSignature => sign(digest, bundle.preKeys[0].secret);

/** The identity key in the legacy format, as a node's token wants it. @throws ProtocolError unsupported */
export const legacyIdentityKey = (bundle: PrivateBundle): PublicKey => toLegacyKey(bundle.identity.publicKey);

function generatePreKey(identity: KeyPair, clock: Clock, random: Random): KeyPair {
  const secret = generatePrivateKey(random);
  const point = publicPoint(secret);
  const timestampMs = clock();
  const signature = sign(sha256(legacyKeyOf(BigInt(timestampMs), point).keyBytes), identity.secret);
  return { secret, point, publicKey: toSignedKey(legacyPublicKey(timestampMs, point, signature), 'pre-key') };
}

const legacyPublicKey = (timestampMs: number, point: Uint8Array, signature: EcdsaSignature): PublicKey =>
  create(PublicKeySchema, {
    timestamp: BigInt(timestampMs),
    signature: create(SignatureSchema, { union: { case: 'ecdsaCompact', value: { ...signature } } }),
    union: { case: 'secp256k1Uncompressed', value: { bytes: point } },
  });

function toLegacyPrivateKey({ secret, publicKey }: KeyPair): PrivateKey {
  const legacy = toLegacyKey(publicKey);
  return create(PrivateKeySchema, {
    timestamp: legacy.timestamp,
    union: { case: 'secp256k1', value: { bytes: secret } },
    publicKey: legacy,
  });
}

function parseBundle(bytes: Uint8Array): PrivateBundle {
  const { version } = tryDecode(PrivateKeyBundleSchema, bytes) ?? {};
  // In the bare legacy form field 1 is a key, not a bundle: it has a public key where a bundle has pre-keys that lack everything.
  const bare = version?.case === 'v2' ? undefined : tryDecode(PrivateKeyBundleV1Schema, bytes);
  if (bare?.identityKey?.union.case === 'secp256k1' && bare.preKeys.length > 0) return legacyBundle(bare.identityKey, bare.preKeys);
  if (version?.case === 'v1') return legacyBundle(version.value.identityKey, version.value.preKeys);
  if (version?.case === 'v2')
    return wholeBundle(version.value.identityKey && signedPair(version.value.identityKey), version.value.preKeys.map(signedPair));
  throw new ProtocolError('malformed', 'not a private key bundle');
}

const legacyBundle = (identityKey: PrivateKey | undefined, preKeys: readonly PrivateKey[]): PrivateBundle =>
  wholeBundle(
    identityKey && legacyPair(identityKey, 'identity'),
    preKeys.map((key) => legacyPair(key, 'pre-key')),
  );

function wholeBundle(identity: KeyPair | undefined, [first, ...older]: readonly KeyPair[]): PrivateBundle {
  if (!identity) throw new ProtocolError('malformed', 'the bundle has no identity key');
  if (!first) throw new ProtocolError('malformed', 'the bundle has no pre-key');
  return { identity, preKeys: [first, ...older] };
}

function legacyPair(key: PrivateKey, role: 'identity' | 'pre-key'): KeyPair {
  if (key.union.case !== 'secp256k1' || !key.publicKey) throw new ProtocolError('malformed', 'a private key is incomplete');
  const publicKey = toSignedKey(key.publicKey, role);
  return { secret: key.union.value.bytes, point: readSignedKey(publicKey).point, publicKey };
}

function signedPair(key: SignedPrivateKey): KeyPair {
  if (key.union.case !== 'secp256k1' || !key.publicKey) throw new ProtocolError('malformed', 'a private key is incomplete');
  return { secret: key.union.value.bytes, point: readSignedKey(key.publicKey).point, publicKey: key.publicKey };
}
