import { ParseError } from '../../parse.ts';
import type { Address } from '../../protocol/address.ts';
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../protocol/bytes.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import type { MessagesQuery, PageConversation, PageMessage } from '../../rpc/views/page.ts';
import type { Permission } from '../../rpc/views/sites.ts';
import type { Place } from '../../storage/cache.ts';
import type { History, HistoryMessage } from '../messages/history.ts';
import type { Conversations } from '../services.ts';
import type { Grants } from './grants.ts';
import { reaches, reachesMessage, type SeenConversation } from './scopes.ts';
import { knownFrom } from './site-gate.ts';
import type { SiteNames } from './site-names.ts';

/** What an origin may read, and nothing else: everything that leaves passes here. */
export interface SiteReading {
  conversations(
    origin: string,
    account: Address,
    page: { readonly limit?: number; readonly cursor?: string },
  ): Promise<{ readonly conversations: PageConversation[]; readonly cursor?: string }>;
  messages(origin: string, account: Address, query: MessagesQuery): Promise<{ readonly messages: PageMessage[]; readonly cursor?: string }>;
  /** A conversation under the origin's name for it, which is remembered. */
  show(origin: string, account: Address, row: ConversationRow): Promise<PageConversation>;
  /** The message if the origin may read it; null otherwise. */
  showMessage(origin: string, account: Address, id: string): Promise<PageMessage | null>;
  /** The conversation if the origin may read in it; null otherwise. */
  showConversation(origin: string, account: Address, id: string): Promise<PageConversation | null>;
}

interface Deps {
  readonly grants: Pick<Grants, 'permissions' | 'knowConversation' | 'conversation'>;
  readonly conversations: Pick<Conversations, 'list' | 'get'>;
  readonly history: History;
  readonly names: SiteNames;
}

const pageSize = 50;
/** How many rows are looked at for one page: what a permission leaves out costs time too. */
const mostLooked = 5_000;

