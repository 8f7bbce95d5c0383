import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type PublicKey,
  type PublicKeyBundle,
  PublicKeyBundleSchema,
  PublicKeySchema,
  type SignedPublicKey,
  type SignedPublicKeyBundle,
  SignedPublicKeyBundleSchema,
  SignedPublicKeySchema,
  UnsignedPublicKeySchema,
} from '../gen/xmtp/message_contents/public_key_pb.ts';
import { type Signature, SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import { type Address, addressOf } from './address.ts';
import { equalBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { sha256 } from './hash.ts';
import { checkPoint, type EcdsaSignature, recover, verify } from './secp256k1.ts';
import { keyTimeToMs } from './time.ts';
import { createIdentityText, personalDigest } from './wallet-signature.ts';

/** A bundle whose chain holds: the wallet signed the identity key, the identity key signed the pre-key (SPEC 3.7). */
export interface VerifiedBundle {
  readonly address: Address;
  /** 65 bytes. */
  readonly identityKey: Uint8Array;
  /** 65 bytes. */
  readonly preKey: Uint8Array;
  readonly preKeyCreatedMs: number;
  readonly signed: SignedPublicKeyBundle;
  /** Absent for keys that were born in the signed format. */
  readonly legacy?: PublicKeyBundle;
}

/** One key after its shape is checked: what is signed, the point, the time as it stands on the wire. */
export interface ReadKey {
  readonly keyBytes: Uint8Array;
  readonly point: Uint8Array;
  readonly created: bigint;
}

/** Checks shape and chain of a bundle in either format. A chain that held once is remembered by its bytes. @throws ProtocolError */
export function verifyBundle(bundle: SignedPublicKeyBundle | PublicKeyBundle): VerifiedBundle {
  const given = bundle.$typeName === 'xmtp.message_contents.PublicKeyBundle' ? toSignedBundle(bundle) : bundle;
  const again = recent.find(({ signed }) => isSameChain(signed, given));
  if (again) return again;
  const name = nameOf(given);
  const known = name === null ? undefined : verified.get(name);
  if (known && name !== null) {
    verified.delete(name);
    verified.set(name, known); // the last place is the most recent
    note(known);
    return known;
  }

  // A copy: what is remembered must neither change with the caller's bytes nor keep the whole envelope around them alive.
  const signed = copyOf(given);
  const { identityKey, preKey } = signed;
  if (!identityKey) throw new ProtocolError('malformed', 'the bundle has no identity key');
  if (!preKey) throw new ProtocolError('malformed', 'the bundle has no pre-key');
  const identity = readSignedKey(identityKey);
  const pre = readSignedKey(preKey);
  const address = walletOfSignedKey(identityKey, identity);
  if (!verifyPreKey(pre, preKey.signature, identity.point))
    throw new ProtocolError('bad-signature', 'the pre-key is not signed by the identity key');
  const result: VerifiedBundle = {
    address,
    identityKey: identity.point,
    preKey: pre.point,
    preKeyCreatedMs: keyTimeToMs(pre.created),
    signed,
    ...(isFromLegacy(identity) &&
      isFromLegacy(pre) && {
        legacy: create(PublicKeyBundleSchema, { identityKey: legacyForm(identityKey, identity), preKey: legacyForm(preKey, pre) }),
      }),
  };
  if (name === null) return result;
  if (verified.size >= maxVerified) verified.delete(verified.keys().next().value as string);
  verified.set(name, result);
  note(result);
  return result;
}

function copyOf({ identityKey, preKey }: SignedPublicKeyBundle): SignedPublicKeyBundle {
  const copy = (key: SignedPublicKey | undefined): SignedPublicKey | undefined =>
    key &&
    create(SignedPublicKeySchema, { keyBytes: key.keyBytes.slice(), ...(key.signature && { signature: copyOfSignature(key.signature) }) });
  const [identity, pre] = [copy(identityKey), copy(preKey)];
  return create(SignedPublicKeyBundleSchema, { ...(identity && { identityKey: identity }), ...(pre && { preKey: pre }) });
}

function copyOfSignature({ union: { case: member, value } }: Signature): Signature {
  const copied = value && { bytes: value.bytes.slice(), recovery: value.recovery };
  return create(SignatureSchema, { union: member && copied ? { case: member, value: copied } : { case: undefined } });
}

/** Bundles that held, by their very bytes; the least recently used goes first. What failed is not remembered. */
const verified = new Map<string, VerifiedBundle>();
const maxVerified = 4096;

/** The senders of a conversation are the same few: to compare is cheaper than to name. */
const recent: VerifiedBundle[] = [];
const mostRecent = 4;

function note(bundle: VerifiedBundle): void {
  recent.unshift(bundle);
  if (recent.length > mostRecent) recent.pop();
}

const isSameChain = (a: SignedPublicKeyBundle, b: SignedPublicKeyBundle): boolean =>
  isSameKey(a.preKey, b.preKey) && isSameKey(a.identityKey, b.identityKey);

function isSameKey(a: SignedPublicKey | undefined, b: SignedPublicKey | undefined): boolean {
  const [left, right] = [a?.signature?.union, b?.signature?.union];
  return (
    a !== undefined &&
    b !== undefined &&
    left?.value !== undefined &&
    left.case === right?.case &&
    left.value.recovery === right.value.recovery &&
    equalBytes(left.value.bytes, right.value.bytes) &&
    equalBytes(a.keyBytes, b.keyBytes)
  );
}

/** Every byte that the chain stands on, and where one part ends; null for what cannot hold. */
function nameOf({ identityKey, preKey }: SignedPublicKeyBundle): string | null {
  let name = '';
  for (const key of [identityKey, preKey]) {
    const union = key?.signature?.union;
    if (!key || !union?.value || key.keyBytes.length > maxKeyLength || union.value.bytes.length !== 64) return null;
    const { bytes, recovery } = union.value;
    name += `${union.case} ${recovery} ${key.keyBytes.length} ${textOf(key.keyBytes)}${textOf(bytes)}`;
  }
  return name;
}

/** Bytes as a text of as many characters. */
const textOf = (bytes: Uint8Array): string => String.fromCharCode.apply(null, bytes as unknown as number[]);

/** Bytes that a key may have; a time and a point need 80. */
const maxKeyLength = 256;

/** Legacy to signed: the bytes to sign are kept, the wallet's signature changes its place (SPEC 3.5). @throws ProtocolError malformed */
export function toSignedBundle(bundle: PublicKeyBundle): SignedPublicKeyBundle {
  if (!bundle.identityKey) throw new ProtocolError('malformed', 'the bundle has no identity key');
  if (!bundle.preKey) throw new ProtocolError('malformed', 'the bundle has no pre-key');
  return create(SignedPublicKeyBundleSchema, {
    identityKey: toSignedKey(bundle.identityKey, 'identity'),
    preKey: toSignedKey(bundle.preKey, 'pre-key'),
  });
}

/** Signed to legacy, for keys that came from there (SPEC 3.5). @throws ProtocolError unsupported, malformed */
export function toLegacyBundle(bundle: SignedPublicKeyBundle): PublicKeyBundle {
  if (!bundle.identityKey) throw new ProtocolError('malformed', 'the bundle has no identity key');
  if (!bundle.preKey) throw new ProtocolError('malformed', 'the bundle has no pre-key');
  return create(PublicKeyBundleSchema, { identityKey: toLegacyKey(bundle.identityKey), preKey: toLegacyKey(bundle.preKey) });
}

/** @throws ProtocolError malformed */
export function toSignedKey(key: PublicKey, role: 'identity' | 'pre-key'): SignedPublicKey {
  const { keyBytes } = readLegacyKey(key);
  const signature = key.signature && readSignature(key.signature);
  if (!signature) throw new ProtocolError('malformed', 'the key is not signed');
  const union =
    role === 'identity'
      ? ({ case: 'walletEcdsaCompact', value: signature } as const)
      : ({ case: 'ecdsaCompact', value: signature } as const);
  return create(SignedPublicKeySchema, { keyBytes, signature: create(SignatureSchema, { union }) });
}

/** @throws ProtocolError unsupported (the key was never legacy), malformed */
export const toLegacyKey = (key: SignedPublicKey): PublicKey => legacyForm(key, readSignedKey(key));

function legacyForm(key: SignedPublicKey, read: ReadKey): PublicKey {
  if (!isFromLegacy(read)) throw new ProtocolError('unsupported', 'a key of the signed format has no legacy form');
  if (!key.signature) throw new ProtocolError('malformed', 'the key is not signed');
  return create(PublicKeySchema, {
    timestamp: read.created,
    signature: create(SignatureSchema, { union: { case: 'ecdsaCompact', value: readSignature(key.signature) } }),
    union: { case: 'secp256k1Uncompressed', value: { bytes: read.point } },
  });
}

/** Whether a key of the signed format was converted from the legacy one: its time is in milliseconds (SPEC 3.4). */
export const isFromLegacy = (key: ReadKey): boolean => key.created < 10n ** 18n;

/** @throws ProtocolError malformed */
export function readSignedKey(key: SignedPublicKey): ReadKey {
  if (key.keyBytes.length > maxKeyLength) throw new ProtocolError('too-large', 'the public key has too many bytes');
  const usual = readUsual(key.keyBytes);
  if (usual) {
    checkPoint(usual.point);
    return usual;
  }
  let unsigned: ReturnType<typeof decodeUnsigned>;
  try {
    unsigned = decodeUnsigned(key.keyBytes);
  } catch (cause) {
    throw new ProtocolError('malformed', 'the public key does not parse', { cause });
  }
  // Identity keys sign other things by the same kind of digest (SPEC 10.11); only the one encoding of a key is sure to have been meant as a key.
  if (!equalBytes(toBinary(UnsignedPublicKeySchema, unsigned), key.keyBytes))
    throw new ProtocolError('malformed', 'the public key is not in its canonical encoding');
  return { keyBytes: key.keyBytes, point: pointOf(unsigned), created: unsigned.createdNs };
}

/**
 * The key that everybody writes, in its canonical encoding: a time other than zero and a point of 65 bytes. It is read by hand, because every invitation holds four. Null
 * for any other, which the general reader judges.
 */
function readUsual(bytes: Uint8Array): ReadKey | null {
  const end = bytes.length - 69;
  // Nine groups of seven bits hold every number below 2^63, and the sums below no more than 2^28 and 2^35.
  if (end < 2 || end > 10 || bytes[0] !== 0x08 || bytes[end - 1] === 0) return null;
  if (bytes[end] !== 0x1a || bytes[end + 1] !== 67 || bytes[end + 2] !== 0x0a || bytes[end + 3] !== 65) return null;
  let [low, high] = [0, 0];
  for (let i = 1; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte > 127 !== i < end - 1) return null;
    if (i < 5) low += (byte & 127) * 2 ** (7 * (i - 1));
    else high += (byte & 127) * 2 ** (7 * (i - 5));
  }
  return { keyBytes: bytes, point: bytes.subarray(end + 4), created: (BigInt(high) << 28n) + BigInt(low) };
}

/** The bytes to sign of a legacy key are its canonical encoding without the signature (SPEC 3.3). @throws ProtocolError malformed */
export function readLegacyKey(key: PublicKey): ReadKey {
  return legacyKeyOf(key.timestamp, pointOf(key));
}

/** A legacy key that nobody has signed yet. */
export const legacyKeyOf = (timestampMs: bigint, point: Uint8Array): ReadKey => ({
  keyBytes: toBinary(
    UnsignedPublicKeySchema,
    create(UnsignedPublicKeySchema, { createdNs: timestampMs, union: { case: 'secp256k1Uncompressed', value: { bytes: point } } }),
  ),
  point,
  created: timestampMs,
});

/** The wallet that signed an identity key of the signed format; only the wallet's member counts (SPEC 3.6). @throws ProtocolError */
export function walletOfSignedKey(key: SignedPublicKey, read?: ReadKey): Address {
  if (key.signature?.union.case !== 'walletEcdsaCompact') throw new ProtocolError('bad-signature', 'the key is not signed by a wallet');
  return walletOf(read ?? readSignedKey(key), readSignature(key.signature));
}

/** The wallet that signed a legacy identity key; either member counts (SPEC 3.6). @throws ProtocolError */
export function walletOfLegacyKey(key: PublicKey): Address {
  if (!key.signature) throw new ProtocolError('malformed', 'the key is not signed');
  return walletOf(readLegacyKey(key), readSignature(key.signature));
}

/** Whether a pre-key's `ecdsa_compact` signature is the identity key's; high s is refused, the recovery bit is not looked at. */
export function verifyPreKey(preKey: ReadKey, signature: Signature | undefined, identityPoint: Uint8Array): boolean {
  return signature?.union.case === 'ecdsaCompact' && verify(sha256(preKey.keyBytes), readSignature(signature), identityPoint);
}

/** r, s and recovery bit of either member. @throws ProtocolError bad-signature */
export function readSignature(signature: Signature): EcdsaSignature {
  const { value } = signature.union;
  if (value?.bytes.length !== 64 || value.recovery > 1)
    throw new ProtocolError('bad-signature', 'a signature is 64 bytes and a recovery bit of 0 or 1');
  return { bytes: value.bytes, recovery: value.recovery };
}

const walletOf = (key: ReadKey, signature: EcdsaSignature): Address =>
  addressOf(recover(personalDigest(createIdentityText(key.keyBytes)), signature));

const decodeUnsigned = (bytes: Uint8Array) => fromBinary(UnsignedPublicKeySchema, bytes, { readUnknownFields: false });

function pointOf(key: { readonly union: PublicKey['union'] | ReturnType<typeof decodeUnsigned>['union'] }): Uint8Array {
  if (key.union.case !== 'secp256k1Uncompressed') throw new ProtocolError('malformed', 'the public key is missing');
  checkPoint(key.union.value.bytes);
  return key.union.value.bytes;
}
