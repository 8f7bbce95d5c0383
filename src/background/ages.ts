import type { Cell } from '../keystore/vault-store.ts';
import type { Clock } from '../protocol/time.ts';
import type { Records } from '../storage/records.ts';
import { noteStop } from './log.ts';

type Counted = Pick<Records, 'age' | 'onWrite'>;

/** That an older database lies in the place of one that is known. */
export interface Older {
  /** When it was written to last, ms; null: it was never counted. */
  readonly from: number | null;
}

/** How much was written to each durable database, in it and a second time beside all of them: what was put back from a copy has counted less than is known. */
export interface Ages {
  /** Compares the two counts of a database, and counts on from the larger one. Null: it is the one that is known. */
  look(name: string, records: Counted): Promise<Older | null>;
  /** Makes the two equal, once somebody knows that it is older. */
  settle(name: string): Promise<void>;
  /** Whether anything is counted: it is so from the first account on. */
  any(): Promise<boolean>;
  /** This database is gone for good. */
  forget(name: string): Promise<void>;
  /** All of them are. */
  clear(): Promise<void>;
  /** Counts no more. */
  stop(): void;
}

interface Deps {
  /** Where the counts lie a second time. */
  readonly mirror: Cell<string>;
  readonly clock: Clock;
  /** Without an account nothing can be lost. */
  readonly worthIt: () => boolean;
}

/** Writes within this time are counted as one, ms: a count is a write too. */
const gatheredMs = 500;

/**
 * The count in the database is written after what it counts and before the one beside it, so that neither a death nor a power cut leaves it behind that one. What
 * is sent is counted at once. Other things that were written in the last half second may be missing in both: an end within it is not seen, and costs that much.
 */
export function createAges({ mirror, clock, worthIt }: Deps): Ages {
  const open = new Map<string, { readonly records: Counted; count: number; timer: ReturnType<typeof setTimeout> | null }>();
  let reading: Promise<Map<string, number>> | undefined;
  let stopped = false;

  const beside = (): Promise<Map<string, number>> => {
    reading ??= mirror.get().then((text) => new Map(countsOf(text)));
    return reading;
  };
  const writeBeside = async (change: (counts: Map<string, number>) => void): Promise<void> => {
    const counts = await beside();
    change(counts);
    await mirror.put(JSON.stringify(Object.fromEntries(counts)));
  };

  const count = async (name: string): Promise<void> => {
    const known = open.get(name);
    if (!known || stopped) return;
    known.count += 1;
    const { count: now, records } = known;
    await records.age.put({ count: now, at: clock() });
    // All may have been cleared meanwhile, or more was written.
    if (open.get(name) === known && known.count === now) await writeBeside((counts) => counts.set(name, now));
  };

  const end = (name: string): void => {
    clearTimeout(open.get(name)?.timer ?? undefined);
    open.delete(name);
  };

  return {
    async look(name, records) {
      const [here, there] = [await records.age.get(), (await beside()).get(name) ?? 0];
      end(name);
      const known = { records, count: Math.max(here?.count ?? 0, there), timer: null as ReturnType<typeof setTimeout> | null };
      open.set(name, known);
      const now = (): void => {
        known.timer = null;
        if (worthIt()) count(name).catch((error: unknown) => noteStop('counting what was written', error));
      };
      records.onWrite((sent) => {
        if (stopped || open.get(name) !== known) return;
        if (sent) {
          clearTimeout(known.timer ?? undefined);
          now();
        } else known.timer ??= setTimeout(now, gatheredMs);
      });
      return (here?.count ?? 0) < there ? { from: here?.at ?? null } : null;
    },
    settle: count,
    any: async () => (await beside()).size > 0,
    async forget(name) {
      end(name);
      await writeBeside((counts) => counts.delete(name));
    },
    async clear() {
      for (const known of open.values()) known.count = 0;
      (await beside()).clear();
      await mirror.delete();
    },
    stop() {
      stopped = true;
      for (const name of [...open.keys()]) end(name);
    },
  };
}

function countsOf(text: string | undefined): [string, number][] {
  try {
    const counts: unknown = JSON.parse(text ?? '{}');
    return Object.entries(counts as object).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]));
  } catch {
    return [];
  }
}
