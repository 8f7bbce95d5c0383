import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenSchema } from '../../src/gen/xmtp/message_api/v1/authn_pb.ts';
import { createAuthToken, verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { fromBase64, toBase64 } from '../../src/protocol/bytes.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const nowMs = 1_700_000_000_000;
const hour = 3_600_000;
const token = createAuthToken(alice.bundle, () => nowMs);

test('a token names the wallet that made it and when', () => {
  expect(verifyAuthToken(token, { nowMs })).toEqual({ address: alice.address, createdMs: nowMs });
});

test('a token counts for exactly one hour', async () => {
  verifyAuthToken(token, { nowMs: nowMs + hour });
  await refused('wrong-time', () => verifyAuthToken(token, { nowMs: nowMs + hour + 1 }));
  await refused('wrong-time', () => verifyAuthToken(token, { nowMs: nowMs + 1001, maxAgeMs: 1000 }));
});

test('a token from the future is refused, but for a small difference of clocks', async () => {
  verifyAuthToken(token, { nowMs: nowMs - 60_000 });
  await refused('wrong-time', () => verifyAuthToken(token, { nowMs: nowMs - hour }));
  verifyAuthToken(token, { nowMs: nowMs - 10, maxFutureMs: 10 });
  await refused('wrong-time', () => verifyAuthToken(token, { nowMs: nowMs - 11, maxFutureMs: 10 }));
});

test('a token under the identity key of somebody else is refused', async () => {
  const { authDataBytes, authDataSignature } = fromBinary(TokenSchema, fromBase64(token));
  const { identityKey } = fromBinary(TokenSchema, fromBase64(createAuthToken(bob.bundle, () => nowMs)));
  if (identityKey === undefined || authDataSignature === undefined) throw new Error('the token is incomplete');
  const mixed = toBinary(TokenSchema, create(TokenSchema, { identityKey, authDataBytes, authDataSignature }));
  await refused('bad-signature', () => verifyAuthToken(toBase64(mixed), { nowMs }));
});

test.each(['', '!', 'Bearer abc', 'AAAA', `${token}?`])('"%s" is refused as malformed', async (text) => {
  await refused('malformed', () => verifyAuthToken(text, { nowMs }));
});

test('any changed bit of a token is refused, or leaves wallet and time as they are', () => {
  const bytes = fromBase64(token);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (place, bit) => {
      const changed = bytes.slice();
      changed[place] = (changed[place] as number) ^ (1 << bit);
      let outcome: unknown;
      try {
        outcome = verifyAuthToken(toBase64(changed), { nowMs });
      } catch (error) {
        expect(error).toMatchObject({ name: 'ProtocolError' });
        return;
      }
      expect(outcome).toEqual({ address: alice.address, createdMs: nowMs });
    }),
    { numRuns: 200 },
  );
});
