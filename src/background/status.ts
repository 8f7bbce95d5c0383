import type { Keystore } from '../keystore/keystore.ts';
import type { Clock } from '../protocol/time.ts';
import type { AccountView, Address, Status } from '../rpc/views/account.ts';
import { StorageError } from '../storage/errors.ts';
import type { Records } from '../storage/records.ts';
import { backedUpAt } from './accounts/account-dates.ts';
import type { Front } from './accounts/front.ts';
import { isPublished } from './accounts/publication.ts';
import type { DiskStatus } from './disk.ts';
import type { Events } from './events.ts';
import { noteStop } from './log.ts';
import type { Losses } from './losses.ts';
import type { StoredConversation } from './messages/model.ts';
import { shelfOf } from './messages/shelf.ts';
import type { NodeStatus } from './nodes/node-state.ts';
import type { Preferences } from './preferences.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** What the whole extension looks like at present, for its own pages and for the toolbar button. */
export interface StatusBoard {
  read(): Promise<Status>;
  /** Something in it changed: everybody who looks is told, once for many changes. */
  changed(): void;
}

interface Deps {
  readonly keystore: Pick<Keystore, 'state' | 'accounts' | 'failures' | 'look'>;
  readonly front: Pick<Front, 'address'>;
  readonly records: Pick<Records, 'settings'>;
  readonly preferences: Preferences;
  readonly sessions: Sessions;
  readonly node: NodeStatus;
  readonly disk: Pick<DiskStatus, 'read'>;
  readonly losses: Pick<Losses, 'lostAccounts' | 'keysDamaged'>;
  /** Whether a node is to be told of. */
  readonly doubts: (session: Session) => Promise<boolean>;
  readonly prompts: () => number;
  readonly clock: Clock;
  readonly events: Events;
  readonly badge: (status: Status) => Promise<void>;
}

const onShelf = (session: Session, row: StoredConversation) => shelfOf(row, session);

const countRequests = (session: Session): number =>
  [...session.rows.all()].filter((row) => row.group?.next === undefined && onShelf(session, row) === 'requests').length;

const phases = { none: 'welcome', locked: 'locked', open: 'ready' } as const;

export function createStatus({
  keystore,
  front,
  records,
  preferences,
  sessions,
  node,
  disk,
  losses,
  doubts,
  prompts,
  clock,
  events,
  badge,
}: Deps): StatusBoard {
  const accountView = async (address: Address): Promise<AccountView> => {
    const session = sessions.all().find((each) => each.address === address);
    if (!session || keystore.state() !== 'open') return { address, name: '', color: null, unread: 0 };
    await Promise.all([session.rows.load(), session.consent.load(), session.marks.load()]);
    // A lock or a removal may have come in between.
    const isThere = keystore.state() === 'open' && keystore.accounts().some((each) => each.address === address);
    const { name, color } = isThere ? keystore.look(address) : { name: '', color: null };
    return { address, name, color, unread: session.rows.unread((row) => onShelf(session, row) === 'inbox') };
  };

  let last: Status | null = null;
  /** A disk that cannot even be read, as in Chromium once it was full, is to be told of too. */
  const read = async (): Promise<Status> => {
    try {
      last = await readNow();
      return last;
    } catch (error) {
      if (!(error instanceof StorageError) || last?.phase !== phases[keystore.state()]) throw error;
      return { ...last, disk: error.reason === 'full' ? 'full' : 'failed' };
    }
  };

  const readNow = async (): Promise<Status> => {
    const session = sessions.peek();
    const accounts = await Promise.all(keystore.accounts().map(({ address }) => accountView(address)));
    const [url, theme, language] = [await preferences.nodeInUse(), await preferences.theme(), await preferences.language()];
    const loss = await preferences.loss();
    const account = keystore.accounts().find(({ address }) => address === front.address()) ?? null;
    const { failed, nextTryAt } = keystore.failures();
    return {
      phase: phases[keystore.state()],
      account,
      accounts,
      nextUnlockAt: nextTryAt !== null && nextTryAt > clock() ? nextTryAt : null,
      failedUnlocks: failed,
      node: node.read(),
      disk: session === null ? null : disk.read(),
      loss: session === null || loss === null || loss.told ? null : { at: loss.at, from: loss.from },
      lostAccounts: keystore.state() === 'none' ? losses.lostAccounts() : null,
      keysDamaged: keystore.state() === 'none' && losses.keysDamaged(),
      nodeDoubt: session !== null && (await doubts(session)),
      prompts: prompts(),
      unread: accounts.find(({ address }) => address === account?.address)?.unread ?? 0,
      requests: session ? countRequests(session) : 0,
      backedUp: account === null || account.phraseSaved || (await backedUpAt(records, account.address)) !== null,
      published: account !== null && (await isPublished(records, account.address, url)),
      theme,
      language,
      ensRpc: await preferences.ensRpc(),
    };
  };

  const tell = async (): Promise<void> => {
    const status = await read();
    events.emit('status', status);
    await badge(status);
  };

  let telling = false;
  return {
    read,
    changed() {
      if (telling) return;
      telling = true;
      // A catch-up changes it many times in a row.
      setTimeout(() => {
        telling = false;
        tell().catch((error: unknown) => noteStop('telling the status', error));
      }, 30);
    },
  };
}
