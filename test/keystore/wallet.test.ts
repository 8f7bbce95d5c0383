import { readFileSync } from 'node:fs';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import {
  generateWallet,
  keysOfSeed,
  type PathKind,
  pathKinds,
  phraseOf,
  privateKeyOf,
  readKey,
  readPath,
  readPhrase,
  seedOf,
  walletOfEntropy,
  walletsOfEntropy,
} from '../../src/keystore/wallet.ts';
import { fromHex, toHex } from '../../src/protocol/bytes.ts';

type Triple = [string, string, string];
const vectors = JSON.parse(readFileSync(new URL('bip-vectors.json', import.meta.url), 'utf8')) as { bip39: Triple[]; bip32: Triple[] };

const message = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof KeystoreError) return `${error.reason}: ${error.message}`;
    throw error;
  }
  return 'no error';
};

test('the vectors are all there', () => {
  expect([vectors.bip39.length, vectors.bip32.length]).toEqual([24, 12]);
});

test.each(vectors.bip39)('entropy %s has its published words and seed', (entropy, words, seed) => {
  expect(phraseOf({ entropy: fromHex(entropy) })).toBe(words);
  expect(toHex(readPhrase(words))).toBe(entropy);
  expect(toHex(seedOf(fromHex(entropy), 'TREZOR'))).toBe(seed);
});

test.each(vectors.bip32)('seed %s has at %s the published key', (seed, path, extended) => {
  // The last 32 bytes before the checksum of 4.
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let value = 0n;
  for (const letter of extended) value = value * 58n + BigInt(alphabet.indexOf(letter));
  const key = value.toString(16).padStart(164, '0').slice(-72, -8);
  expect(keysOfSeed(fromHex(seed), [path]).map(toHex)).toEqual([key]);
});

describe('the address of a phrase', () => {
  const { bip39 } = vectors;
  const kinds = Object.keys(pathKinds) as PathKind[];
  test.each(kinds)('is the one that viem has, at the %s paths', (kind) => {
    for (const [entropy, words] of [bip39[0], bip39[13], bip39[23]] as Triple[]) {
      const paths = [0, 1, 7, 19].map(pathKinds[kind]);
      const ours = walletsOfEntropy(fromHex(entropy), paths);
      expect(ours.map(({ address }) => address)).toEqual(
        paths.map((path) => mnemonicToAccount(words, { path: path as `m/44'/60'/${string}` }).address),
      );
      expect(ours.map(({ path }) => path)).toEqual(paths);
    }
  });

  test('is the one that viem has for its private key', () => {
    for (const key of ['11'.repeat(32), 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'])
      expect(readKey(key).address).toBe(privateKeyToAccount(`0x${key}`).address);
  });

  test('is another one with a passphrase of its own, and the wallet remembers that it needs it', () => {
    const entropy = new Uint8Array(16);
    const [plain, extra] = [walletOfEntropy(entropy), walletOfEntropy(entropy, pathKinds.standard(0), 'TREZOR')];
    expect(extra.address).not.toBe(plain.address);
    expect([plain.extraWord, extra.extraWord]).toEqual([false, true]);
    // Composed or not, the passphrase is the same one (BIP-39 wants NFKD).
    expect(walletOfEntropy(entropy, pathKinds.standard(0), 'é').address).toBe(
      walletOfEntropy(entropy, pathKinds.standard(0), 'e\u0301').address,
    );
  });
});

test('a new wallet has as many words as were wanted, and they bring it back', () => {
  for (const words of [12, 24] as const) {
    const wallet = generateWallet(undefined, words);
    const phrase = phraseOf(wallet) ?? '';
    expect(phrase.split(' ')).toHaveLength(words);
    expect(privateKeyOf(walletOfEntropy(readPhrase(phrase)))).toBe(privateKeyOf(wallet));
  }
});

test('what is wrong with a phrase is said by place, and never repeats a word', () => {
  const good = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
  expect(message(() => readPhrase(`  ${good.toUpperCase().replaceAll(' ', '\n')} `))).toBe('no error');
  expect(message(() => readPhrase('legal winner'))).toContain('not 2');
  expect(message(() => readPhrase(good.replace('year', 'yeer')))).toContain('word 4 ');
  expect(message(() => readPhrase(good.replace('year', 'zoo')))).toContain('do not belong together');
  for (const text of ['legal winner', good.replace('year', 'yeer'), good.replace('year', 'zoo')])
    expect(message(() => readPhrase(text))).not.toMatch(/legal|winner|yeer|zoo/);
});

test('what is wrong with a key is said', () => {
  for (const text of ['', '0x12', 'g'.repeat(64), '0'.repeat(64), 'f'.repeat(64)])
    expect(message(() => readKey(text))).toMatch(/^bad-secret/);
});

test('a path is read as wallets write it, and nothing else is one', () => {
  expect(readPath(' m/44h/60H/0’/0/0\n')).toBe("m/44'/60'/0'/0/0");
  for (const path of ['', 'm', 'm/', '44/60', "m/44'/x", 'm/2147483648', "m/44''/0", `m${'/0'.repeat(11)}`, 'm/-1'])
    expect(message(() => readPath(path))).toMatch(/^bad-path/);
});