export function createSiteReading({ grants, conversations, history, names }: Deps): SiteReading {
  const readable = async (origin: string, account: Address): Promise<Permission[]> =>
    (await grants.permissions(origin, account)).filter(({ kind }) => kind === 'read');

  /** Looking takes its time, and the user may have thought better of it. */
  const stillReadable = async (origin: string, account: Address, before: readonly Permission[]): Promise<Permission[]> => {
    const now = await readable(origin, account);
    if (now.length === 0 && before.length > 0) throw new RefusalError('not-granted', 'the permission was taken back');
    return now;
  };

  const seen = (row: ConversationRow, name: string, account: Address): SeenConversation => ({ name, peers: knownFrom(row, account).peers });

  const plain = (row: ConversationRow, name: string, account: Address): PageConversation => ({
    id: name,
    peers: knownFrom(row, account).peers,
    createdAt: row.createdAt,
    ...(row.thread !== null && { conversationId: row.thread }),
    ...(row.metadata && { metadata: { ...row.metadata } }),
  });

  const show = async (origin: string, account: Address, row: ConversationRow): Promise<PageConversation> => {
    const name = await names.of(origin, row.id);
    await grants.knowConversation(origin, account, name, knownFrom(row, account));
    return plain(row, name, account);
  };

  return {
    show,
    async conversations(origin, account, { limit = pageSize, cursor }) {
      const permissions = await readable(origin, account);
      const start = cursor === undefined ? null : readCursor(cursor);
      const found: { row: ConversationRow; shown: PageConversation }[] = [];
      // Several may share a time: those of the cursor's own time are passed over until the one that it names.
      let passing = start?.id ?? null;
      let before = start ? start.time + 1 : undefined;
      for (let looked = 0; looked < mostLooked && found.length <= limit; ) {
        const { rows, more } = await conversations.list({ limit: 200, ...(before !== undefined && { before }) });
        for (const row of rows) {
          looked++;
          if (passing !== null && start && row.time >= start.time) {
            if ((await names.of(origin, row.id)) === passing) passing = null;
            continue;
          }
          passing = null;
          const name = await names.of(origin, row.id);
          if (permissions.some((permission) => reaches(permission, seen(row, name, account))))
            found.push({ row, shown: await show(origin, account, row) });
          if (found.length > limit) break;
        }
        const last = rows.at(-1)?.time;
        if (!more || last === undefined) break;
        before = last; // the list leaves out what is of this very time; so few share one that a page of 200 holds them
      }
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const still = await stillReadable(origin, account, permissions);
      const covered = page.filter(({ row, shown: { id } }) => still.some((permission) => reaches(permission, seen(row, id, account))));
      return {
        conversations: covered.map(({ shown }) => shown),
        ...(found.length > limit && last && { cursor: writeCursor({ time: last.row.time, id: last.shown.id }) }),
      };
    },
    async messages(origin, account, { conversation: name, limit = pageSize, order = 'desc', after, before, cursor }) {
      const known = await grants.conversation(origin, account, name);
      const row = known ? await conversations.get(known.id) : await names.find(origin, name);
      if (!row) throw new RefusalError('not-found', 'there is no such conversation');
      const permissions = (await readable(origin, account)).filter((each) => reaches(each, seen(row, name, account)));
      const first = order === 'desc' ? before : after;
      let from: Place | null = cursor !== undefined ? readCursor(cursor) : first === undefined ? null : { time: first };
      const beyond = (time: number): boolean =>
        order === 'desc' ? (after !== undefined && time <= after) || time < oldest(permissions) : before !== undefined && time >= before;
      const found: HistoryMessage[] = [];
      let more = true;
      for (let looked = 0; more && looked < mostLooked && found.length <= limit; ) {
        const page = await history.page(row.id, { order, from, limit: 200 });
        looked += page.length;
        more = page.length === 200;
        for (const message of page) {
          from = { time: message.sentAt, id: message.id };
          if (beyond(message.sentAt)) more = false;
          else if (within(message.sentAt, after, before) && permissions.some((each) => reachesMessage(each, message))) found.push(message);
        }
      }
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      // A page may end early, and even empty, where much was looked at: it goes on from there.
      const next =
        found.length > limit && last
          ? { time: last.sentAt, id: last.id }
          : more && from?.id !== undefined
            ? { ...from, id: from.id }
            : null;
      const still = (await stillReadable(origin, account, permissions)).filter((each) => reaches(each, seen(row, name, account)));
      const covered = shown.filter((message) => still.some((each) => reachesMessage(each, message)));
      return { messages: covered.map((message) => pageMessage(message, name)), ...(next && { cursor: writeCursor(next) }) };
    },
    async showMessage(origin, account, id) {
      const message = await history.get(id);
      if (!message) return null;
      const row = await conversations.get(message.conversation);
      const name = await names.of(origin, row.id);
      const reached = (await readable(origin, account)).some(
        (each) => reaches(each, seen(row, name, account)) && reachesMessage(each, message),
      );
      if (!reached) return null;
      await grants.knowConversation(origin, account, name, knownFrom(row, account));
      return pageMessage(message, name);
    },
    async showConversation(origin, account, id) {
      const row = await conversations.get(id);
      const name = await names.of(origin, row.id);
      const reached = (await readable(origin, account)).some((each) => reaches(each, seen(row, name, account)));
      return reached ? show(origin, account, row) : null;
    },
  };
}

/** A message, member by member: what is not named here does not leave. */
export const pageMessage = (
  { id, sender, sentAt, contentType, content, fallback, state }: HistoryMessage,
  conversation: string,
): PageMessage => ({
  id,
  conversation,
  sender,
  sentAt,
  contentType,
  content,
  ...(content === null && fallback !== undefined && { fallback }),
  ...(state !== null && { status: state }),
});

const within = (time: number, after: number | undefined, before: number | undefined): boolean =>
  (after === undefined || time > after) && (before === undefined || time < before);

/** Nothing from before this time is within any of them. */
const oldest = (permissions: readonly Permission[]): number =>
  permissions.some(({ since }) => since === 'all') ? Number.NEGATIVE_INFINITY : Math.min(...permissions.map(({ grantedAt }) => grantedAt));

/** Where the next page begins. It names nothing but what the page has been shown. */
const writeCursor = ({ time, id }: { readonly time: number; readonly id: string }): string => toBase64Url(utf8(JSON.stringify([time, id])));

/** @throws ParseError */
function readCursor(text: string): { readonly time: number; readonly id: string } {
  try {
    const [time, id] = JSON.parse(fromUtf8(fromBase64Url(text))) as unknown[];
    if (Number.isSafeInteger(time) && typeof id === 'string') return { time: time as number, id };
  } catch {
    // Told below.
  }
  throw new ParseError('params.cursor', 'a cursor that came with an answer');
}
