import type { Address } from '../../protocol/address.ts';
import { concat, fromHex, fromUtf8, toHex, utf8 } from '../../protocol/bytes.ts';
import { having, type SearchQuery } from './search-query.ts';

/** A part of the index: a column for each property, a row for each message. */
export interface Piece {
  /** 32 bytes each. */
  readonly ids: Uint8Array;
  readonly conversations: readonly string[];
  readonly senders: readonly Address[];
  /** By its place among `conversations` and `senders`. */
  readonly conversation: ArrayLike<number>;
  readonly sender: ArrayLike<number>;
  readonly at: ArrayLike<number>;
  /** Bits of `having`. */
  readonly has: ArrayLike<number>;
  /** Rows end with a line break. */
  readonly text: string;
}

export interface Found {
  readonly id: string;
  readonly conversation: string;
  readonly at: number;
}

export interface Row extends Found {
  readonly sender: Address;
  readonly has: number;
  readonly text: string;
}

const idLength = 32;

export const emptyPiece: Piece = {
  ids: new Uint8Array(),
  conversations: [],
  senders: [],
  conversation: [],
  sender: [],
  at: [],
  has: [],
  text: '',
};

/** The piece with more rows; the one before stays as it is for whoever looks through it. */
export function grown(piece: Piece, rows: readonly Row[]): Piece {
  const [conversations, senders] = [[...piece.conversations], [...piece.senders]];
  return {
    ids: concat(piece.ids, ...rows.map(({ id }) => fromHex(id))),
    conversation: [...Array.from(piece.conversation), ...rows.map((row) => placeIn(conversations, row.conversation))],
    sender: [...Array.from(piece.sender), ...rows.map((row) => placeIn(senders, row.sender))],
    at: [...Array.from(piece.at), ...rows.map(({ at }) => at)],
    has: [...Array.from(piece.has), ...rows.map(({ has }) => has)],
    text: piece.text + rows.map(({ text }) => `${text}\n`).join(''),
    conversations,
    senders,
  };
}

function placeIn<T>(list: T[], value: T): number {
  const at = list.indexOf(value);
  return at >= 0 ? at : list.push(value) - 1;
}

/**
 * As bytes: how many rows, how long the lists are, then column after column as it lies in memory, the lists as JSON and the text. Nothing is parsed by the number or
 * by the letter when the background wakes: as JSON that took longer than all else of a search.
 */
export function packPiece({ ids, conversations, senders, conversation, sender, at, has, text }: Piece): Uint8Array {
  const lists = utf8(JSON.stringify([conversations, senders]));
  const columns = [Float64Array.from(at), Uint16Array.from(conversation), Uint16Array.from(sender), Uint8Array.from(has)];
  return concat(
    new Uint8Array(Uint32Array.of(at.length, lists.length).buffer),
    ids,
    ...columns.map(({ buffer }) => new Uint8Array(buffer)),
    lists,
    utf8(text),
  );
}

export function unpackPiece(bytes: Uint8Array): Piece {
  let from = 0;
  // A copy begins where a number may begin.
  const next = (length: number): ArrayBuffer => {
    from += length;
    return bytes.slice(from - length, from).buffer as ArrayBuffer;
  };
  const [rows = 0, listsLength = 0] = new Uint32Array(next(8));
  const ids = new Uint8Array(next(rows * idLength));
  const at = new Float64Array(next(rows * 8));
  const conversation = new Uint16Array(next(rows * 2));
  const sender = new Uint16Array(next(rows * 2));
  const has = new Uint8Array(next(rows));
  const [conversations, senders] = JSON.parse(fromUtf8(new Uint8Array(next(listsLength)))) as [string[], Address[]];
  return { ids, conversations, senders, conversation, sender, at, has, text: fromUtf8(bytes.subarray(from)) };
}

/** Reads through a piece: by the longest of the words from place to place, else row by row. */
export function findIn(
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
      id: toHex(ids.subarray(row * idLength, (row + 1) * idLength)),
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
export function newest(limit: number) {
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
