import { RpcError } from '../rpc/errors.ts';
import type { Key } from '../words/en/index.ts';
import { t } from './t.tsx';

/** What went wrong, what it means, what to do: by the background's reason. */
const reasons = {
  locked: 'errors.locked',
  'no-account': 'errors.noAccount',
  'account-exists': 'errors.accountExists',
  'too-many-accounts': 'errors.tooManyAccounts',
  'last-account': 'errors.lastAccount',
  'wrong-passphrase': 'errors.wrongPassphrase',
  'weak-passphrase': 'errors.weakPassphrase',
  'too-soon': 'errors.tooSoon',
  'no-founding': 'errors.noFounding',
  'no-wallet': 'errors.noWallet',
  'not-asked': 'errors.notAsked',
  'wrong-file-passphrase': 'errors.wrongFilePassphrase',
  'not-a-backup': 'errors.notABackup',
  'backup-newer': 'errors.backupNewer',
  'backup-damaged': 'errors.backupDamaged',
  'backup-foreign': 'errors.backupForeign',
  'vault-corrupt': 'errors.vaultCorrupt',
  'vault-foreign': 'errors.vaultForeign',
  'peer-absent': 'errors.peerAbsent',
  blocked: 'errors.blocked',
  'other-keys': 'errors.otherKeys',
  'node-unreachable': 'errors.nodeUnreachable',
  'node-wrong': 'errors.nodeWrong',
  'not-found': 'errors.notFound',
  'storage-full': 'errors.storageFull',
  'storage-failed': 'errors.storageFailed',
  'storage-newer': 'errors.storageNewer',
  'bad-site': 'errors.badSite',
  'other-account': 'errors.otherAccount',
  'not-an-export': 'errors.notAnExport',
  'file-lost': 'errors.fileLost',
  'maybe-sent': 'errors.maybeSent',
  'not-now': 'errors.notNow',
  'file-gone': 'errors.fileGone',
  'file-damaged': 'errors.fileDamaged',
  'too-many': 'errors.tooMany',
} as const satisfies Record<string, Key>;

export function explain(error: unknown): string {
  if (error instanceof RpcError) {
    if (error.why) return t(error.why.key, error.why.values as never);
    if (error.reason === 'bad-bundle') return t('errors.badBundle', { message: error.message });
    if (error.code === 4900) return t('errors.updated');
    if (error.code === 4901 && error.reason === null) return t('errors.interrupted');
    if (error.reason && Object.hasOwn(reasons, error.reason)) return t(reasons[error.reason as keyof typeof reasons]);
    if (error.code === -32602) return t('errors.notUnderstood', { message: error.message });
  }
  return t('errors.fault');
}

export const reasonOf = (error: unknown): string | null => (error instanceof RpcError ? error.reason : null);
