import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import type { Shown } from '../../rpc/views/messages.ts';
import type { Cache, MessageRecord } from '../../storage/cache.ts';
import { createSingle } from '../exclusive.ts';
import { isAside, type StoredMessage, showPayload } from './model.ts';
import { fold, having, type SearchQuery } from './search-query.ts';

/**
 * The words of all messages of an account, folded, in pieces of a thousand messages that lie sealed in the cache. A search reads through them from one end to
 * the other, which takes a few milliseconds for fifty thousand messages and finds parts of words in every script; what is new is added when somebody searches.
 */
export interface SearchIndex {
  /** Takes up what is not in it yet. `progress` is told now and then. */
  update(progress: (done: number, total: number) => void): Promise<void>;
  /** The newest that fit, at most `limit`, newest first. `from`: whether a sender is one of those that are looked for. `within`: these conversations alone. */
  find(query: SearchQuery, options: FindOptions): Promise<Found[]>;
}

export interface FindOptions {
  readonly limit: number;
  readonly from?: (sender: Address) => boolean;
  readonly within?: (conversation: string) => boolean;
}

export interface Found {
  readonly id: string;
  readonly conversation: string;
  readonly at: number;
}

/** A column for each property, a row for each message. Sealed as its own JSON: a quarter of a million numbers are read without looking at each. */
interface Piece {
  /** Hex, 64 digits each. */
  ids: string;
  readonly conversations: string[];
  readonly senders: Address[];
  /** By its place among `conversations` and `senders`. */
  readonly conversation: number[];
  readonly sender: number[];
  readonly at: number[];
  /** Bits of `having`. */
  readonly has: number[];
  /** Rows end with a line break. */
  text: string;
}

/** How far the index has come. */
interface Head {
  readonly format: 1;
  readonly pieces: number;
  /** The first building goes by id; the last id, or null once it is through. */
  readonly swept: string | null;
  /** The newest arrival that is in it. */
  readonly arrival: number;
}

interface Loaded {
  head: Head;
  readonly pieces: Piece[];
}

const headNumber = 0;
const rowsOfPiece = 1_000;
const page = 500;
/** Of a very long message its beginning is looked through. */
const longestText = 8_000;
const idLength = 64;

const store = 'words';
const nobody = (): boolean => true;

export function createSearchIndex(
  keystore: Pick<AccountKeys, 'sealRecord' | 'openRecord'>,
  cache: Pick<Cache, 'words' | 'messages' | 'arrivals'>,
  signal: AbortSignal,
): SearchIndex {
  let loaded: Promise<Loaded> | undefined;

  const load = (): Promise<Loaded> => {
    loaded ??= readAll().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };

  /** What was written by another version, or does not open, is made anew: all of it is in the messages. */
  const readAll = async (): Promise<Loaded> => {
    const sealed = new Map(await cache.words.all());
    const open = async <T>(number: number): Promise<T> =>
      (await keystore.openRecord(store, String(number), sealed.get(number) as Uint8Array)) as T;
    try {
      if (sealed.has(headNumber)) {
        const head = await open<Head>(headNumber);
        if (head.format === 1)
          return {
            head,
            pieces: await Promise.all(Array.from({ length: head.pieces }, async (_, i) => JSON.parse(await open<string>(i + 1)) as Piece)),
          };
      }
    } catch (error) {
      if (signal.aborted) throw error;
    }
    return begin();
  };

  const begin = async (): Promise<Loaded> => {
    await cache.words.clear();
    return { head: { format: 1, pieces: 0, swept: '', arrival: await cache.arrivals.last() }, pieces: [] };
  };

  /** Adds rows, and writes the pieces that changed with the head, in one transaction: a death repeats a page and nothing else. */
  const add = async (index: Loaded, records: readonly MessageRecord[], head: Omit<Head, 'format' | 'pieces'>): Promise<void> => {
    const rows = (await Promise.all(records.map(rowOf))).filter((row) => row !== null);
    const pieces = [...index.pieces];
    const changed = new Set<number>();
    for (const row of rows) {
      let last = pieces.length - 1;
      if (last < 0 || (pieces[last] as Piece).at.length >= rowsOfPiece) last = pieces.push(emptyPiece()) - 1;
      // What is being looked through stays as it is until the new rows are on the disk.
      if (!changed.has(last)) pieces[last] = copyOf(pieces[last] as Piece);
      changed.add(last);
      put(pieces[last] as Piece, row);
    }
    const next: Head = { format: 1, pieces: pieces.length, ...head };
    const sealed = await Promise.all([...changed].map((i) => keystore.sealRecord(store, String(i + 1), JSON.stringify(pieces[i]))));
    await cache.words.put([
      ...[...changed].map((i, position) => [i + 1, sealed[position] as Uint8Array] as const),
      [headNumber, await keystore.sealRecord(store, String(headNumber), next)],
    ]);
    index.head = next;
    index.pieces.splice(0, index.pieces.length, ...pieces);
  };

  const rowOf = async ({ id, sealed }: MessageRecord): Promise<Row | null> => {
    const { conversation, sender, sentAt, payload } = (await keystore.openRecord('messages', id, sealed)) as StoredMessage;
    const shown = await showPayload(payload).then(
      (each) => each.shown,
      () => null,
    );
    if (!shown || isAside(shown)) return null;
    const text = wordsOf(shown);
    return { id, conversation, sender, at: sentAt, has: hasOf(shown, text), text: fold(text.slice(0, longestText)) };
  };

  const running = createSingle(async () => {
    let index = await load();
    const { arrivals, messages } = cache;
    // The oldest arrivals are forgotten: an index that is further behind is made anew.
    if (index.head.swept === null && (await arrivals.first()) > index.head.arrival + 1) {
      index = await begin();
      loaded = Promise.resolve(index);
    }
    // Counting takes longer than a search: only the first building, which tells how far it is, has a use for it.
    const total = index.head.swept === null ? 0 : await messages.count();
    while (index.head.swept !== null && !signal.aborted) {
      const records = await messages.sweep(index.head.swept, page);
      const last = records.at(-1);
      await add(index, records, { swept: records.length === page && last ? last.id : null, arrival: index.head.arrival });
      tell(
        Math.min(
          total,
          index.pieces.reduce((sum, { at }) => sum + at.length, 0),
        ),
        total,
      );
    }
    while (!signal.aborted) {
      const news = await arrivals.after(index.head.arrival, page);
      const last = news.at(-1);
      if (!last) break;
      const records = await Promise.all(news.map(({ message }) => (message === null ? undefined : messages.get(message))));
      await add(
        index,
        records.filter((record) => record !== undefined),
        { swept: null, arrival: last.seq },
      );
    }
  });
  let tell: (done: number, total: number) => void = () => undefined;

  return {
    update(progress) {
      tell = progress;
      return running();
    },
    async find(query, { limit, from = nobody, within = nobody }) {
      const { pieces } = await load();
      const best = newest(limit);
      for (const piece of pieces) findIn(piece, query, from, within, best.take);
      return best.all();
    },
  };
}

