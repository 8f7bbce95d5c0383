import type { Address } from '../protocol/address.ts';
import { fromBase64, fromUtf8, toBase64, utf8 } from '../protocol/bytes.ts';
import { addressOfBundle, encodePrivateBundle, type PrivateBundle, reopenPrivateBundle } from '../protocol/private-keys.ts';
import { KeystoreError } from './errors.ts';
import { type Wallet, walletOfKey } from './wallet.ts';
import type { BackupSeal } from './wallet-identity.ts';

/** The keys of an account. */
export interface AccountSecrets {
  /** Null where the wallet stays outside. */
  readonly wallet: Wallet | null;
  readonly bundle: PrivateBundle;
  /** Identities of this wallet before the present one: what was said to them stays readable. */
  readonly former: readonly PrivateBundle[];
  /** For a wallet outside: what its backup on the network is sealed by, if it has one that is known here. */
  readonly seal: BackupSeal | null;
}

/** How an account looks to its owner. */
export interface AccountLook {
  /** Up to 40 characters; empty: none. */
  readonly name: string;
  /** One of `accountColors`, by its place; null: that of the address. */
  readonly color: number | null;
}

/** An account as the vault seals it. */
export interface AccountEntry extends AccountSecrets, AccountLook {
  /** What seals its rows on the disk, 32 bytes; null for the first account of a vault, whose rows the data key of the vault seals. */
  readonly key: Uint8Array | null;
}

interface Packed {
  readonly wallet: {
    readonly key: string;
    readonly entropy: string | null;
    readonly path?: string | null;
    readonly extraWord?: boolean;
  } | null;
  readonly bundle: string;
  readonly former?: readonly string[];
  readonly seal?: { readonly preKey: string; readonly signature: string } | null;
  readonly key?: string | null;
  readonly name?: string;
  readonly color?: number | null;
}

/** What the vault seals. A wallet's key stands beside the words it follows from: deriving it anew takes a hundred milliseconds at every start. */
export const encodeBody = (accounts: readonly AccountEntry[]): Uint8Array => utf8(JSON.stringify({ accounts: accounts.map(pack) }));

/** Reads the body of a vault of either format; what it holds was checked when it came in, and is checked again key by key when one is used. @throws KeystoreError vault-corrupt when it does not hold the keys of these accounts, in this order */
export function decodeBody(body: Uint8Array, expected: readonly Address[]): AccountEntry[] {
  const read = JSON.parse(fromUtf8(body)) as Packed | { readonly accounts: readonly Packed[] };
  const accounts = ('accounts' in read ? read.accounts : [read]).map(unpack);
  const whole =
    accounts.length === expected.length &&
    accounts.every(
      ({ wallet, bundle }, i) => (wallet === null || wallet.address === expected[i]) && addressOfBundle(bundle) === expected[i],
    );
  if (!whole) throw new KeystoreError('vault-corrupt', 'the vault holds the keys of another account');
  return accounts;
}

function pack({ wallet, bundle, former, seal, key, name, color }: AccountEntry): Packed {
  const encoded = (each: PrivateBundle): string => toBase64(encodePrivateBundle(each));
  return {
    wallet: wallet && {
      key: toBase64(wallet.key),
      entropy: wallet.entropy && toBase64(wallet.entropy),
      path: wallet.path,
      extraWord: wallet.extraWord,
    },
    bundle: encoded(bundle),
    former: former.map(encoded),
    seal: seal && { preKey: toBase64(seal.walletPreKey), signature: toBase64(seal.signature) },
    key: key && toBase64(key),
    name,
    color,
  };
}

function unpack({ wallet, bundle, former = [], seal = null, key = null, name = '', color = null }: Packed): AccountEntry {
  const decoded = (text: string): PrivateBundle => reopenPrivateBundle(fromBase64(text));
  const entropy = wallet?.entropy ? fromBase64(wallet.entropy) : null;
  return {
    wallet: wallet && walletOfKey(fromBase64(wallet.key), entropy, wallet.path ?? null, wallet.extraWord ?? false),
    bundle: decoded(bundle),
    former: former.map(decoded),
    seal: seal && { walletPreKey: fromBase64(seal.preKey), signature: fromBase64(seal.signature) },
    key: key === null ? null : fromBase64(key),
    name,
    color,
  };
}
