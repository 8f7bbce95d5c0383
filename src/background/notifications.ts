import type { Address } from '../protocol/address.ts';
import type { NotificationLevel } from '../rpc/views.ts';
import { groupOf } from './group-state.ts';
import { noteStop } from './log.ts';
import type { StoredConversation } from './model.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { shelfOf } from './shelf.ts';

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

/**
 * Tells of what is unread in the inbox, and nowhere else: nothing of requests, of who is blocked or muted, of what was there when the account was opened, or of
 * what is read at once because it is being looked at. What is read later is taken back.
 */
export function createNotifications({ sessions, level, notices, patience = 600 }: Deps): Notifications {
  /** How many were unread when this was last looked at, and the newest, by conversation. A session that is new begins with what it has. */
  const known = new WeakMap<Session, Map<string, { readonly count: number; readonly last: string | null }>>();
  const shown = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const look = async (): Promise<void> => {
    const chosen = await level();
    const news: { readonly session: Session; readonly row: StoredConversation; readonly count: number }[] = [];
    for (const session of sessions.all()) {
      await Promise.all([session.rows.load(), session.consent.load(), session.marks.load()]);
      const before = known.get(session);
      const now = new Map<string, { readonly count: number; readonly last: string | null }>();
      for (const row of session.rows.all()) {
        const tells = row.unread > 0 && shelfOf(row, session) === 'inbox' && session.marks.of(row).muted !== true;
        const count = tells ? row.unread : 0;
        const last = row.last && !row.last.mine && !row.last.act ? row.last.id : null;
        now.set(row.id, { count, last });
        const name = noticeName(session.address, row.id);
        if (count === 0 && shown.delete(name)) await notices.clear(name);
        if (!before || count === 0) continue;
        // What was read meanwhile and came anew leaves the number as it was.
        const then = before.get(row.id) ?? { count: 0, last: null };
        if (count > then.count || (last !== null && then.last !== null && last !== then.last)) news.push({ session, row, count });
      }
      known.set(session, now);
    }
    if (chosen === 'off' || news.length === 0) return;
    if (news.length > mostAtOnce || chosen === 'nothing') {
      const count = news.reduce((sum, each) => sum + each.count, 0);
      shown.add(together);
      await notices.show(together, { title: 'Parley', message: count === 1 ? 'A new message' : `${count} new messages` });
      return;
    }
    for (const { session, row, count } of news) {
      const name = noticeName(session.address, row.id);
      shown.add(name);
      const words =
        chosen === 'text' && row.last && !row.last.mine ? row.last.text : count === 1 ? 'A new message' : `${count} new messages`;
      await notices.show(name, { title: titleOf(row), message: words });
    }
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
      for (const name of shown) notices.clear(name).catch((error: unknown) => noteStop('taking a notification back', error));
      shown.clear();
    },
  };
}

function titleOf(row: StoredConversation): string {
  const title = row.group ? groupOf(row.group).title : '';
  if (row.group) return title === '' ? 'A group' : title;
  return `${row.peer.slice(0, 8)}…${row.peer.slice(-6)}`;
}
