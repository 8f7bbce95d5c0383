/**
 * What many requests of one transaction come to. They are answered in their order, so that only the last is listened to: a promise for each costs as much as the request.
 * One that fails undoes the transaction, and with it the last.
 */
export function answersOf<T>(requests: readonly IDBRequest<T>[]): Promise<T[]> {
  const last = requests.at(-1);
  if (!last) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    last.onsuccess = () => resolve(requests.map(({ result }) => result));
    last.onerror = () => reject(last.error);
  });
}

/** The first of each name. */
export function distinct<T>(records: readonly T[], nameOf: (record: T) => string): T[] {
  const seen = new Set<string>();
  return records.filter((record) => !seen.has(nameOf(record)) && seen.add(nameOf(record)));
}
