import { expect, test } from 'vitest';
import type { Address } from '../../src/protocol/address.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import {
  consentProof,
  consentProofText,
  decodeConsentProof,
  encodeConsentProof,
  maxConsentProofAgeMs,
  verifyConsentProof,
} from '../../src/protocol/consent-proof.ts';
import { signText } from '../../src/protocol/wallet-signature.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol, type Person } from '../support/people.ts';
import { refused } from './refused.ts';

const signedMs = Date.UTC(2023, 2, 31) + 111;
const prove = (signer: Person, sender: string, ms = signedMs) => consentProof(signText(consentProofText(sender, ms), signer.walletKey), ms);
const proof = prove(alice, bob.address);
const verify = (given = proof, nowMs = signedMs, sender: Address = bob.address) =>
  verifyConsentProof(given, { sender, receiver: alice.address }, () => nowMs);

test('the text tells time and sender, and ends without a line feed', () => {
  expect(consentProofText(bob.address, signedMs)).toBe(
    `XMTP : Grant inbox consent to sender\n\nCurrent Time: Fri, 31 Mar 2023 00:00:00 GMT\nFrom Address: ${bob.address}\n\nFor more info: https://xmtp.org/signatures/`,
  );
});

test('the receiver’s proof for a sender holds from the moment it was signed to the end of its thirtieth day', async () => {
  expect(verify()).toMatchObject({ sender: bob.address, signedMs });
  expect(verify(proof, signedMs + maxConsentProofAgeMs).signedMs).toBe(signedMs);
  await refused('wrong-time', () => verify(proof, signedMs + maxConsentProofAgeMs + 1));
  await refused('wrong-time', () => verify(proof, signedMs - 1));
});

test('another signer’s proof, and a proof for another sender or another spelling, are refused', async () => {
  await refused('wrong-sender', () => verify(prove(carol, bob.address)));
  await refused('wrong-sender', () => verify(prove(bob, bob.address)));
  await refused('wrong-sender', () => verify(proof, signedMs, carol.address));
  await refused('wrong-sender', () => verify(prove(alice, bob.address.toLowerCase())));
});

test('a time of another second does not fit the signature', async () => {
  await refused('wrong-sender', () => verify({ ...proof, timestamp: proof.timestamp + 1000n }, signedMs + 5000));
});

test('every form of one statement has the same id, another statement another', () => {
  const { id } = verify();
  expect(verify({ ...proof, timestamp: proof.timestamp - 111n }).id).toBe(id);
  const zeroOrOne = `${proof.signature.slice(0, -2)}0${Number.parseInt(proof.signature.slice(-2), 16) - 27}`;
  expect(verify({ ...proof, signature: zeroOrOne }).id).toBe(id);
  expect(verify(prove(alice, bob.address, signedMs - 1000)).id).not.toBe(id);
});

test('a proof that is incomplete, of another version or no signature at all is refused', async () => {
  await refused('malformed', () => verify({ ...proof, signature: '' }));
  await refused('malformed', () => verify({ ...proof, timestamp: 0n }));
  await refused('unsupported', () => verify({ ...proof, payloadVersion: 0 }));
  await refused('bad-signature', () => verify({ ...proof, signature: '0xzz' }));
  await refused('bad-signature', () => verify({ ...proof, signature: proof.signature.slice(0, -2) }));
  await refused('wrong-time', () => verify({ ...proof, timestamp: 2n ** 64n - 1n }));
});

test('the payload comes back as it was written', async () => {
  const signatures = fc.tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.constantFrom(0, 1, 27, 28));
  fc.assert(
    fc.property(signatures, fc.nat(), ([rs, v], ms) => {
      const made = consentProof(Uint8Array.of(...rs, v), ms);
      expect(decodeConsentProof(encodeConsentProof(made))).toEqual(made);
      expect(made).toMatchObject({ signature: `0x${toHex(rs)}${v % 27 === 0 ? '1b' : '1c'}`, timestamp: BigInt(ms), payloadVersion: 1 });
    }),
  );
  await refused('malformed', () => decodeConsentProof(Uint8Array.of(10, 9)));
  await refused('bad-signature', () => consentProof(new Uint8Array(64), 0));
});