interface Row extends Found {
  readonly sender: Address;
  readonly has: number;
  readonly text: string;
}

const emptyPiece = (): Piece => ({ ids: '', conversations: [], senders: [], conversation: [], sender: [], at: [], has: [], text: '' });

const copyOf = (piece: Piece): Piece => ({
  ...piece,
  conversations: [...piece.conversations],
  senders: [...piece.senders],
  conversation: [...piece.conversation],
  sender: [...piece.sender],
  at: [...piece.at],
  has: [...piece.has],
});

function put(piece: Piece, { id, conversation, sender, at, has, text }: Row): void {
  piece.ids += id;
  piece.conversation.push(placeIn(piece.conversations, conversation));
  piece.sender.push(placeIn(piece.senders, sender));
  piece.at.push(at);
  piece.has.push(has);
  piece.text += `${text}\n`;
}

function placeIn<T>(list: T[], value: T): number {
  const at = list.indexOf(value);
  return at >= 0 ? at : list.push(value) - 1;
}

function wordsOf(shown: Shown): string {
  if (shown.form === 'reply') return wordsOf(shown.content);
  if (shown.form === 'text') return shown.text;
  return shown.form === 'file' ? shown.filename : (shown.fallback ?? '');
}

function hasOf(shown: Shown, text: string): number {
  if (shown.form === 'reply') return hasOf(shown.content, text);
  if (shown.form === 'file') return having.file | (shown.image ? having.image : 0);
  return /\bhttps?:\/\/\S/iu.test(text) ? having.link : 0;
}

/** Reads through a piece: by the longest of the words from place to place, else row by row. */
function findIn(
  piece: Piece,
  { words, has, after, before }: SearchQuery,
  from: (sender: Address) => boolean,
  within: (conversation: string) => boolean,
  take: (found: Found) => void,
): void {
  const { text, at, ids } = piece;
  const senders = piece.senders.map(from);
  const conversations = piece.conversations.map(within);
  if (!senders.includes(true) || !conversations.includes(true)) return;
  const bits = has.reduce((sum, name) => sum | having[name], 0);
  const [longest, ...others] = [...words].sort((a, b) => b.length - a.length);
  const fits = (row: number): boolean =>
    senders[piece.sender[row] as number] === true &&
    conversations[piece.conversation[row] as number] === true &&
    ((piece.has[row] as number) & bits) === bits &&
    (after === null || (at[row] as number) >= after) &&
    (before === null || (at[row] as number) < before);
  const found = (row: number): void =>
    take({
      id: ids.slice(row * idLength, (row + 1) * idLength),
      conversation: piece.conversations[piece.conversation[row] as number] as string,
      at: at[row] as number,
    });
  if (longest === undefined) {
    for (let row = 0; row < at.length; row++) if (fits(row)) found(row);
    return;
  }
  // Rows are counted on the way from one place to the next.
  let row = 0;
  let start = 0;
  for (let hit = text.indexOf(longest); hit >= 0; hit = text.indexOf(longest, start)) {
    let end = text.indexOf('\n', start);
    while (end < hit) {
      row += 1;
      start = end + 1;
      end = text.indexOf('\n', start);
    }
    if (fits(row) && (others.length === 0 || hasAll(text.slice(start, end), others))) found(row);
    row += 1;
    start = end + 1;
  }
}

const hasAll = (line: string, words: readonly string[]): boolean => words.every((word) => line.includes(word));

/** Keeps the newest of what it is given; the same message twice is one. */
function newest(limit: number) {
  let kept: Found[] = [];
  let floor = Number.NEGATIVE_INFINITY;
  const cut = (): void => {
    const seen = new Set<string>();
    kept = kept
      .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
      .filter(({ id }) => !seen.has(id) && seen.add(id))
      .slice(0, limit);
    if (kept.length === limit) floor = kept.at(-1)?.at ?? floor;
  };
  return {
    take(found: Found): void {
      if (found.at < floor) return;
      kept.push(found);
      if (kept.length > 4 * limit + 100) cut();
    },
    all(): Found[] {
      cut();
      return kept;
    },
  };
}
