import { needRoom } from '../room.ts';

/** What a request to a database of the browser is answered with. */
export const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Opens a database of one store, of which there was one version only. @throws DOMException QuotaExceededError where there is no room to open any */
export async function openStore(name: string, store: string): Promise<IDBDatabase> {
  await needRoom();
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store);
  return answer(opening);
}
