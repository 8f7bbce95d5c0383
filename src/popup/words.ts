import { RpcError } from '../rpc/errors.ts';
import type { GroupView, Permission } from '../rpc/views.ts';
import { shortAddress } from './address.ts';
import { visibleLine } from './text.ts';

/** What went wrong, what it means, what to do: by the background's reason. */
const reasons: Record<string, string> = {
  locked: 'Parley is locked. Unlock it to go on.',
  'no-account': 'There is no account in this browser yet.',
  'account-exists': 'This account is here already.',
  'too-many-accounts': 'That is as many accounts as Parley keeps. Remove one first.',
  'last-account': 'This is the only account here. To remove it, erase everything.',
  'wrong-passphrase': 'That is not the passphrase of Parley in this browser.',
  'weak-passphrase': 'This passphrase is among the first that anybody would try. Choose another one.',
  'too-soon': 'Too many wrong passphrases. Wait a little before the next one.',
  'no-founding': 'This was begun too long ago, or in another session of the browser. Begin again.',
  'no-wallet': 'The wallet of this account is not in Parley, so there is no phrase and no key here to show.',
  'not-asked': 'This has been done already, or is not to be done now. Load the page again.',
  'wrong-file-passphrase': 'That is not the passphrase of this file. It has one of its own.',
  'not-a-backup': 'This is no backup file of Parley.',
  'backup-newer': 'This file was written by a newer Parley. Update the extension.',
  'backup-damaged': 'This file is damaged, or not complete. Try another copy of it.',
  'backup-foreign': 'This file holds something that Parley did not write. Nothing was taken from it.',
  'vault-corrupt': 'The vault in this browser is damaged. Your recovery phrase brings the account back.',
  'vault-foreign': 'The vault in this browser was changed by something else. It was not opened.',
  'peer-absent': 'This address cannot be reached on this node yet.',
  blocked: 'This address is blocked. Unblock it before you write.',
  'other-keys': 'This address has other keys than before. Accept them first, or do not write.',
  'node-unreachable': 'The node did not answer. Check its address, or try again in a moment.',
  'node-wrong': 'What answers at the node’s address does not take this. Check the address in Settings.',
  'not-found': 'This conversation is not here any more.',
  'storage-full': 'The disk is full, so nothing could be written. Make room and try again.',
  'storage-failed': 'The browser could not read or write Parley’s data. Close other Parley tabs, or restart the browser.',
  'storage-newer': 'The data in this browser was written by a newer Parley. Update the extension.',
  'bad-site': 'A site begins with https://, or with http:// when it is on this computer.',
  'other-account': 'This file belongs to another account. Switch to that one first.',
  'file-gone': 'The file is not there any more. Ask whoever sent it to send it again.',
  'file-damaged': 'What lies there is not the file that was sent. It was not opened.',
  'too-many': 'That is as many as Parley keeps. Remove one first.',
};

/** Where the background's own words say the most: which part is wrong, and never what it says. */
const told: Record<string, (message: string) => string> = {
  'bad-secret': sentence,
  'file-too-large': sentence,
  'bad-path': sentence,
  'bad-bundle': (message) => `These are not keys of an XMTP program: ${message}.`,
  'bad-params': sentence,
  'not-granted': sentence,
};

function sentence(message: string): string {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  return text.endsWith('.') ? text : `${text}.`;
}

export function explain(error: unknown): string {
  if (error instanceof RpcError) {
    const tell = error.reason && Object.hasOwn(told, error.reason) ? told[error.reason] : undefined;
    if (tell) return tell(error.message);
    if (error.code === 4900) return 'Parley was updated. Close this page and open it again.';
    if (error.code === 4901 && error.reason === null) return 'Parley was interrupted. Try again.';
    const known = error.reason && Object.hasOwn(reasons, error.reason) ? reasons[error.reason] : undefined;
    if (known) return known;
    if (error.code === -32602) return `This was not understood: ${error.message}.`;
  }
  return 'Parley ran into a fault of its own and did not do this. Try again; if it stays, restart the browser.';
}

/** What a group is called; its title is its creator's. */
export const groupName = ({ title, members }: GroupView): string => visibleLine(title) || `Group of ${members.length}`;

export const reasonOf = (error: unknown): string | null => (error instanceof RpcError ? error.reason : null);

/** How long a permission lasts. */
export const term = (expiresAt: number | null): string =>
  expiresAt === null
    ? 'until its last tab closes'
    : `until ${new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(expiresAt)}`;

export function permissionSentence({ kind, peers, expiresAt }: Permission): string {
  const whom = peers === '*' ? 'anybody' : listed(peers.map(shortAddress));
  if (kind === 'keystore') return `May use your whole account except its private keys, ${term(expiresAt)}, for 24 hours at most.`;
  const what = kind === 'send' ? `May write to ${whom}` : `May read what you and ${whom} write`;
  return `${what}, ${term(expiresAt)}.`;
}

export const listed = (items: readonly string[]): string => new Intl.ListFormat('en', { type: 'conjunction' }).format(items);

/** What a passphrase is worth, in a word; a rough guide and no rule. */
export function strength(passphrase: string): { readonly text: string; readonly tone: 'plain' | 'caution' | 'good' } {
  const length = [...passphrase].length;
  if (length === 0) return { text: 'At least 12 characters. Four unrelated words do well.', tone: 'plain' };
  if (length < 12) return { text: `${12 - length} more ${12 - length === 1 ? 'character' : 'characters'}.`, tone: 'plain' };
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(passphrase)).length;
  const distinct = new Set(passphrase.toLowerCase()).size;
  const score = Math.min(length, distinct * 1.6) + kinds * 2;
  if (score < 17) return { text: 'Easy to guess.', tone: 'caution' };
  return score < 25 ? { text: 'Good.', tone: 'good' } : { text: 'Very good.', tone: 'good' };
}

/** “1 message”, “2 messages”. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
