import { bytesOf, type Statement } from '../store/driver.ts';
import { HashTable } from './hash-table.ts';
import { hashName as nameOf } from './recent.ts';
import { HashTree } from './tree.ts';
import { type TreeWord, voucherFrom } from './voucher.ts';

/** What is kept of a bundle: the word of its home, and of each envelope its leaf and its hash, in their order. */
export interface KeptBundle {
  readonly word: TreeWord;
  readonly leaves: readonly Uint8Array[];
  readonly hashes: readonly Uint8Array[];
}

export const bundleShape = `
  -- Bundles under whose word envelopes came; one is open until all of them have their place in the store.
  CREATE TABLE IF NOT EXISTS bundle (
    id INTEGER PRIMARY KEY, home BLOB NOT NULL, issued INTEGER NOT NULL, signature BLOB NOT NULL, leaves BLOB NOT NULL, hashes BLOB NOT NULL, open INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS bundle_open ON bundle (id) WHERE open = 1;
`;

/** Trees that were asked for of late: envelopes of one bundle are asked for together. */
const maxTrees = 50;
const length = 32;

/** The words of homes over many envelopes at once: one row where there would be a voucher for each. */
export class BundleWords {
  readonly #run: (sql: string) => Statement;
  /** Bundles of envelopes that have no place yet. */
  readonly #waiting = new HashTable();
  readonly #open = new Map<number, number>();
  readonly #trees = new Map<number, { readonly word: TreeWord; readonly tree: HashTree; readonly places: ReadonlyMap<string, number> }>();
  #left: number[] = [];

  constructor(run: (sql: string) => Statement) {
    this.#run = run;
    for (const row of run('SELECT id, hashes FROM bundle WHERE open = 1 ORDER BY id').all()) {
      const id = Number(row['id']);
      this.#left.push(id);
      this.#wait(id, pieces(bytesOf(row['hashes'])));
    }
  }

  /** Within a transaction. */
  keep({ word: { home, issuedMs, signature }, leaves, hashes }: KeptBundle): void {
    const { lastId } = this.#run('INSERT INTO bundle (home, issued, signature, leaves, hashes, open) VALUES (?, ?, ?, ?, ?, 1)').run(
      home,
      issuedMs,
      signature,
      Buffer.concat(leaves),
      Buffer.concat(hashes),
    );
    this.#wait(lastId, hashes);
  }

  /** The bundle of an envelope that has no place yet; 0 for none. */
  waitingFor(hash: Uint8Array): number {
    return this.#waiting.get(hash) ?? 0;
  }

  /** Within a transaction: these have their place now. Answers which bundle each came in, and what is called once it is written down. */
  placed(hashes: readonly Uint8Array[]): { readonly ids: readonly number[]; readonly done: () => void } {
    const ids = hashes.map((hash) => this.#waiting.get(hash) ?? 0);
    const left = new Map<number, number>();
    for (const id of ids) if (id !== 0) left.set(id, (left.get(id) ?? this.#open.get(id) ?? 1) - 1);
    for (const [id, count] of left) if (count <= 0) this.#run(closing).run(id);
    const done = (): void => {
      for (const hash of hashes) this.#waiting.delete(hash);
      for (const [id, count] of left)
        if (count > 0) this.#open.set(id, count);
        else this.#open.delete(id);
    };
    return { ids, done };
  }

  /** Everything that was stored before the start has its place: what waits since then was never stored. */
  caughtUp(): void {
    for (const id of this.#left.splice(0)) if (this.#open.delete(id)) this.#run(closing).run(id);
  }

  /** The voucher of one envelope of a bundle. */
  voucherOf(id: number, hash: Uint8Array): Uint8Array | undefined {
    let kept = this.#trees.get(id);
    if (!kept) {
      const row = this.#run('SELECT home, issued, signature, leaves, hashes FROM bundle WHERE id = ?').get(id);
      if (!row) return undefined;
      kept = {
        word: { home: bytesOf(row['home']), issuedMs: BigInt(row['issued'] as bigint), signature: bytesOf(row['signature']) },
        tree: new HashTree(pieces(bytesOf(row['leaves']))),
        places: new Map(pieces(bytesOf(row['hashes'])).map((each, place) => [nameOf(each), place])),
      };
      this.#trees.set(id, kept);
      if (this.#trees.size > maxTrees) this.#trees.delete(this.#trees.keys().next().value as number);
    }
    const place = kept.places.get(nameOf(hash));
    return place === undefined ? undefined : voucherFrom(kept.word, kept.tree.pathOf(place));
  }

  #wait(id: number, hashes: readonly Uint8Array[]): void {
    for (const hash of hashes) this.#waiting.set(hash, id);
    this.#open.set(id, hashes.length);
  }
}

const closing = 'UPDATE bundle SET open = 0 WHERE id = ?';

const pieces = (bytes: Uint8Array): Buffer[] =>
  Array.from({ length: bytes.length / length }, (_, at) => Buffer.from(bytes.buffer, bytes.byteOffset + at * length, length));
