import type { Begun } from './begun.ts';
import { answersOf, distinct } from './bulk.ts';
import type { MessageRecord } from './cache-schema.ts';

/** Newest first in ascending order: times are negated, ids complemented. */
export type Place = readonly [conversation: string, time: number, id: string];

/**
 * Messages of a conversation that stand next to each other, newest first. All of a place up to `last`, and after the `last` of the block before, are in here: so that a
 * message is in one block only, whichever it came with. `last` stays when its message goes.
 */
export interface Block {
  readonly last: Place;
  readonly rows: readonly BlockRow[];
  /** What ids and dedup keys of the rows come to: whoever finds a block by one of them looks into it. */
  readonly names: readonly number[];
}

type BlockRow = Omit<MessageRecord, 'conversation'>;

/** So many that the requests are few, and one message is read without many others. */
const mostRows = 50;
/** A block of so many is not written again for what comes after it: messages that come one by one cost little each. */
const fewestRows = 16;

// After every id in the order of keys, and before.
export const lastId = '\uffff';
export const firstId = '';

export const placeOf = ({ conversation, time, id }: Pick<MessageRecord, 'conversation' | 'time' | 'id'>): Place => [
  conversation,
  -time,
  complement(id),
];

/** Hex digits turned upside down, so that ascending order of the result is descending order of the ids. */
export const complement = (id: string): string => id.replace(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));

/** The places from one to another; all of the conversation without them. */
export const placesOf = (conversation: string, from?: Place, to?: Place): IDBKeyRange =>
  IDBKeyRange.bound(from ?? [conversation], to ?? [conversation, []]);

export const rowsOf = ({ last: [conversation], rows }: Block): MessageRecord[] =>
  rows.map(({ id, time, dedup, sealed }) => ({ id, conversation, time, dedup, sealed }));

/** Those of the named messages that are here, each in its place. */
export function byIds(store: IDBObjectStore, ids: readonly string[]): Promise<(MessageRecord | undefined)[]> {
  return find(store, 'id', ids);
}

/** The same by dedup keys. */
export function byDedup(store: IDBObjectStore, keys: readonly string[]): Promise<(MessageRecord | undefined)[]> {
  return find(store, 'dedup', keys);
}

async function find(store: IDBObjectStore, by: 'id' | 'dedup', names: readonly string[]): Promise<(MessageRecord | undefined)[]> {
  const index = store.index('names');
  // Nearly always there is one block or none; two names that come to the same number are told apart by the rows.
  const firsts = await answersOf(names.map((name) => index.getKey(numberOf(by, name))));
  const wanted = names.filter((_, position) => firsts[position] !== undefined);
  if (wanted.length === 0) return names.map(() => undefined);
  const keys = await answersOf(wanted.map((name) => index.getAllKeys(numberOf(by, name))));
  const distinct = new Map(keys.flat().map((key) => [JSON.stringify(key), key] as const));
  const blocks = await answersOf<Block | undefined>([...distinct.values()].map((key) => store.get(key)));
  const found = new Map<string, MessageRecord>();
  for (const block of blocks) for (const row of block ? rowsOf(block) : []) found.set(row[by], row);
  return names.map((name) => found.get(name));
}

/** Those of the named messages that are here. `within`: the conversation where alone each can be. */
export async function known(
  store: IDBObjectStore,
  begun: Begun,
  by: 'id' | 'dedup',
  names: readonly string[],
  within: readonly (string | null)[] = [],
): Promise<Set<string>> {
  const asked = names.map((name, i) => ({ name, conversation: within[i] ?? null }));
  const possible = asked.filter(({ name, conversation }) => conversation === null || begun.mayHave(conversation, numberOf(by, name)));
  const any = await begunOf(
    store,
    begun,
    possible.flatMap(({ conversation }) => conversation ?? []),
  );
  const rest = possible.filter(({ conversation }) => conversation === null || any.has(conversation)).map(({ name }) => name);
  const found = await find(store, by, rest);
  return new Set(rest.filter((_, position) => found[position]));
}

/** Messages whose dedup key is not here yet, each once. */
export async function unknownMessages(store: IDBObjectStore, records: readonly MessageRecord[]): Promise<MessageRecord[]> {
  const first = distinct(records, ({ dedup }) => dedup);
  const known = await byDedup(
    store,
    first.map(({ dedup }) => dedup),
  );
  return first.filter((_, position) => !known[position]);
}

