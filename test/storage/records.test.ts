import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { guarded, StorageError } from '../../src/storage/errors.ts';
import { openRecords, type Records } from '../../src/storage/records.ts';

let names = 0;
let name = '';
let records: Records;
beforeEach(() => {
  name = `records-${names++}`;
  records = openRecords(name);
});
afterEach(() => records.close());

const entry = (id: string, conversation = 'c') => ({ id, conversation, sealed: Uint8Array.of(id.length) });
const reopen = async (): Promise<void> => {
  await records.close();
  records = openRecords(name);
};
const reason = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof StorageError) return error.reason;
    throw error;
  }
  return 'no error';
};

describe('records', () => {
  test('are there after the database was closed', async () => {
    await records.vault.put(Uint8Array.of(1, 2, 3));
    await records.settings.put('node', { url: 'http://127.0.0.1:1' });
    await records.drafts.put('c', Uint8Array.of(9));
    await reopen();
    expect(await records.vault.get()).toEqual(Uint8Array.of(1, 2, 3));
    expect(await records.settings.all()).toEqual([['node', { url: 'http://127.0.0.1:1' }]]);
    expect(await records.drafts.get('c')).toEqual(Uint8Array.of(9));
    await records.drafts.delete('c');
    expect(await records.drafts.get('c')).toBeUndefined();
  });

  test('are all gone when deleted, and can be written again', async () => {
    await records.vault.put(Uint8Array.of(1));
    await records.outbox.add(entry('a'));
    await records.delete();
    expect(await records.vault.get()).toBeUndefined();
    expect(await records.outbox.all()).toEqual([]);
    await records.vault.put(Uint8Array.of(2));
    expect(await records.vault.get()).toEqual(Uint8Array.of(2));
  });

  test('are written strictly, every one of them', async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await records.vault.put(Uint8Array.of(1));
    await records.settings.put('a', 1);
    await records.grants.put('a', 1);
    await records.drafts.put('a', Uint8Array.of(1));
    await records.sent.put('a', 'b');
    await records.files.put(['a', 1, 'f', 1], Uint8Array.of(1), Uint8Array.of(2));
    await records.files.delete(['a', 1, 'f', 1]);
    await records.pins.put('a', Uint8Array.of(1));
    await records.notes.put('a', Uint8Array.of(1));
    await records.tasks.put({ name: 't', tries: 0, nextTryAt: 0 });
    const order = await records.outbox.add(entry('a'));
    await records.outbox.update({ ...entry('a'), order });
    await records.outbox.delete('a');
    await records.tasks.delete('t');
    await records.vault.delete();
    const writes = transaction.mock.calls.filter(([, mode]) => mode === 'readwrite');
    expect(writes).toHaveLength(15);
    for (const [, , options] of writes) expect(options).toEqual({ durability: 'strict' });
    transaction.mockRestore();
  });

  test('keep a task until it is done', async () => {
    await records.tasks.put({ name: 'publish-contact', tries: 0, nextTryAt: 5 });
    await records.tasks.put({ name: 'publish-contact', tries: 1, nextTryAt: 9, data: ['x'] });
    await reopen();
    expect(await records.tasks.all()).toEqual([{ name: 'publish-contact', tries: 1, nextTryAt: 9, data: ['x'] }]);
    await records.tasks.delete('publish-contact');
    expect(await records.tasks.get('publish-contact')).toBeUndefined();
  });
});

test('records of the first version keep what they hold, and take pins, notes and files', async () => {
  const old = `${name}-first`;
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open(old, 1);
    request.onupgradeneeded = () => {
      const db = request.result;
      for (const store of ['vault', 'keys', 'settings', 'grants', 'drafts', 'sent']) db.createObjectStore(store);
      db.createObjectStore('tasks', { keyPath: 'name' });
      const outbox = db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true });
      outbox.createIndex('id', 'id', { unique: true });
      outbox.createIndex('conversation', 'conversation');
      (request.transaction as IDBTransaction).objectStore('vault').put(Uint8Array.of(7), 'only');
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
    request.onerror = () => reject(request.error);
  });
  const opened = openRecords(old);
  await opened.pins.putAll([['peer', Uint8Array.of(1)]], false);
  await opened.notes.put('choice', Uint8Array.of(2));
  await opened.files.put(['c', 2, 'later', 1], Uint8Array.of(4), Uint8Array.of(5));
  await opened.files.put(['c', 1, 'sooner', 1], Uint8Array.of(3), Uint8Array.of(6));
  expect(await opened.files.head(['c', 2, 'later', 1])).toEqual(Uint8Array.of(5));
  expect((await opened.files.keys()).map(([, , id]) => id)).toEqual(['sooner', 'later']);
  expect([await opened.vault.get(), await opened.pins.get('peer'), await opened.notes.get('choice')]).toEqual([
    Uint8Array.of(7),
    Uint8Array.of(1),
    Uint8Array.of(2),
  ]);
  await opened.close();
});

describe('the outbox', () => {
  test('keeps the order of writing, also when one before has left', async () => {
    for (const id of ['b', 'a', 'c']) await records.outbox.add(entry(id));
    await records.outbox.delete('a');
    await reopen();
    await records.outbox.add(entry('a'));
    expect((await records.outbox.all()).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
  });

  test('takes an id once, and leaves no note of the second', async () => {
    await records.outbox.add(entry('a'), { key: 'site|1', id: 'a' });
    expect(await reason(() => records.outbox.add(entry('a'), { key: 'site|2', id: 'a' }))).toBe('failed');
    expect(await records.outbox.all()).toHaveLength(1);
    expect(await records.sent.all()).toEqual([['site|1', 'a']]);
  });

  test('never brings back what has left', async () => {
    const order = await records.outbox.add(entry('a'));
    expect(await records.outbox.update({ ...entry('a'), order, sealed: Uint8Array.of(7) })).toBe(true);
    expect((await records.outbox.get('a'))?.sealed).toEqual(Uint8Array.of(7));
    await records.outbox.delete('a');
    expect(await records.outbox.update({ ...entry('a'), order })).toBe(false);
    expect(await records.outbox.all()).toEqual([]);
  });

  test('tells what waits in one conversation', async () => {
    await records.outbox.add(entry('a', 'one'));
    await records.outbox.add(entry('b', 'two'));
    expect((await records.outbox.byConversation('two')).map(({ id }) => id)).toEqual(['b']);
  });
});

describe('a database', () => {
  test('gives way to another that deletes it, and opens again', async () => {
    await records.settings.put('a', 1);
    const other = openRecords(name);
    await other.settings.get('a');
    await other.delete();
    expect(await records.settings.get('a')).toBeUndefined();
  });

  test('of a later version is not touched', async () => {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name, 99);
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
      request.onerror = () => reject(request.error);
    });
    expect(await reason(() => records.settings.get('a'))).toBe('newer');
  });

  test('that is full says so', async () => {
    expect(await reason(() => guarded(() => Promise.reject(new DOMException('no space', 'QuotaExceededError'))))).toBe('full');
    expect(await reason(() => guarded(() => Promise.reject(new Error('what'))))).toBe('failed');
  });
});
