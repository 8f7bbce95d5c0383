import type { PageCaller } from '../../../src/rpc/caller.ts';
import type { Table } from '../../../src/storage/records.ts';

export const shop = 'https://shop.example';
export const game = 'https://game.example';

export interface TestCaller extends PageCaller {
  readonly heard: [event: string, payload: unknown][];
  shown: boolean;
  leave(): void;
}

let documents = 0;

/** A document of an origin, in a tab that is shown. */
export function pageOf(origin: string, documentId = `document ${++documents}`): TestCaller {
  const gone = new AbortController();
  const heard: TestCaller['heard'] = [];
  return {
    kind: 'page',
    origin,
    tabId: 1,
    documentId,
    title: 'A page',
    gone: gone.signal,
    heard,
    shown: true,
    async visible() {
      return this.shown;
    },
    emit: (event, payload) => void heard.push([event, JSON.parse(JSON.stringify(payload))]),
    leave: () => gone.abort(),
  };
}

/** A table in memory, as the disk keeps it: values are copied, and writing takes a turn. */
export function memoryTable<T>(): Table<T> & { readonly rows: Map<string, T>; fail: boolean } {
  const rows = new Map<string, T>();
  const table = {
    rows,
    fail: false,
    get: async (key: string) => structuredClone(rows.get(key)),
    many: async (keys: readonly string[]) => keys.map((key) => structuredClone(rows.get(key))),
    async put(key: string, value: T) {
      await null;
      if (table.fail) throw new Error('the disk is full');
      rows.set(key, structuredClone(value));
    },
    async delete(key: string) {
      await null;
      if (table.fail) throw new Error('the disk is full');
      rows.delete(key);
    },
    all: async () => structuredClone([...rows]),
  };
  return table;
}

/** What became of a promise so far. */
export function watch<T>(promise: Promise<T>): { result?: T; error?: { reason?: string; message: string; data?: unknown }; done: boolean } {
  const watched: ReturnType<typeof watch<T>> = { done: false };
  promise.then(
    (result) => Object.assign(watched, { result, done: true }),
    (error: { reason?: string; message: string }) => Object.assign(watched, { error, done: true }),
  );
  return watched;
}
