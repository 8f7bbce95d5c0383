import type { Address } from '../protocol/address.ts';
import type { Random } from '../protocol/bytes.ts';
import type { Clock } from '../protocol/time.ts';
import type { OpenAccount } from './account-keys.ts';
import { Identity } from './identity.ts';
import type { NewAccount } from './new-account.ts';
import { SealedRecords } from './sealed-records.ts';
import { type AccountEntry, type AccountLook, type AccountSecrets, decodeBody, encodeBody } from './vault-body.ts';

/** An account of the vault while the keystore is open. */
export interface Account extends OpenAccount, AccountLook {
  readonly key: Uint8Array | null;
}

export type Accounts = ReadonlyMap<Address, Account>;

/** The accounts of a body, which is the caller's to clear. @throws KeystoreError vault-corrupt */
export function openAccounts(body: Uint8Array, addresses: readonly Address[], dataKey: Uint8Array, clock: Clock, random: Random): Accounts {
  const entries = decodeBody(body, addresses);
  return new Map(entries.map((entry, i) => [addresses[i] as Address, openAccount(entry, dataKey, clock, random)]));
}

export function openAccount({ key, name, color, ...secrets }: AccountEntry, dataKey: Uint8Array, clock: Clock, random: Random): Account {
  // Copies: what one account forgets, the others go on using.
  const records = new SealedRecords((key ?? dataKey).slice());
  return { identity: new Identity(secrets, records, clock, random), records, key, name, color };
}

/** A new account as the vault seals it. `key`: what seals its rows; null: the data key of the vault. */
export const entryOf = ({ wallet, bundle, former = [], seal = null }: NewAccount, key: Uint8Array | null): AccountEntry => ({
  wallet,
  bundle,
  former,
  seal,
  key,
  name: '',
  color: null,
});

/** The body of a vault with these accounts; `changed`: other keys for one of them. @throws KeystoreError locked */
export const bodyOf = (accounts: Accounts, changed?: { readonly address: Address; readonly secrets: AccountSecrets }): Uint8Array =>
  encodeBody(
    [...accounts].map(([address, { identity, key, name, color }]) => ({
      ...(address === changed?.address ? changed.secrets : identity.secrets()),
      key,
      name,
      color,
    })),
  );

/** Drops its keys. */
export function forget({ identity, records, key }: Account): void {
  records.clear();
  identity.clear();
  key?.fill(0);
}
