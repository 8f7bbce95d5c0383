import { answersOf } from './bulk.ts';

/** That a conversation (no message) or a message was not here before; `seq` grows with every arrival. */
export interface Arrival {
  readonly seq: number;
  readonly conversation: string;
  readonly message: string | null;
}

/** Arrivals that were written at once; `seq` is the last one's. Versions before wrote each by itself. */
export interface ArrivalsRow {
  readonly seq: number;
  readonly arrivals: readonly (readonly [conversation: string, message: string | null])[];
}

/** Arrivals that are kept, and how often the older ones are cleared away: no row reaches over such a place. */
const kept = 20_000;
const clearEvery = 1_000;

/** Notes arrivals in their order, in a transaction that writes. */
export async function arrive(store: IDBObjectStore, arrivals: readonly Omit<Arrival, 'seq'>[]): Promise<void> {
  if (arrivals.length === 0) return;
  const before = await lastArrival(store);
  for (let taken = 0; taken < arrivals.length; ) {
    const seq = Math.min(before + arrivals.length, Math.floor((before + taken) / clearEvery + 1) * clearEvery);
    const some = arrivals.slice(taken, seq - before);
    store.put({ seq, arrivals: some.map(({ conversation, message }) => [conversation, message] as const) } satisfies ArrivalsRow);
    taken += some.length;
  }
  const last = before + arrivals.length;
  if (Math.floor(last / clearEvery) > Math.floor(before / clearEvery))
    store.delete(IDBKeyRange.upperBound(last - (last % clearEvery) - kept));
}

/** The number of the newest; 0: there was none yet. */
export const lastArrival = async (store: IDBObjectStore): Promise<number> => {
  const [cursor] = await answersOf([store.openKeyCursor(null, 'prev')]);
  return (cursor?.key as number | undefined) ?? 0;
};

export const arrivalsOf = (row: ArrivalsRow | Arrival): Arrival[] =>
  'arrivals' in row
    ? row.arrivals.map(([conversation, message], i) => ({ seq: row.seq - row.arrivals.length + 1 + i, conversation, message }))
    : [row];
