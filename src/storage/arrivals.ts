/** That a conversation (no message) or a message was not here before; `seq` grows with every arrival. */
export interface Arrival {
  readonly seq: number;
  readonly conversation: string;
  readonly message: string | null;
}

/** The store that they lie in, in a transaction that writes. */
interface ArrivalStore {
  add(arrival: Arrival): Promise<number>;
  delete(range: IDBKeyRange): Promise<void>;
}

/** Arrivals that are kept, and how often the older ones are cleared away. */
const kept = 20_000;
const clearEvery = 1_000;

export async function arrive(store: ArrivalStore, conversation: string, message: string | null): Promise<void> {
  // The key is the database's to give.
  const seq = await store.add({ conversation, message } as Omit<Arrival, 'seq'> as Arrival);
  if (seq % clearEvery === 0) await store.delete(IDBKeyRange.upperBound(seq - kept));
}