/** Those of the conversations that have messages. */
async function begunOf(store: IDBObjectStore, begun: Begun, conversations: readonly string[]): Promise<Set<string>> {
  const distinct = [...new Set(conversations)];
  const unsure = distinct.filter((conversation) => !begun.has(conversation));
  const lasts = await answersOf(unsure.map((conversation) => store.getKey(placesOf(conversation))));
  const empty = new Set(unsure.filter((_, position) => lasts[position] === undefined));
  return new Set(distinct.filter((conversation) => !empty.has(conversation)));
}

/** Each has two names. */
export const countRows = async (store: IDBObjectStore): Promise<number> =>
  (await answersOf([store.index('names').count()])).reduce((sum, names) => sum + names / 2, 0);

/**
 * Writes messages; one of the same id gives way. `alone`: conversations outside of which none of their messages can be.
 * @throws Error when another of the same dedup key lies beside one
 */
export async function putRows(
  store: IDBObjectStore,
  begun: Begun,
  records: readonly MessageRecord[],
  alone: ReadonlySet<string> = new Set(),
): Promise<void> {
  const byConversation = new Map<string, MessageRecord[]>();
  for (const record of new Map(records.map((each) => [each.id, each])).values()) {
    const list = byConversation.get(record.conversation) ?? [];
    byConversation.set(record.conversation, list);
    list.push(record);
  }
  const conversations = [...byConversation.keys()];
  const any = await begunOf(store, begun, conversations);
  const lookedFor = [...byConversation].flatMap(([conversation, rows]) => {
    if (!alone.has(conversation)) return rows;
    return any.has(conversation) ? rows.filter(({ id }) => begun.mayHave(conversation, numberOf('id', id))) : [];
  });
  const here = await byIds(
    store,
    lookedFor.map(({ id }) => id),
  );
  // One that stood elsewhere is taken from there first.
  for (const [position, record] of lookedFor.entries()) {
    const former = here[position];
    if (former && (former.conversation !== record.conversation || former.time !== record.time)) await removeRow(store, former);
  }
  for (const [conversation, rows] of byConversation) {
    if (!any.has(conversation)) begun.begin(conversation);
    begun.note(conversation, rows.flatMap(namesOf));
  }
  await Promise.all([...byConversation].map(([conversation, rows]) => putInto(store, rows, any.has(conversation))));
}

const namesOf = ({ id, dedup }: BlockRow): number[] => [numberOf('id', id), numberOf('dedup', dedup)];

async function putInto(store: IDBObjectStore, records: readonly MessageRecord[], begun: boolean): Promise<void> {
  const rows = records.toSorted(newestFirst);
  const [newest, oldest] = [rows[0], rows.at(-1)];
  if (!newest || !oldest) return;
  const lasts = begun ? await lastsAbout(store, placeOf(newest), placeOf(oldest)) : [];
  const blocks = await answersOf<Block | undefined>(lasts.map((last) => store.get([...last])));
  let taken = 0;
  for (const [position, last] of lasts.entries()) {
    const from = taken;
    while (taken < rows.length && compare(placeOf(rows[taken] as MessageRecord), last) <= 0) taken++;
    if (taken > from) writeBlocks(store, last, blocks[position]?.rows ?? [], rows.slice(from, taken));
  }
  const older = rows.slice(taken);
  if (older.length > 0) writeBlocks(store, placeOf(oldest), [], older);
}

/** The blocks that messages from one place to another belong to, except to those that are older than all. */
async function lastsAbout(store: IDBObjectStore, newest: Place, oldest: Place): Promise<Place[]> {
  const [conversation] = newest;
  const [[within], [next]] = await Promise.all([
    answersOf([store.getAllKeys(placesOf(conversation, newest, oldest))]),
    answersOf([store.getKey(placesOf(conversation, oldest))]),
  ]);
  const lasts = (within ?? []) as unknown as Place[];
  const following = next as Place | undefined;
  // It may be the place of the oldest itself.
  return following && (lasts.length === 0 || compare(lasts.at(-1) as Place, following) < 0) ? [...lasts, following] : lasts;
}

