import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Clock } from '../../protocol/time.ts';
import type { Address } from '../../rpc/views/account.ts';
import type { SiteCounts, SiteLedger } from '../../rpc/views/sites.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive, createSingle } from '../exclusive.ts';

/** What a site has just been handed, or has done. */
export interface SiteUse {
  readonly conversations?: number;
  readonly messages?: number;
  /** Calls of the keystore API, of which we do not see what they are for. */
  readonly calls?: number;
  /** Something went out in the owner's name: a message, or an invitation. `name` is the same when it is asked for again. */
  readonly sent?: { readonly name: string; readonly to: readonly Address[] };
}

/** What sites did as one account. It is sealed, and of a bounded size: old days and old sends give way, and of many sites those that did nothing for longest. */
export interface Ledger {
  /** Resolves when it is on the disk. `at`: when it was, if not now. */
  note(origin: string, use: SiteUse, at?: number): Promise<void>;
  all(): Promise<ReadonlyMap<string, SiteLedger>>;
  forget(origin: string): Promise<void>;
}

interface Deps {
  readonly keystore: Pick<AccountKeys, 'sealRecord' | 'openRecord' | 'blind'>;
  readonly records: Pick<Records, 'notes'>;
  readonly clock: Clock;
}

/** A page of the ledger as it is kept. */
interface Page extends SiteLedger {
  readonly origin: string;
  readonly sends: readonly (SiteLedger['sends'][number] & { readonly name: string })[];
}

export const mostSites = 200;
export const mostDays = 30;
export const mostSends = 50;
/** Of the people of a group. */
const mostNamed = 5;

export function createLedger({ keystore, records, clock }: Deps): Ledger {
  const inTurn = createExclusive();
  const savers = new Map<string, () => Promise<void>>();
  /** What the disk holds. */
  const saved = new Map<string, Page>();
  let loading: Promise<Map<string, Page>> | undefined;

  const prefix = (): Promise<string> => keystore.blind('notes', 'ledger');
  const keyOf = async (origin: string): Promise<string> => `${await prefix()} ${await keystore.blind('notes', `ledger ${origin}`)}`;

  const load = (): Promise<Map<string, Page>> => {
    loading ??= (async () => {
      const mine = `${await prefix()} `;
      const pages = new Map<string, Page>();
      for (const [key, sealed] of await records.notes.all()) {
        if (!key.startsWith(mine)) continue;
        const page = (await keystore.openRecord('notes', key, sealed)) as Page;
        pages.set(page.origin, page);
        saved.set(page.origin, page);
      }
      return pages;
    })().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  /** Writes what is newest when its turn comes; a page that is gone by then stays gone. */
  const save = async (origin: string): Promise<void> => {
    const key = await keyOf(origin);
    await inTurn(async () => {
      const page = (await load()).get(origin);
      if (page) {
        await records.notes.put(key, await keystore.sealRecord('notes', key, page));
        saved.set(origin, page);
      } else {
        await records.notes.delete(key);
        saved.delete(origin);
      }
    });
  };
  const write = (origin: string): Promise<void> => {
    const saver = savers.get(origin) ?? createSingle(() => save(origin));
    savers.set(origin, saver);
    return saver();
  };

  /** As the disk has it. */
  const back = (pages: Map<string, Page>, origin: string): void => {
    const page = saved.get(origin);
    if (page) pages.set(origin, page);
    else pages.delete(origin);
  };

  return {
    async note(origin, use, at = clock()) {
      const pages = await load();
      const page = withUse(pages.get(origin) ?? emptyPage(origin), use, at);
      if (!page) return;
      pages.set(origin, page);
      const gone = pages.size > mostSites ? idlest(pages) : null;
      if (gone !== null) pages.delete(gone);
      try {
        await Promise.all([write(origin), gone !== null && write(gone)]);
      } catch (error) {
        // Whoever notes it again must not have it counted twice.
        for (const each of gone === null ? [origin] : [origin, gone]) back(pages, each);
        throw error;
      }
    },
    async all() {
      const pages = await load();
      return new Map(
        [...pages].map(([origin, { lastAt, total, days, sends }]) => [origin, { lastAt, total, days, sends: sends.map(plain) }]),
      );
    },
    async forget(origin) {
      (await load()).delete(origin);
      await write(origin);
    },
  };
}

const emptyPage = (origin: string): Page => ({ origin, lastAt: 0, total: nothing, days: [], sends: [] });

const plain = ({ at, to, others }: Page['sends'][number]): SiteLedger['sends'][number] => ({ at, to, others });

const nothing: SiteCounts = { conversations: 0, messages: 0, calls: 0, sent: 0 };

/** null: it was nothing. */
function withUse(page: Page, { sent, ...read }: SiteUse, at: number): Page | null {
  // Asking for the same once more sends nothing.
  const again = sent !== undefined && page.sends.some(({ name }) => name === sent.name);
  const use = { ...nothing, ...read, sent: sent === undefined || again ? 0 : 1 };
  if (Object.values(use).every((count) => count === 0)) return null;
  const date = dayOf(at);
  const today = page.days.find((each) => each.date === date) ?? { date, ...nothing };
  const send =
    sent && !again ? [{ at, to: sent.to.slice(0, mostNamed), others: Math.max(0, sent.to.length - mostNamed), name: sent.name }] : [];
  return {
    ...page,
    lastAt: Math.max(page.lastAt, at),
    total: sum(page.total, use),
    days: [{ date, ...sum(today, use) }, ...page.days.filter((each) => each !== today)].sort(byDate).slice(0, mostDays),
    sends: [...send, ...page.sends].sort((a, b) => b.at - a.at).slice(0, mostSends),
  };
}

const sum = (a: SiteCounts, b: SiteCounts): SiteCounts => ({
  conversations: a.conversations + b.conversations,
  messages: a.messages + b.messages,
  calls: a.calls + b.calls,
  sent: a.sent + b.sent,
});

/** Newest first: what is written down late may be of another day. */
const byDate = (a: { readonly date: string }, b: { readonly date: string }): number => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0);

const idlest = (pages: ReadonlyMap<string, Page>): string | null =>
  [...pages.values()].reduce((a, b) => (b.lastAt < a.lastAt ? b : a)).origin;

/** The day where this computer is, as 2026-11-25. */
function dayOf(time: number): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
