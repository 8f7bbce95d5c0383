import { RpcError } from '../rpc/errors.ts';
import type { GroupView } from '../rpc/views/conversations.ts';
import type { Permission } from '../rpc/views/sites.ts';
import type { Key } from '../words/en/index.ts';
import { shortAddress } from './address.ts';
import { locale, t } from './t.tsx';
import { visibleLine } from './text.ts';

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

/** What a group is called; its title is its creator's. */
export const groupName = ({ title, members }: GroupView): string => visibleLine(title) || t('words.groupOf', { count: members.length });

export const reasonOf = (error: unknown): string | null => (error instanceof RpcError ? error.reason : null);

/** How long a permission lasts. */
export const term = (expiresAt: number | null): string =>
  expiresAt === null
    ? t('words.untilClosed')
    : t('words.until', { time: new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(expiresAt) });

export function permissionSentence({ kind, peers, expiresAt }: Permission): string {
  const until = term(expiresAt);
  if (kind === 'keystore') return t('words.mayUseAccount', { until });
  if (peers === '*') return t(kind === 'send' ? 'words.mayWriteToAnybody' : 'words.mayReadAll', { until });
  return t(kind === 'send' ? 'words.mayWriteTo' : 'words.mayReadWith', { whom: listed(peers.map(shortAddress)), until });
}

/** “a, b and c” */
export const listed = (items: readonly string[]): string => new Intl.ListFormat(locale(), { type: 'conjunction' }).format(items);

/** “a, b, c” */
export const inRow = (items: readonly string[]): string => new Intl.ListFormat(locale(), { type: 'unit', style: 'short' }).format(items);

/** What a passphrase is worth, in a word; a rough guide and no rule. */
export function strength(passphrase: string): { readonly text: string; readonly tone: 'plain' | 'caution' | 'good' } {
  const length = [...passphrase].length;
  if (length === 0) return { text: t('words.atLeast', { count: 12 }), tone: 'plain' };
  if (length < 12) return { text: t('words.moreCharacters', { count: 12 - length }), tone: 'plain' };
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(passphrase)).length;
  const distinct = new Set(passphrase.toLowerCase()).size;
  const score = Math.min(length, distinct * 1.6) + kinds * 2;
  if (score < 17) return { text: t('words.easyToGuess'), tone: 'caution' };
  return score < 25 ? { text: t('words.good'), tone: 'good' } : { text: t('words.veryGood'), tone: 'good' };
}
