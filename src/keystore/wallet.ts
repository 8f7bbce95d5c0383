import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { type Address, addressOf } from '../protocol/address.ts';
import { fromHex, type Random, randomBytes, toHex } from '../protocol/bytes.ts';
import { isPrivateKey, publicPoint } from '../protocol/secp256k1.ts';
import type { Why } from '../words/refusal.ts';
import { KeystoreError } from './errors.ts';

/** A wallet that the keystore holds. */
export interface Wallet {
  readonly key: Uint8Array;
  /** What its recovery phrase says; null for a wallet that was imported as a key. */
  readonly entropy: Uint8Array | null;
  /** How the key follows from the phrase (BIP-32); null without a phrase. */
  readonly path: string | null;
  /** Whether a passphrase of its own (BIP-39, the "25th word") went into the key: the words alone do not bring it back then. */
  readonly extraWord: boolean;
  readonly address: Address;
}

/** What wallets derive their accounts by; `index` counts from 0. */
export const pathKinds = {
  standard: (index: number): string => `m/44'/60'/0'/0/${index}`,
  'ledger-live': (index: number): string => `m/44'/60'/${index}'/0/0`,
  'ledger-old': (index: number): string => `m/44'/60'/0'/${index}`,
} as const;

export type PathKind = keyof typeof pathKinds;

export const firstPath = pathKinds.standard(0);

/** A new wallet with a phrase of 12 or 24 words. */
export const generateWallet = (random: Random = randomBytes, words: 12 | 24 = 12): Wallet =>
  walletOfEntropy(random(words === 12 ? 16 : 32));

/** Takes a private key in hex. @throws KeystoreError bad-secret */
export function readKey(text: string): Wallet {
  const hex = text.trim();
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(hex)) throw bad('bad-secret', 'a private key is 64 hexadecimal digits', 'refusals.privateKeyDigits');
  const key = fromHex(hex);
  if (!isPrivateKey(key)) throw bad('bad-secret', 'no wallet can have this number as its key', 'refusals.noSuchKey');
  return walletOfKey(key, null);
}

/** The entropy that a recovery phrase says. The errors name positions and never words. @throws KeystoreError bad-secret */
export function readPhrase(text: string): Uint8Array {
  const words = text.normalize('NFKD').toLowerCase().trim().split(/\s+/);
  if (![12, 15, 18, 21, 24].includes(words.length))
    throw bad('bad-secret', `a recovery phrase has 12, 15, 18, 21 or 24 words, not ${words.length}`, 'refusals.phraseLength', {
      number: words.length,
    });
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0)
    throw bad('bad-secret', `word ${unknown + 1} is not one that recovery phrases are made of`, 'refusals.unknownWord', {
      number: unknown + 1,
    });
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    throw bad('bad-secret', 'the words do not belong together: one of them is another one, or two changed places', 'refusals.wrongWords');
  }
}

/** @throws KeystoreError bad-path */
export function walletOfEntropy(entropy: Uint8Array, path = firstPath, extraWord = ''): Wallet {
  const [wallet] = walletsOfEntropy(entropy, [path], extraWord);
  return wallet as Wallet;
}

/** The wallets of one phrase at several paths: what costs, the seed, is made once. @throws KeystoreError bad-path */
export function walletsOfEntropy(entropy: Uint8Array, paths: readonly string[], extraWord = ''): Wallet[] {
  const wanted = paths.map(readPath);
  const seed = seedOf(entropy, extraWord);
  const keys = keysOfSeed(seed, wanted);
  seed.fill(0);
  return keys.map((key, index) => walletOfKey(key, entropy, wanted[index], extraWord !== ''));
}

/** The seed of BIP-39, 64 bytes. */
export const seedOf = (entropy: Uint8Array, extraWord = ''): Uint8Array =>
  mnemonicToSeedSync(entropyToMnemonic(entropy, wordlist), extraWord);

/** The private keys of BIP-32 at these paths. @throws KeystoreError bad-path */
export function keysOfSeed(seed: Uint8Array, paths: readonly string[]): Uint8Array[] {
  const root = HDKey.fromMasterSeed(seed);
  return paths.map((path) => {
    const { privateKey } = root.derive(path);
    if (!privateKey) throw bad('bad-path', 'the path yields no key', 'refusals.pathYieldsNothing');
    return privateKey;
  });
}

/** Reads a derivation path in the form that wallets show. @throws KeystoreError bad-path */
export function readPath(text: string): string {
  const path = text.trim().replace(/[hH’]/g, "'");
  const steps = path.split('/').slice(1);
  const good = /^m(\/\d{1,10}'?)+$/.test(path) && steps.length <= 10 && steps.every((step) => Number.parseInt(step, 10) < 2 ** 31);
  if (!good) throw bad('bad-path', "a derivation path looks like m/44'/60'/0'/0/0", 'refusals.pathForm');
  return path;
}

export const walletOfKey = (key: Uint8Array, entropy: Uint8Array | null, path: string | null = null, extraWord = false): Wallet => ({
  key,
  entropy,
  path: entropy && (path ?? firstPath),
  extraWord,
  address: addressOf(publicPoint(key)),
});

export const phraseOf = ({ entropy }: Pick<Wallet, 'entropy'>): string | null => entropy && entropyToMnemonic(entropy, wordlist);

export const privateKeyOf = ({ key }: Wallet): string => `0x${toHex(key)}`;

const bad = (reason: 'bad-secret' | 'bad-path', message: string, key: Why['key'], values: Why['values'] = {}): KeystoreError =>
  new KeystoreError(reason, message, { why: { key, values } });
