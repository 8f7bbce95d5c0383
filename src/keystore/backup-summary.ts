import type { Address } from '../protocol/address.ts';
import { addressOfBundle, publicBundle } from '../protocol/private-keys.ts';
import type { BackupContents } from './backup-file.ts';
import type { SealedKey } from './identity-types.ts';

/** What goes into a backup file beside the account itself. */
export interface BackupRequest {
  readonly filePassphrase: string;
  readonly keys: readonly { readonly topic: string; readonly key: SealedKey }[];
  readonly data: unknown;
  readonly settings: unknown;
}

/** What an open backup file holds, without any key. */
export interface BackupSummary {
  readonly createdAt: number;
  readonly settings: unknown;
  readonly accounts: readonly {
    readonly address: Address;
    readonly identityKey: Uint8Array;
    readonly kind: 'phrase' | 'key' | 'bundle' | 'external';
    readonly keys: number;
    readonly data: unknown;
  }[];
}

export const summaryOf = ({ createdAt, settings, accounts }: BackupContents): BackupSummary => ({
  createdAt,
  settings,
  accounts: accounts.map(({ account: { kind, bundle }, keys, data }) => ({
    address: addressOfBundle(bundle),
    identityKey: publicBundle(bundle).identityKey,
    kind,
    keys: keys.length,
    data,
  })),
});
