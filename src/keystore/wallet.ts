import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { type Address, addressOf } from '../protocol/address.ts';
import { fromHex, type Random, randomBytes, toHex } from '../protocol/bytes.ts';
import { isPrivateKey, publicPoint } from '../protocol/secp256k1.ts';
import { KeystoreError } from './errors.ts';

/** A wallet that the keystore holds. `entropy` is what its recovery phrase says, null for a wallet that was imported as a key. */
export interface Wallet {
  readonly key: Uint8Array;
  readonly entropy: Uint8Array | null;
  readonly address: Address;
}

const path = "m/44'/60'/0'/0/0";

/** A new wallet with a phrase of 12 words. */
export const generateWallet = (random: Random = randomBytes): Wallet => walletOfEntropy(random(16));

/** Takes a recovery phrase of 12 to 24 words or a private key in hex. @throws KeystoreError bad-secret */
export function readSecret(secret: string): Wallet {
  const text = secret.trim();
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) {
    const key = fromHex(text);
    if (!isPrivateKey(key)) throw new KeystoreError('bad-secret', 'this is no private key');
    return walletOfKey(key, null);
  }
  const phrase = text.normalize('NFKD').toLowerCase().split(/\s+/).join(' ');
  if (!validateMnemonic(phrase, wordlist)) throw new KeystoreError('bad-secret', 'this is neither a recovery phrase nor a private key');
  return walletOfEntropy(mnemonicToEntropy(phrase, wordlist));
}

function walletOfEntropy(entropy: Uint8Array): Wallet {
  const seed = mnemonicToSeedSync(entropyToMnemonic(entropy, wordlist));
  const { privateKey } = HDKey.fromMasterSeed(seed).derive(path);
  seed.fill(0);
  if (!privateKey) throw new KeystoreError('bad-secret', 'the phrase yields no key');
  return walletOfKey(privateKey, entropy);
}

export const walletOfKey = (key: Uint8Array, entropy: Uint8Array | null): Wallet => ({
  key,
  entropy,
  address: addressOf(publicPoint(key)),
});

export const phraseOf = ({ entropy }: Wallet): string | null => entropy && entropyToMnemonic(entropy, wordlist);

export const privateKeyOf = ({ key }: Wallet): string => `0x${toHex(key)}`;
