import type { Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { Indexed } from './segments.ts';
import type { Shards } from './shards.ts';
import { wakuHash } from './waku-message.ts';

/** Rows at a time: some milliseconds, in which nobody else is served. */
const rowsAtOnce = 250;
/** With so many that were noted it is done without being asked for; with less a rush is over first. */
const manyNoted = 5000;
const maxNoted = 20_000;

export interface IndexerOptions {
  readonly store: Pick<Store, 'head' | 'page'>;
  readonly ledger: Pick<Ledger, 'indexed' | 'index' | 'caughtUp' | 'ready'>;
  readonly shards: Pick<Shards, 'of'>;
}

/** Brings the hashes of the ledger up to what is the head of the store when it begins, in turns with all else that there is to do: it would not end where something is stored in every turn. */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #noted = new Map<number, Indexed>();
  #running: Promise<number> | undefined;
  #stopped = false;

  constructor(options: IndexerOptions) {
    this.#options = options;
  }

  /** A row that has just been stored, with its hash: what is told of need not be read and hashed again. */
  note(row: Indexed): void {
    if (this.#noted.size < maxNoted) this.#noted.set(row.seq, row);
    if (this.#noted.size >= manyNoted && !this.#running && !this.#stopped)
      // A failure of the disk is told to who asks next.
      this.run().catch(() => {});
  }

  /** One at a time for all who ask; answers the row up to which everything is known. */
  run(): Promise<number> {
    this.#running ??= this.#index().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => {});
  }

  async #index(): Promise<number> {
    const { store, ledger, shards } = this.#options;
    const head = store.head();
    let after = ledger.indexed;
    while (after < head && !this.#stopped) {
      const noted = this.#notedAfter(after);
      const rows =
        noted.length > 0
          ? noted
          : (await store.page(after, rowsAtOnce)).map((row) => ({
              hash: wakuHash(shards.of(row.topic), row),
              seq: row.seq,
              timestampNs: row.timestampNs,
            }));
      const last = rows.at(-1);
      await ledger.ready();
      if (!last || this.#stopped) break;
      ledger.index(rows, last.seq);
      after = last.seq;
      // A store in this process answers at once: without this all of it would be one turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const seq of this.#noted.keys()) if (seq <= after) this.#noted.delete(seq);
    if (!this.#stopped) ledger.caughtUp();
    return after;
  }

  /** The rows that come next, as far as all of them were noted. */
  #notedAfter(after: number): Indexed[] {
    const rows: Indexed[] = [];
    for (let row = this.#noted.get(after + 1); row && rows.length < rowsAtOnce; row = this.#noted.get(row.seq + 1)) rows.push(row);
    return rows;
  }
}
