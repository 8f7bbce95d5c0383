import type { Address } from './address.ts';
import { createBreath } from './breath.ts';
import { concat, fromHex } from './bytes.ts';
import { sha512 } from './hash.ts';

/** Whose keys they are, and the identity key, 65 bytes. */
export interface SafetyParty {
  readonly address: Address;
  readonly identityKey: Uint8Array;
}

const version = Uint8Array.of(0, 0);
const rounds = 5200;
const groups = 6;

/**
 * Sixty digits that stand for the wallets and identity keys of two people, the same for both (docs/safety-numbers.md). Two who see the same number hold the
 * same keys of each other.
 */
export async function safetyNumber(one: SafetyParty, other: SafetyParty): Promise<string> {
  const halves = [await fingerprint(one.identityKey, fromHex(one.address)), await fingerprint(other.identityKey, fromHex(other.address))];
  return halves.sort().join('');
}

/** Thirty digits for a key and whose it is said to be. The repetition makes it dear to look for a key whose digits are nearly those of another. */
export async function fingerprint(key: Uint8Array, name: Uint8Array): Promise<string> {
  const breathe = createBreath();
  let hash: Uint8Array = concat(version, key, name);
  for (let round = 0; round < rounds; round += 1) {
    hash = sha512(hash, key);
    if (round % 256 === 0) await breathe();
  }
  return Array.from({ length: groups }, (_, group) => fiveDigits(hash.subarray(group * 5, group * 5 + 5))).join('');
}

/** Five bytes, the first the most significant, as a number of five digits. */
const fiveDigits = (bytes: Uint8Array): string => {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return String(value % 100_000).padStart(5, '0');
};
