import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { TokenSchema } from '../../../src/gen/xmtp/message_api/v1/authn_pb.ts';
import { PublicKeySchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { createAuthToken, verifyAuthToken } from '../../../src/protocol/auth-token.ts';
import { fromBase64, toBase64, toHex } from '../../../src/protocol/bytes.ts';
import { keccak256 } from '../../../src/protocol/hash.ts';
import { decodePrivateBundle } from '../../../src/protocol/private-keys.ts';
import { type Check, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

/** Makes the token at the given time, byte for byte, and takes it as a node would at that time. */
const make = (vector: Vector): void => {
  const { out } = vector;
  const timestampMs = Number(vector.in.long('timestampMs'));
  const token = createAuthToken(decodePrivateBundle(vector.in.bytes('privateKeyBundle')), () => timestampMs);
  same(`Bearer ${token}`, out.text('header'), 'header');
  sameBytes(fromBase64(token), out, 'token');
  const { identityKey, authDataBytes, authDataSignature } = fromBinary(TokenSchema, fromBase64(token));
  sameBytes(authDataBytes, out, 'authDataBytes');
  sameBytes(keccak256(authDataBytes), out, 'digest');
  if (identityKey !== undefined) sameBytes(toBinary(PublicKeySchema, identityKey), out, 'identityKey');
  const { case: kind, value } = authDataSignature?.union ?? {};
  same({ kind, bytes: value && toHex(value.bytes), recovery: value?.recovery }, out.raw('signature'), 'signature');
  const verified = verifyAuthToken(token, { nowMs: timestampMs });
  same(verified.address, out.text('walletAddr'), 'walletAddr');
  same(BigInt(verified.createdMs) * 1_000_000n, out.long('createdNs'), 'createdNs');
};

/** Judges a token as a node does. */
const judge = async (vector: Vector): Promise<void> => {
  const token = toBase64(vector.in.bytes('token'));
  const nowMs = Number(vector.in.long('nowMs'));
  if (!vector.refused) {
    same(verifyAuthToken(token, { nowMs }).address, vector.out.text('walletAddr'), 'walletAddr');
    return;
  }
  const { message } = await mustRefuse(() => verifyAuthToken(token, { nowMs }));
  if (vector.out.has('messageContains') && !message.includes(vector.out.text('messageContains')))
    throw new Error(`refused with "${message}", expected "${vector.out.text('messageContains')}"`);
};

export const authTokens: readonly Check[] = [
  { needs: ['privateKeyBundle', 'timestampMs'], run: make },
  { needs: ['token', 'nowMs'], run: judge },
];
