import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import type { Shown } from '../../rpc/views/messages.ts';
import type { Cache } from '../../storage/cache.ts';
import type { MessageRecord } from '../../storage/cache-schema.ts';
import { StorageError } from '../../storage/errors.ts';
import { createSingle } from '../exclusive.ts';
import { isAside, type StoredMessage, showPayload } from './model.ts';
import { emptyPiece, type Found, findIn, grown, newest, type Piece, packPiece, type Row, unpackPiece } from './search-piece.ts';
import { fold, having, type SearchQuery } from './search-query.ts';

/**
 * The words of all messages of an account, folded, in pieces of a thousand messages that lie sealed in the cache. A search reads through them from one end to
 * the other, which takes a few milliseconds for fifty thousand messages and finds parts of words in every script; what is new is added when somebody searches.
 */
export interface SearchIndex {
  /** Reads what was made of it already: what is looked for next is found sooner then. */
  ready(): Promise<void>;
  /** Takes up what is not in it yet. `progress` is told now and then. */
  update(progress: (done: number, total: number) => void): Promise<void>;
  /** The newest that fit among what is read by now, at most `limit`, newest first; `update` tells when that is all. `from`: whether a sender is one of those that are looked for. `within`: these conversations alone. */
  find(query: SearchQuery, options: FindOptions): Promise<Found[]>;
}

export interface FindOptions {
  readonly limit: number;
  readonly from?: (sender: Address) => boolean;
  readonly within?: (conversation: string) => boolean;
}

/** How far the index has come. */
interface Head {
  readonly format: typeof format;
  readonly pieces: number;
  /** How far the first building is; null once it is through. */
  readonly swept: string | null;
  /** The newest arrival that is in it. */
  readonly arrival: number;
}

interface Loaded {
  head: Head;
  readonly pieces: Piece[];
  /** By their places: those of which the disk does not have the last state. */
  readonly unwritten: Set<number>;
  /** What lies on the disk is of another index, and goes before anything of this one comes. */
  begun: boolean;
}

/** 1: pieces were JSON. */
const format = 2;
const headNumber = 0;
const rowsOfPiece = 1_000;
const page = 500;
/** Of a very long message its beginning is looked through. */
const longestText = 8_000;
/** Pieces that are read from the disk at once, and those that are read before all others: what was said last is looked for most. */
const atOnce = 4;
const newestPieces = 2;

const store = 'words';
const nobody = (): boolean => true;

export function createSearchIndex(
  keystore: Pick<AccountKeys, 'sealRecord' | 'openRecord' | 'sealBytes' | 'openBytes'>,
  cache: Pick<Cache, 'words' | 'messages' | 'arrivals'>,
  signal: AbortSignal,
): SearchIndex {
  let loaded: Promise<Loaded> | undefined;
  /** What is here of it already while the rest is read: a search does not wait for all. */
  let soFar: readonly Piece[] | null = null;

  const load = (): Promise<Loaded> => {
    if (loaded) return loaded;
    soFar = [];
    loaded = readAll()
      .catch((error: unknown) => {
        loaded = undefined;
        throw error;
      })
      .finally(() => {
        soFar = null;
      });
    return loaded;
  };

  /** What was written by another version, or does not open, is made anew: all of it is in the messages. */
  const readAll = async (): Promise<Loaded> => {
    try {
      const sealed = await cache.words.get(headNumber);
      const head = sealed && ((await keystore.openRecord(store, String(headNumber), sealed)) as Head);
      if (head?.format === format && !isIdOf(head))
        return { head, pieces: await readPieces(head.pieces), unwritten: new Set(), begun: true };
    } catch (error) {
      if (signal.aborted) throw error;
    }
    return begin();
  };

  /** From the last one to the first: what came last is there, once the index was built. */
  const readPieces = async (count: number): Promise<Piece[]> => {
    const readSome = async (first: number, last: number): Promise<Piece[]> => {
      const sealed = await cache.words.between(first, last);
      const some = await Promise.all(sealed.map(async (each, i) => unpackPiece(await keystore.openBytes(store, String(first + i), each))));
      soFar = [...(soFar ?? []), ...some];
      return some;
    };
    if (count === 0) return [];
    const parts: Piece[][] = [];
    let last = count - newestPieces;
    // All that is asked for at once shares the way from the disk: the newest would be here no sooner than the oldest.
    parts[0] = await readSome(Math.max(1, last + 1), count);
    const readOthers = async (): Promise<void> => {
      while (last > 0) {
        const [place, until] = [parts.push([]) - 1, last];
        last -= atOnce;
        parts[place] = await readSome(Math.max(1, last + 1), until);
      }
    };
    // One lot comes while the one before it is opened.
    await Promise.all([readOthers(), readOthers()]);
    const pieces = parts.reverse().flat();
    if (pieces.length !== count) throw new Error('pieces of the index are lost');
    return pieces;
  };

  const begin = async (): Promise<Loaded> => ({
    head: { format, pieces: 0, swept: '', arrival: await cache.arrivals.last() },
    pieces: [],
    unwritten: new Set(),
    begun: false,
  });

  /** Writes the pieces that changed with the head, in one transaction: a death repeats what was not written and nothing else. On a full disk it stays for the next time: what is here is found. */
  const write = async (index: Loaded): Promise<void> => {
    const { head, pieces, unwritten } = index;
    const places = [...unwritten];
    const sealed = await Promise.all(
      places.map(async (i) => [i + 1, await keystore.sealBytes(store, String(i + 1), packPiece(pieces[i] as Piece))] as const),
    );
    try {
      if (!index.begun) await cache.words.clear();
      index.begun = true;
      await cache.words.put([...sealed, [headNumber, await keystore.sealRecord(store, String(headNumber), head)]]);
      unwritten.clear();
    } catch (error) {
      if (!(error instanceof StorageError && error.reason === 'full')) throw error;
    }
  };

  /** Adds rows, and writes them down. */
  const add = async (index: Loaded, records: readonly MessageRecord[], head: Omit<Head, 'format' | 'pieces'>): Promise<void> => {
    const rows = (await Promise.all(records.map(rowOf))).filter((row) => row !== null);
    const pieces = [...index.pieces];
    const changed: number[] = [];
    for (let at = 0; at < rows.length; ) {
      let last = pieces.length - 1;
      if (last < 0 || (pieces[last] as Piece).at.length >= rowsOfPiece) last = pieces.push(emptyPiece) - 1;
      const piece = pieces[last] as Piece;
      const room = rowsOfPiece - piece.at.length;
      pieces[last] = grown(piece, rows.slice(at, at + room));
      changed.push(last);
      at += room;
    }
    index.head = { format, pieces: pieces.length, ...head };
    index.pieces.splice(0, index.pieces.length, ...pieces);
    for (const place of changed) index.unwritten.add(place);
    await write(index);
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
      const { rows, next } = await messages.sweep(index.head.swept, page);
      await add(index, rows, { swept: next, arrival: index.head.arrival });
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
      if (!last) {
        if (index.unwritten.size > 0) await write(index);
        break;
      }
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
    ready: async () => void (await load()),
    update(progress) {
      tell = progress;
      return running();
    },
    async find(query, { limit, from = nobody, within = nobody }) {
      const reading = load();
      reading.catch(() => undefined);
      const pieces = soFar ?? (await reading).pieces;
      const best = newest(limit);
      for (const piece of pieces) findIn(piece, query, from, within, best.take);
      return best.all();
    },
  };
}

/** Whether a building was begun by a version that went by ids. */
const isIdOf = ({ swept }: Head): boolean => swept !== null && /^[0-9a-f]/.test(swept);

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