/** Writes what a block and the rows that come to it make: the oldest keep its place. */
function writeBlocks(store: IDBObjectStore, last: Place, before: readonly BlockRow[], fresh: readonly MessageRecord[]): void {
  const ids = new Set(fresh.map(({ id }) => id));
  const kept = before.filter(({ id }) => !ids.has(id));
  const rows = [...kept, ...fresh].sort(newestFirst);
  if (new Set(rows.map(({ dedup }) => dedup)).size < rows.length) throw new Error('a message would be kept twice');
  const [newest] = kept;
  const added = newest !== undefined && kept.length === before.length && rows.indexOf(newest) === fresh.length;
  if (added && kept.length >= fewestRows) writeParts(store, placeOf(fresh.at(-1) as MessageRecord), rows.slice(0, fresh.length), mostRows);
  else writeParts(store, last, rows, added || !newest ? mostRows : Math.ceil(rows.length / Math.ceil(rows.length / mostRows)));
}

function writeParts(store: IDBObjectStore, last: Place, rows: readonly BlockRow[], size: number): void {
  for (let end = rows.length; end > 0; end -= size) {
    const some = rows.slice(Math.max(0, end - size), end);
    writeBlock(store, end === rows.length ? last : placeOf({ ...(some.at(-1) as BlockRow), conversation: last[0] }), some);
  }
}

function writeBlock(store: IDBObjectStore, last: Place, some: readonly BlockRow[]): void {
  const rows = some.map(({ id, time, dedup, sealed }) => ({ id, time, dedup, sealed }));
  store.put({ last, rows, names: rows.flatMap(namesOf) } satisfies Block);
}

/** Takes a message away. */
export async function removeRow(store: IDBObjectStore, record: MessageRecord): Promise<void> {
  const [block] = await answersOf<Block | undefined>([store.get(placesOf(record.conversation, placeOf(record)))]);
  const rest = block?.rows.filter(({ id }) => id !== record.id);
  if (!block || !rest || rest.length === block.rows.length) return;
  if (rest.length === 0) store.delete([...block.last]);
  else writeBlock(store, block.last, rest);
}

/** The messages of a conversation after a place, newest first. */
export const rowsAfter = (store: IDBObjectStore, place: Place, limit: number): Promise<MessageRecord[]> =>
  readOn(store, place, [place[0], []], limit);

/** Messages of all conversations in the order of the store, after a place. */
export const sweepRows = (store: IDBObjectStore, place: Place | null, limit: number): Promise<MessageRecord[]> =>
  readOn(store, place ?? ['', 0, firstId], [[]], limit);

async function readOn(store: IDBObjectStore, place: Place, end: IDBValidKey, limit: number): Promise<MessageRecord[]> {
  const found: MessageRecord[] = [];
  for (let range = IDBKeyRange.bound(place, end); found.length < limit; ) {
    // The first may end before the place, and blocks need not be full.
    const asked = 1 + Math.ceil((limit - found.length) / mostRows);
    const blocks = (await answersOf<Block[]>([store.getAll(range, asked)])).flat();
    for (const row of blocks.flatMap(rowsOf)) if (compare(placeOf(row), place) > 0) found.push(row);
    const last = blocks.at(-1)?.last;
    if (!last || blocks.length < asked) break;
    range = IDBKeyRange.bound(last, end, true);
  }
  return found.slice(0, limit);
}

/** The messages before a place, oldest first. */
export async function rowsBefore(store: IDBObjectStore, place: Place, limit: number): Promise<MessageRecord[]> {
  const [conversation] = place;
  const [own] = await answersOf([store.getKey(placesOf(conversation, place))]);
  const range = own === undefined ? placesOf(conversation) : IDBKeyRange.bound([conversation], own);
  const found: MessageRecord[] = [];
  return new Promise((resolve, reject) => {
    const request = store.openCursor(range, 'prev');
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      for (const row of cursor ? rowsOf(cursor.value as Block).reverse() : []) if (compare(placeOf(row), place) < 0) found.push(row);
      if (cursor && found.length < limit) cursor.continue();
      else resolve(found.slice(0, limit));
    };
  });
}

const newestFirst = (a: BlockRow, b: BlockRow): number =>
  b.time - a.time || (a.id === b.id ? 0 : complement(a.id) < complement(b.id) ? -1 : 1);

/** As the database orders keys. */
function compare(a: Place, b: Place): number {
  for (const i of [0, 1, 2] as const) {
    const [x, y] = [a[i], b[i]];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** A number for a name, of 53 bits; it is no secret, and two names may come to the same one. */
function numberOf(by: 'id' | 'dedup', name: string): number {
  let [a, b] = by === 'id' ? [0xdeadbeef, 0x41c6ce57] : [0x9e3779b9, 0x7f4a7c15];
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0);
}
