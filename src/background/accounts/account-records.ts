import type { Address } from '../../protocol/address.ts';
import type { AccountRecords, Records } from '../../storage/records.ts';

/** The durable rows of the accounts, which never meet: each account has a database of its own, but for the first one of a vault, whose rows have always lain beside the vault. */
export interface AccountRecordsOf {
  /** The settings in it are those of all. @throws KeystoreError locked */
  of(address: Address): Promise<AccountRecords>;
  /** Whether the rows of this account lie beside the vault. @throws KeystoreError locked */
  isFirst(address: Address): boolean;
  /** Deletes the rows of an account; `first`: those beside the vault. */
  delete(address: Address, first: boolean): Promise<void>;
  close(): Promise<void>;
}

interface Deps {
  readonly main: Records;
  readonly isFirst: (address: Address) => boolean;
  readonly open: (address: Address) => Records;
  /** A database is used for the first time in this life. */
  readonly look: (address: Address, records: Records) => Promise<void>;
  /** A database is about to be deleted. */
  readonly forget: (address: Address) => Promise<void>;
}

export function createAccountRecords({ main, isFirst, open, look, forget }: Deps): AccountRecordsOf {
  const opened = new Map<Address, Records>();
  const own = (address: Address): Records => {
    const records = opened.get(address) ?? open(address);
    opened.set(address, records);
    return records;
  };
  return {
    isFirst,
    async of(address) {
      if (isFirst(address)) return main;
      const known = opened.has(address);
      const records = own(address);
      if (!known) await look(address, records);
      const { drafts, files, sent, notes, pins, tasks, outbox } = records;
      return { settings: main.settings, drafts, files, sent, notes, pins, tasks, outbox };
    },
    async delete(address, first) {
      if (first) return main.clearAccount();
      await forget(address);
      await own(address).delete();
      opened.delete(address);
    },
    async close() {
      for (const records of opened.values()) await records.close();
      opened.clear();
    },
  };
}
