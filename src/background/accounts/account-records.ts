import type { Address } from '../../protocol/address.ts';
import type { AccountRecords, Records } from '../../storage/records.ts';

/** The durable rows of the accounts, which never meet: each account has a database of its own, but for the first one of a vault, whose rows have always lain beside the vault. */
export interface AccountRecordsOf {
  /** The settings in it are those of all. @throws KeystoreError locked */
  of(address: Address): AccountRecords;
  /** Whether the rows of this account lie beside the vault. @throws KeystoreError locked */
  isFirst(address: Address): boolean;
  /** Deletes the rows of an account; `first`: those beside the vault. */
  delete(address: Address, first: boolean): Promise<void>;
  close(): Promise<void>;
}

export function createAccountRecords(
  main: Records,
  isFirst: (address: Address) => boolean,
  open: (address: Address) => Records,
): AccountRecordsOf {
  const opened = new Map<Address, Records>();
  const own = (address: Address): Records => {
    const records = opened.get(address) ?? open(address);
    opened.set(address, records);
    return records;
  };
  return {
    isFirst,
    of(address) {
      if (isFirst(address)) return main;
      const { drafts, files, sent, notes, pins, tasks, outbox } = own(address);
      return { settings: main.settings, drafts, files, sent, notes, pins, tasks, outbox };
    },
    async delete(address, first) {
      if (first) return main.clearAccount();
      await own(address).delete();
      opened.delete(address);
    },
    async close() {
      for (const records of opened.values()) await records.close();
      opened.clear();
    },
  };
}
