import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { TokenSchema } from '../../src/gen/xmtp/message_api/v1/authn_pb.ts';
import { createAuthToken, verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { fromBase64, toBase64 } from '../../src/protocol/bytes.ts';
import { keccak256 } from '../../src/protocol/hash.ts';
import { signByIdentity } from '../../src/protocol/private-keys.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const nowMs = Date.UTC(2024, 0, 2);
const minute = 60_000;
const at = (ms: number): string => createAuthToken(alice.bundle, () => ms);

test('a node learns from a token whose it is and when it was made', () => {
  expect(verifyAuthToken(at(nowMs), { nowMs })).toEqual({ address: alice.address, createdMs: nowMs });
});

test('a token counts for an hour to the millisecond, or as long as the node says', async () => {
  expect(verifyAuthToken(at(nowMs - 60 * minute), { nowMs }).createdMs).toBe(nowMs - 60 * minute);
  await refused('wrong-time', () => verifyAuthToken(at(nowMs - 60 * minute - 1), { nowMs }));
  await refused('wrong-time', () => verifyAuthToken(at(nowMs - minute - 1), { nowMs, maxAgeMs: minute }));
});

test('a token from the future is refused beyond a small skew', async () => {
  expect(verifyAuthToken(at(nowMs + 5 * minute), { nowMs }).createdMs).toBe(nowMs + 5 * minute);
  await refused('wrong-time', () => verifyAuthToken(at(nowMs + 5 * minute + 1), { nowMs }));
  await refused('wrong-time', () => verifyAuthToken(at(nowMs + 1), { nowMs, maxFutureMs: 0 }));
  await refused('wrong-time', () => verifyAuthToken(at(4_000_000_000_000), { nowMs }));
});

test('one person’s data under another’s key is refused', async () => {
  const token = fromBinary(TokenSchema, fromBase64(at(nowMs)));
  const bobs = fromBinary(TokenSchema, fromBase64(createAuthToken(bob.bundle, () => nowMs)));
  const text = (parts: Partial<typeof token>): string => toBase64(toBinary(TokenSchema, { ...token, ...parts }));
  await refused('bad-signature', () => verifyAuthToken(text({ identityKey: bobs.identityKey }), { nowMs }));
  await refused('bad-signature', () => verifyAuthToken(text({ authDataBytes: bobs.authDataBytes }), { nowMs }));
  const bobsData = signByIdentity(alice.bundle, keccak256(bobs.authDataBytes));
  Object.assign(token.authDataSignature?.union.value ?? {}, bobsData);
  await refused('wrong-sender', () => verifyAuthToken(text({ authDataBytes: bobs.authDataBytes }), { nowMs }));
  await refused('malformed', () => verifyAuthToken(text({ authDataBytes: new Uint8Array(0) }), { nowMs }));
});

test.each(['', 'no base64!', 'AAAA', '////', at(nowMs).slice(0, 100)])('refuses %j', (text) =>
  refused('malformed', () => verifyAuthToken(text, { nowMs })),
);
