import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import type { Cache } from '../../storage/cache.ts';
import type { ConversationRecord } from '../../storage/cache-schema.ts';
import { createExclusive, type Exclusive } from '../exclusive.ts';
import { type StoredConversation, timeOf } from '../messages/model.ts';

/** The conversations of the open account: all of them in memory for look-ups, and behind that the cache, which stays the source of what is shown. */
export interface Rows {
  /** Reads all conversations once; the look-ups below need it. */
  load(): Promise<void>;
  /** Whether that is done. */
  loaded(): boolean;
  get(id: string): StoredConversation | undefined;
  /** The one that the topic shows. */
  byTopic(topic: string): StoredConversation | undefined;
  ofPeer(peer: Address): StoredConversation[];
  all(): Iterable<StoredConversation>;
  count(): number;
  /** Over all conversations, or those that count. */
  unread(counts?: (row: StoredConversation) => boolean): number;
  /** Newest first, from the cache alone, without loading the rest; `before` is a time, exclusive. `keep`: those that are wanted. */
  page(
    before: number | undefined,
    limit: number,
    keep?: (row: StoredConversation) => boolean,
  ): Promise<{ readonly rows: StoredConversation[]; readonly more: boolean }>;
  /** One at a time: whoever reads rows and writes what follows from them does it in here. */
  readonly exclusive: Exclusive;
  /** Changes a conversation, if it is there. */
  change(id: string, next: (row: StoredConversation) => StoredConversation): Promise<void>;
  /** The same of many, all of them or none. `strict`: what was written before is on the disk with it. */
  changeAll(ids: readonly string[], next: (row: StoredConversation) => StoredConversation, durability?: 'strict'): Promise<void>;
  seal(row: StoredConversation): Promise<ConversationRecord>;
  /** Takes over what was written to the cache. */
  wrote(row: StoredConversation): void;
  /** The id of the first conversation of a topic. */
  idOf(topic: string): Promise<string>;
}

/** Rows that are read at once where most of them may not be wanted. */
const leastPage = 100;

export function createRows(keystore: AccountKeys, cache: Cache): Rows {
  const byId = new Map<string, StoredConversation>();
  const byTopic = new Map<string, string>();
  const byPeer = new Map<Address, Set<string>>();
  const exclusive = createExclusive();
  let loading: Promise<void> | undefined;
  let loaded = false;

  const open = async (record: ConversationRecord): Promise<StoredConversation> =>
    asNow((await keystore.openRecord('conversations', record.id, record.sealed)) as StoredConversation | OlderConversation);

  const seal = async (row: StoredConversation): Promise<ConversationRecord> => ({
    id: row.id,
    time: timeOf(row),
    sealed: await keystore.sealRecord('conversations', row.id, row),
  });

  const wrote = (row: StoredConversation): void => {
    byId.set(row.id, row);
    if (!row.rival) byTopic.set(row.topic, row.id);
    const ids = byPeer.get(row.peer) ?? new Set();
    byPeer.set(row.peer, ids.add(row.id));
  };

  const changeAll: Rows['changeAll'] = (ids, next, durability) =>
    exclusive(async () => {
      const changed = ids.flatMap((id) => {
        const row = byId.get(id);
        const after = row && next(row);
        return after && after !== row ? [after] : [];
      });
      if (changed.length === 0) return;
      await cache.conversations.putAll(await Promise.all(changed.map(seal)), durability);
      for (const row of changed) wrote(row);
    });

  const pageOf = async (before: number | undefined, limit: number) => {
    const newest = (take: number) => cache.conversations.page({ ...(before !== undefined && { before }), limit: take });
    let take = limit + 1;
    let records = await newest(take);
    // The next page begins below a time, so rows of one time must not be parted.
    while (records.length === take && records[take - 1]?.time === records[limit - 1]?.time) {
      take *= 2;
      records = await newest(take);
    }
    const kept = records.filter(({ time }, position) => position < limit || time === records[limit - 1]?.time);
    return { rows: await Promise.all(kept.map(open)), more: kept.length < records.length };
  };

  return {
    load: () =>
      // Exclusive, because a change between reading and taking over would be lost.
      (loading ??= exclusive(async () => {
        for (const row of await Promise.all((await cache.conversations.all()).map(open))) if (!byId.has(row.id)) wrote(row);
        loaded = true;
      }).catch((error: unknown) => {
        loading = undefined;
        throw error;
      })),
    loaded: () => loaded,
    get: (id) => byId.get(id),
    byTopic: (topic) => byId.get(byTopic.get(topic) ?? ''),
    ofPeer: (peer) => [...(byPeer.get(peer) ?? [])].flatMap((id) => byId.get(id) ?? []).filter((row) => row.peer === peer),
    all: () => byId.values(),
    count: () => byId.size,
    unread(counts = () => true) {
      let unread = 0;
      for (const row of byId.values()) if (row.unread > 0 && counts(row)) unread += row.unread;
      return unread;
    },
    async page(before, limit, keep) {
      if (!keep) return pageOf(before, limit);
      const kept: StoredConversation[] = [];
      for (let from = before; ; ) {
        const { rows, more } = await pageOf(from, Math.max(limit, leastPage));
        kept.push(...rows.filter(keep));
        const last = rows.at(-1);
        if (!more || !last || kept.length > limit) return cutAt(kept, limit, more);
        from = timeOf(last);
      }
    },
    exclusive,
    change: (id, next) => changeAll([id], next),
    changeAll,
    seal,
    wrote,
    idOf: (topic) => keystore.blind('conversations', topic),
  };
}

/** As rows were written that knew of one node only. */
interface OlderConversation extends Omit<StoredConversation, 'filled'> {
  readonly filled?: undefined;
  readonly filledFrom: string | null;
  readonly filledAt?: number;
}

function asNow(row: StoredConversation | OlderConversation): StoredConversation {
  if (row.filled) return row;
  const { filledFrom, filledAt = 0, ...rest } = row;
  return { ...rest, filled: filledFrom === null ? {} : { [filledFrom]: filledAt } };
}

/** Rows of one time are not parted, because the next page begins below a time. */
function cutAt(rows: readonly StoredConversation[], limit: number, more: boolean) {
  const last = rows[limit - 1];
  const kept = rows.filter((row, position) => position < limit || (last !== undefined && timeOf(row) === timeOf(last)));
  return { rows: kept, more: more || kept.length < rows.length };
}
