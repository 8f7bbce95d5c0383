import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AuthDataSchema, type Token, TokenSchema } from '../gen/xmtp/message_api/v1/authn_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import type { Address } from './address.ts';
import { fromBase64, toBase64 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { keccak256 } from './hash.ts';
import { addressOfBundle, legacyIdentityKey, type PrivateBundle, signByIdentity } from './private-keys.ts';
import { readLegacyKey, readSignature, walletOfLegacyKey } from './public-keys.ts';
import { verify } from './secp256k1.ts';
import { type Clock, msToNs, nsToMs, systemClock } from './time.ts';

/** How long a token counts, and how far a node's clock may be behind its maker's. */
const hourMs = 3_600_000;
const skewMs = 300_000;

/** The token that lets its bearer publish as this wallet for an hour, in base64 (SPEC 14.1). */
export function createAuthToken(bundle: PrivateBundle, clock: Clock = systemClock): string {
  const authDataBytes = toBinary(
    AuthDataSchema,
    create(AuthDataSchema, { walletAddr: addressOfBundle(bundle), createdNs: msToNs(clock()) }),
  );
  const signature = signByIdentity(bundle, keccak256(authDataBytes));
  const token = create(TokenSchema, {
    identityKey: legacyIdentityKey(bundle),
    authDataBytes,
    authDataSignature: create(SignatureSchema, { union: { case: 'ecdsaCompact', value: { ...signature } } }),
  });
  return toBase64(toBinary(TokenSchema, token));
}

/**
 * Checks a token in base64 as a node does, in the order and with the words of existing nodes (SPEC 14.2), and refuses dates ahead of the clock.
 * @throws ProtocolError malformed, bad-signature, wrong-sender (of another wallet), wrong-time
 */
export function verifyAuthToken(
  text: string,
  { nowMs, maxAgeMs = hourMs, maxFutureMs = skewMs }: { readonly nowMs: number; readonly maxAgeMs?: number; readonly maxFutureMs?: number },
): { readonly address: Address; readonly createdMs: number } {
  const { identityKey, authDataBytes, authDataSignature } = parse(text);
  if (!identityKey?.signature) throw new ProtocolError('malformed', 'missing identity key');
  const address = walletOfLegacyKey(identityKey);
  if (authDataBytes.length === 0) throw new ProtocolError('malformed', 'missing auth data');
  if (!authDataSignature) throw new ProtocolError('malformed', 'missing auth data signature');
  if (authDataSignature.union.case !== 'ecdsaCompact') throw new ProtocolError('bad-signature', 'unknown signature type');
  if (!verify(keccak256(authDataBytes), readSignature(authDataSignature), readLegacyKey(identityKey).point))
    throw new ProtocolError('bad-signature', 'invalid signature');
  const { walletAddr, createdNs } = decode(() => fromBinary(AuthDataSchema, authDataBytes, { readUnknownFields: false }), 'auth data');
  if (walletAddr !== address) throw new ProtocolError('wrong-sender', 'wallet address mismatch');
  const ageNs = msToNs(nowMs) - createdNs;
  if (ageNs > msToNs(maxAgeMs)) throw new ProtocolError('wrong-time', 'token expired');
  if (-ageNs > msToNs(maxFutureMs)) throw new ProtocolError('wrong-time', 'token from the future');
  return { address, createdMs: nsToMs(createdNs) };
}

const parse = (text: string): Token => decode(() => fromBinary(TokenSchema, fromBase64(text), { readUnknownFields: false }), 'token');

function decode<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch (cause) {
    throw new ProtocolError('malformed', `the ${what} does not parse`, { cause });
  }
}
