import type { Why } from '../words/refusal.ts';

/** Why the keystore refuses. Stable: the popup chooses its words by it. */
export type KeystoreReason =
  | 'locked'
  | 'no-account'
  | 'account-exists'
  | 'too-many-accounts'
  | 'last-account'
  | 'wrong-passphrase'
  | 'weak-passphrase'
  | 'too-soon'
  | 'bad-secret'
  | 'bad-path'
  | 'no-wallet'
  | 'bad-bundle'
  | 'no-founding'
  | 'not-asked'
  | 'wrong-file-passphrase'
  | 'not-a-backup'
  | 'backup-newer'
  | 'backup-foreign'
  | 'backup-damaged'
  | 'vault-corrupt'
  | 'vault-newer'
  | 'vault-foreign';

export class KeystoreError extends Error {
  readonly reason: KeystoreReason;
  /** What exactly is wrong, where the reason alone does not say it. */
  readonly why: Why | undefined;

  constructor(reason: KeystoreReason, message: string, options?: { readonly cause?: unknown; readonly why?: Why }) {
    super(message, options);
    this.name = 'KeystoreError';
    this.reason = reason;
    this.why = options?.why;
  }
}
