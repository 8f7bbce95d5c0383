import type { Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { Shards } from './shards.ts';
import { wakuHash } from './waku-message.ts';

/** Rows at a time: some milliseconds, in which nobody else is served. */
const rowsAtOnce = 250;

export interface IndexerOptions {
  readonly store: Pick<Store, 'head' | 'page'>;
  readonly ledger: Pick<Ledger, 'indexed' | 'index' | 'caughtUp' | 'ready'>;
  readonly shards: Pick<Shards, 'of'>;
}

/** Brings the hashes of the ledger up to what is the head of the store when it begins, in turns with all else that there is to do: it would not end where something is stored in every turn. */
export class Indexer {
  readonly #options: IndexerOptions;
  #running: Promise<number> | undefined;
  #stopped = false;

  constructor(options: IndexerOptions) {
    this.#options = options;
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
      const rows = await store.page(after, rowsAtOnce);
      const last = rows.at(-1);
      await ledger.ready();
      if (!last || this.#stopped) break;
      ledger.index(
        rows.map((row) => ({ hash: wakuHash(shards.of(row.topic), row), seq: row.seq, timestampNs: row.timestampNs })),
        last.seq,
      );
      after = last.seq;
      // A store in this process answers at once: without this all of it would be one turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!this.#stopped) ledger.caughtUp();
    return after;
  }
}
