import type { Permission } from '../rpc/views/sites.ts';
import { shortAddress } from './address.ts';
import { locale, t } from './t.tsx';

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
