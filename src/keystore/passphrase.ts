import { argon2id } from 'hash-wasm';
import { utf8 } from '../protocol/bytes.ts';
import { KeystoreError } from './errors.ts';

/** What Argon2id costs: memory in KiB, passes, lanes. */
export interface KdfCost {
  readonly m: number;
  readonly t: number;
  readonly p: number;
}

export const defaultCost: KdfCost = { m: 65_536, t: 3, p: 1 };

/** Parameters below this are refused when read: somebody may have written them to make guessing cheap. */
const floor = { m: 19_456, t: 2, strongM: 47_104 };
const ceiling = { m: 1_048_576, t: 10, p: 4 };

/** Whether a derivation is neither too cheap to guess nor too dear to try. `accepted` always is good. */
export function withinBounds({ m, t, p }: KdfCost, accepted: KdfCost): boolean {
  if (m === accepted.m && t === accepted.t && p === accepted.p) return true;
  const weak = m < floor.m || t < 1 || (m < floor.strongM && t < floor.t);
  return !(weak || m > ceiling.m || t > ceiling.t || p < 1 || p > ceiling.p || ![m, t, p].every(Number.isSafeInteger));
}

/** Whether a derivation is cheaper than what is usual now, and dearer in nothing. */
export const isCheaper = (cost: KdfCost, usual: KdfCost): boolean =>
  cost.m <= usual.m && cost.t <= usual.t && (cost.m < usual.m || cost.t < usual.t);

/** @throws KeystoreError vault-foreign */
export function checkCost(cost: KdfCost, accepted: KdfCost): void {
  if (!withinBounds(cost, accepted)) throw new KeystoreError('vault-foreign', 'the vault asks for a key derivation outside of its bounds');
}

/** The key of 32 bytes that a passphrase stands for. The passphrase is normalised (NFKC), so that every keyboard writes the same. */
export async function deriveKey(passphrase: string, salt: Uint8Array, { m, t, p }: KdfCost): Promise<Uint8Array> {
  const password = utf8(passphrase.normalize('NFKC'));
  try {
    return await argon2id({ password, salt, memorySize: m, iterations: t, parallelism: p, hashLength: 32, outputType: 'binary' });
  } finally {
    password.fill(0);
  }
}

/**
 * A new passphrase is at least 12 characters long and none of those that are tried before all others: one or two characters over and over, a row of the
 * keyboard, the word password. @throws KeystoreError weak-passphrase
 */
export function checkPassphrase(passphrase: string): void {
  const text = passphrase.normalize('NFKC');
  if ([...text].length < 12) throw new KeystoreError('weak-passphrase', 'a passphrase is at least 12 characters long');
  const plain = text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  if (new Set(plain).size < 4 || isRow(plain) || worst.has(plain))
    throw new KeystoreError('weak-passphrase', 'this passphrase is among the first that anybody would try');
}

/** 123456789012, abcdefghijkl, qwertyuiopas and the like, in either direction. */
function isRow(text: string): boolean {
  const backwards = [...text].reverse().join('');
  return rows.some((row) => row.includes(text) || row.includes(backwards));
}

const rows = ['0123456789'.repeat(4), 'abcdefghijklmnopqrstuvwxyz'.repeat(2), 'qwertyuiopasdfghjklzxcvbnm', '1qaz2wsx3edc4rfv5tgb'];
const worst = new Set([
  'passwordpassword',
  'password1password',
  'passwordpassword1',
  'qwertyqwerty',
  'qwerty123456',
  'letmeinletmein',
  'iloveyouiloveyou',
]);
