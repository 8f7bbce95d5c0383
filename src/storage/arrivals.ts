import { answersOf } from './bulk.ts';

/** That a conversation (no message) or a message was not here before; `seq` grows with every arrival. */
export interface Arrival {
  readonly seq: number;
  readonly conversation: string;
  readonly message: string | null;
}

/** Arrivals that are kept, and how often the older ones are cleared away. */
const kept = 20_000;
const clearEvery = 1_000;

/** Notes arrivals in their order, in a transaction that writes. */
export async function arrive(store: IDBObjectStore, arrivals: readonly Omit<Arrival, 'seq'>[]): Promise<void> {
  // The keys are the database's to give.
  const seqs = await answersOf(arrivals.map((arrival) => store.add(arrival) as IDBRequest<number>));
  const [first, last] = [seqs[0], seqs.at(-1)];
  if (first === undefined || last === undefined || Math.floor(last / clearEvery) === Math.floor((first - 1) / clearEvery)) return;
  store.delete(IDBKeyRange.upperBound(last - (last % clearEvery) - kept));
}
