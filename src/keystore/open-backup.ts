import { type BackedAccount, type BackupContents, openBackupFile } from './backup-file.ts';
import { type BackupSummary, summaryOf } from './backup-summary.ts';
import { KeystoreError } from './errors.ts';
import type { KdfCost } from './passphrase.ts';

/** The backup file that is open, one at most: its keys stay here, and what is in it is told without them. */
export class OpenBackup {
  readonly #cost: KdfCost;
  #contents: BackupContents | null = null;

  constructor(cost: KdfCost) {
    this.#cost = cost;
  }

  /** @throws KeystoreError as `openBackupFile` */
  async open(bytes: Uint8Array, filePassphrase: string): Promise<BackupSummary> {
    this.close();
    this.#contents = await openBackupFile(bytes, filePassphrase, this.#cost);
    return summaryOf(this.#contents);
  }

  close(): void {
    this.#contents = null;
  }

  /** @throws KeystoreError not-a-backup */
  account(index: number): BackedAccount {
    const account = this.#contents?.accounts[index];
    if (!account) throw new KeystoreError('not-a-backup', 'no backup with this account is open');
    return account;
  }
}
