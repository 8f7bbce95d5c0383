import type { Address } from '../protocol/address.ts';
import type { NotificationLevel } from '../rpc/views/account.ts';
import { noticesIn } from '../words/notices.ts';
import { type Say, saidIn } from '../words/says.ts';
import { noteStop } from './log.ts';
import { groupOf } from './messages/group-state.ts';
import type { Preview, StoredConversation } from './messages/model.ts';
import { shelfOf } from './messages/shelf.ts';
import type { Background } from './platform.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** The browser's notifications. */
export interface Notices {
  show(id: string, notice: { readonly title: string; readonly message: string }): Promise<unknown>;
  clear(id: string): Promise<unknown>;
}

export interface Notifications {
  /** Something changed in the conversations of some account. */
  changed(): void;
  /** Locked: what hangs there must not go on telling. */
  clear(): void;
}

interface Deps {
  readonly sessions: Pick<Sessions, 'all'>;
  readonly level: () => Promise<NotificationLevel>;
  readonly notices: Notices;
  /** In which language they speak. */
  readonly words?: () => Promise<Say>;
  /** What is read at once, because it is looked at, is no news: ms. */
  readonly patience?: number;
}

/** More conversations with news than that at once are told of together. */
const mostAtOnce = 3;
const together = 'together';

/** What a notification is about, in its name: the background that showed it may be gone when it is clicked. */
export const noticeName = (account: Address, conversation: string): string => `${account} ${conversation}`;

/** The account and the conversation of a notification; null for one that is of several. */
export function readNoticeName(name: string): { readonly account: string; readonly conversation: string } | null {
  const [account, conversation] = name.split(' ');
  return account && conversation ? { account, conversation } : null;
}

/** What is unread in a conversation that may be told of. */
interface Unread {
  readonly session: Session;
  readonly row: StoredConversation;
  readonly count: number;
  /** The newest that somebody else said. */
  readonly last: string | null;
}

/**
 * Tells of what is unread in the inbox, and nowhere else: nothing of requests, of who is blocked or muted, of what was there when the account was opened, or of
 * what is read at once because it is being looked at. What is read later is taken back, and what goes with its account too.
 */
export function createNotifications({
  sessions,
  level,
  notices,
  words: wordsNow = async () => noticesIn('en', []),
  patience = 600,
}: Deps): Notifications {
  /** What was unread when this was last looked at, by conversation. A session that is new begins with what it has. */
  const known = new WeakMap<Session, ReadonlyMap<string, Unread>>();
  const shown = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const unreadIn = async (session: Session): Promise<Map<string, Unread>> => {
    await Promise.all([session.rows.load(), session.consent.load(), session.marks.load(), session.names.load()]);
    const unread = new Map<string, Unread>();
    for (const row of session.rows.all()) {
      if (row.unread === 0 || shelfOf(row, session) !== 'inbox' || session.marks.of(row).muted === true) continue;
      unread.set(row.id, { session, row, count: row.unread, last: row.last && !row.last.mine && !row.last.act ? row.last.id : null });
    }
    return unread;
  };

  const look = async (): Promise<void> => {
    const chosen = await level();
    const hanging = new Set<string>();
    const news: Unread[] = [];
    for (const session of sessions.all()) {
      const now = await unreadIn(session);
      const before = known.get(session);
      known.set(session, now);
      for (const [id, unread] of now) {
        hanging.add(noticeName(session.address, id));
        const then = before?.get(id);
        // What was read meanwhile and came anew leaves the number as it was.
        const renewed = then !== undefined && unread.last !== null && then.last !== null && unread.last !== then.last;
        if (before && (unread.count > (then?.count ?? 0) || renewed)) news.push(unread);
      }
    }
    if (hanging.size > 0) hanging.add(together);
    for (const name of shown) if (!hanging.has(name)) await take(name);
    if (chosen === 'off') return;
    const say = await wordsNow();
    if (news.length > mostAtOnce || (chosen === 'nothing' && news.length > 0)) {
      const count = news.reduce((sum, each) => sum + each.count, 0);
      await show(together, news, { title: 'Parley', message: say('notices.newMessages', { count }) });
      return;
    }
    for (const unread of news) {
      const { session, row, count } = unread;
      const words = chosen === 'text' && row.last && !row.last.mine ? textOf(row.last, say) : say('notices.newMessages', { count });
      await show(noticeName(session.address, row.id), [unread], { title: titleOf(row, session, say), message: words });
    }
  };

  const show = async (name: string, about: readonly Unread[], notice: Parameters<Notices['show']>[1]): Promise<void> => {
    // A lock may have come in between, and has taken back what hung there.
    const open = sessions.all();
    if (!about.every(({ session }) => open.includes(session))) return;
    shown.add(name);
    await notices.show(name, notice);
  };
  const take = async (name: string): Promise<void> => {
    shown.delete(name);
    await notices.clear(name);
  };

  let looking: Promise<void> = Promise.resolve();
  return {
    changed() {
      // A session that is seen for the first time is noted at once, so that what comes next is news.
      if (sessions.all().some((session) => !known.has(session))) {
        looking = looking.then(look).catch((error: unknown) => noteStop('looking for news', error));
        return;
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        looking = looking.then(look).catch((error: unknown) => noteStop('telling of news', error));
      }, patience);
    },
    clear() {
      clearTimeout(timer);
      timer = undefined;
      for (const name of shown) take(name).catch((error: unknown) => noteStop('taking a notification back', error));
    },
  };
}

const textOf = ({ text, says }: Preview, say: Say): string => (says ? saidIn(say, says) : text);

function titleOf(row: StoredConversation, { names }: Session, say: Say): string {
  const title = row.group ? groupOf(row.group).title : '';
  if (row.group) return title === '' ? say('notices.aGroup') : title;
  return names.of(row.peer) ?? `${row.peer.slice(0, 8)}…${row.peer.slice(-6)}`;
}

/** Shows the conversation that somebody clicked on, as the account that it belongs to; while locked the page asks for the passphrase first. */
export async function openNotice(
  name: string,
  { services, lock }: Pick<Background, 'services' | 'lock'>,
  { show, clear }: { readonly show: (route: string) => Promise<unknown>; readonly clear: Notices['clear'] },
): Promise<void> {
  await lock.check();
  const about = readNoticeName(name);
  if (about) await services.accounts.switchTo(about.account).catch(() => undefined); // locked, or gone: the page says so
  await show(about ? `/conversation/${encodeURIComponent(about.conversation)}` : '/');
  await clear(name);
}
