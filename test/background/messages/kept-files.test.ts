import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { methods } from '../../../src/background/methods.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { toBase64, utf8 } from '../../../src/protocol/bytes.ts';
import type { KeptFile } from '../../../src/rpc/views/messages.ts';
import { type Life, newPerson, type Person, passphrase } from '../device.ts';

const canary = 'the words of the file, in clear';
const file = (filename = 'letter.txt', data = toBase64(utf8(canary))): KeptFile => ({ filename, mimeType: 'text/plain', data });

let data: string;
let node: RunningNode;
let me: Person;
let friend: Person;
let conversation: string;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  data = await mkdtemp(join(tmpdir(), 'parley-kept-files-'));
  node = await startNode({ data });
  [me, friend] = [await newPerson(node.url), await newPerson(node.url)];
  conversation = (await me.life.services.conversations.start(friend.address)).id;
});
afterEach(async () => {
  for (const { device } of [me, friend]) await device.close();
  await node.close();
  await rm(data, { recursive: true, force: true });
});

const kept = async ({ services }: Life): Promise<string[]> => (await services.keptFiles.list(conversation)).map(({ id }) => id);
const next = async (life: Life): Promise<Life> => {
  life.kill();
  return me.device.start();
};
const send = ({ services }: Life, clientId: string, chosen: KeptFile): Promise<unknown> =>
  methods.sendFile.run({ id: conversation, clientId, ...chosen }, services, { kind: 'own', emit: () => undefined });

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, each]) => name + textOf(each))
      .join(' ');
  return String(value);
}

/** Empties a store wherever there is one. */
async function deleteAll(store: string): Promise<void> {
  for (const { name } of await indexedDB.databases())
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name as string);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const db = request.result;
        const done = (): void => {
          db.close();
          resolve();
        };
        if (!db.objectStoreNames.contains(store)) return done();
        const transaction = db.transaction(store, 'readwrite');
        transaction.objectStore(store).clear();
        transaction.oncomplete = done;
      };
    });
}

/** Everything that lies in databases, and how many files are among it. */
async function onDisk(): Promise<{ readonly all: string; readonly rows: number }> {
  let all = '';
  let rows = 0;
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name as string);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of db.objectStoreNames) {
      const objects = db.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all(
        [objects.getAllKeys(), objects.getAll()].map(
          (request) =>
            new Promise<unknown[]>((resolve, reject) => {
              request.onsuccess = () => resolve(request.result);
              request.onerror = () => reject(request.error);
            }),
        ),
      );
      for (const value of [...(keys ?? []), ...(values ?? [])]) all += textOf(value);
      if (store === 'files' || store === 'fileHeads') rows += keys?.length ?? 0;
    }
    db.close();
  }
  return { all, rows };
}

describe('files that were chosen and not sent', () => {
  it('are there after the background died, in the order in which they were chosen', async () => {
    for (const name of ['z', 'a', 'm']) await me.life.services.keptFiles.keep(conversation, name, file(`${name}.txt`));
    const life = await next(me.life);
    expect(await kept(life)).toEqual(['z', 'a', 'm']);
    expect(await life.services.keptFiles.get(conversation, 'a')).toEqual(file('a.txt'));
    expect(await life.services.keptFiles.get(conversation, 'nothing')).toBeNull();
  });

  it('lie on the disk sealed, their names too, and open to nobody while Parley is locked', async () => {
    await me.life.services.keptFiles.keep(conversation, 'f', file());
    const { all } = await onDisk();
    for (const clear of [canary, toBase64(utf8(canary)), 'letter.txt', 'text/plain']) expect(all).not.toContain(clear);
    await me.life.services.accounts.lock();
    await expect(me.life.services.keptFiles.get(conversation, 'f')).rejects.toMatchObject({ reason: 'locked' });
    await expect(kept(me.life)).rejects.toMatchObject({ reason: 'locked' });
    await me.life.services.accounts.unlock(passphrase);
    expect(await kept(me.life)).toEqual(['f']);
  });

  it('are gone once they are sent or taken away', async () => {
    for (const name of ['sent', 'dropped', 'left']) await me.life.services.keptFiles.keep(conversation, name, file());
    await send(me.life, 'sent', file());
    await me.life.services.keptFiles.drop(conversation, 'dropped');
    expect(await kept(me.life)).toEqual(['left']);
    expect((await onDisk()).rows).toBe(2);
  });

  it('are not offered again where the background died between sending and taking away', async () => {
    await me.life.services.keptFiles.keep(conversation, 'f', file());
    const { filename, mimeType } = file();
    await me.life.services.attachments.send(conversation, { filename, mimeType, data: utf8(canary), replyTo: null }, 'f');
    const life = await next(me.life);
    expect(await kept(life)).toEqual([]);
    expect((await onDisk()).rows).toBe(0);
  });

  it('are kept once by one name, whatever is asked again', async () => {
    await me.life.services.keptFiles.keep(conversation, 'f', file('first.txt'));
    await me.life.services.keptFiles.keep(conversation, 'f', file('second.txt'));
    expect(await kept(me.life)).toEqual(['f']);
    expect((await me.life.services.keptFiles.get(conversation, 'f'))?.filename).toBe('first.txt');
  });

  it('have an end, in number and in bytes, and room again when one goes', async () => {
    const { keptFiles } = me.life.services;
    const small = file('a', 'YQ==');
    for (let index = 0; index < 50; index++) await keptFiles.keep(conversation, `${index}`, small);
    await expect(keptFiles.keep(conversation, 'more', small)).rejects.toMatchObject({ reason: 'too-many' });
    await keptFiles.drop(conversation, '7');
    await keptFiles.keep(conversation, 'more', small);
    expect((await kept(me.life)).length).toBe(50);
    for (const name of await kept(me.life)) await keptFiles.drop(conversation, name);
    const large = file('large', 'A'.repeat(33_000_000));
    for (const name of ['a', 'b', 'c', 'd']) await keptFiles.keep(conversation, name, large);
    await expect(keptFiles.keep(conversation, 'e', large)).rejects.toMatchObject({ reason: 'too-many' });
  });

  it('tell their names and sizes without being read', async () => {
    for (const text of ['', 'a', 'ab', 'abc', 'abcd'])
      await me.life.services.keptFiles.keep(conversation, `of ${text.length}`, file(`${text}.txt`, toBase64(utf8(text))));
    const life = await next(me.life);
    const read = vi.spyOn(IDBObjectStore.prototype, 'get');
    const heads = await life.services.keptFiles.list(conversation);
    const stores = read.mock.contexts.map((store) => (store as IDBObjectStore).name);
    read.mockRestore();
    expect(heads.map(({ filename, size }) => [filename, size])).toEqual([
      ['.txt', 0],
      ['a.txt', 1],
      ['ab.txt', 2],
      ['abc.txt', 3],
      ['abcd.txt', 4],
    ]);
    expect(heads[1]).toEqual({ id: 'of 1', filename: 'a.txt', mimeType: 'text/plain', size: 1, leaving: null });
    expect(stores).toContain('fileHeads');
    expect(stores).not.toContain('files');
  });

  it('of a version that knew no heads are there too', async () => {
    await me.life.services.keptFiles.keep(conversation, 'f', file());
    me.life.kill();
    await deleteAll('fileHeads');
    const life = await me.device.start();
    expect(await life.services.keptFiles.list(conversation)).toEqual([
      { id: 'f', filename: 'letter.txt', mimeType: 'text/plain', size: canary.length, leaving: null },
    ]);
    expect(await life.services.keptFiles.get(conversation, 'f')).toEqual(file());
  });

  it('that were sent off are known as such to the next page, and why they could not go, over the death of everything', async () => {
    const { keptFiles } = me.life.services;
    for (const name of ['chosen', 'going', 'failed']) await keptFiles.keep(conversation, name, file());
    expect(await keptFiles.leaving()).toEqual([]);
    expect(await keptFiles.mark(conversation, 'going', { replyTo: null, failure: null, after: null })).toBe(true);
    await keptFiles.mark(conversation, 'failed', { replyTo: 'ab'.repeat(32), failure: 'too large', after: null });
    expect(await keptFiles.mark(conversation, 'nothing', { replyTo: null, failure: null, after: null })).toBe(false);
    const { all } = await onDisk();
    expect(all).not.toContain('too large');
    const life = await next(me.life);
    expect(await life.services.keptFiles.leaving()).toEqual([conversation]);
    expect((await life.services.keptFiles.list(conversation)).map(({ id, leaving }) => [id, leaving])).toEqual([
      ['chosen', null],
      ['going', { replyTo: null, failure: null, after: null }],
      ['failed', { replyTo: 'ab'.repeat(32), failure: 'too large', after: null }],
    ]);
    expect(await life.services.keptFiles.get(conversation, 'failed')).toEqual(file());
  });

  it('are counted in the row of their conversation: those that wait in its field, and those that were sent off', async () => {
    const { keptFiles, conversations } = me.life.services;
    const counts = async () => {
      const { files, leaving } = await conversations.get(conversation);
      expect((await conversations.list({})).rows[0]).toMatchObject({ files, leaving });
      return [files, leaving];
    };
    expect(await counts()).toEqual([0, 0]);
    for (const name of ['a', 'b', 'c']) await keptFiles.keep(conversation, name, file());
    expect(await counts()).toEqual([3, 0]);
    await keptFiles.mark(conversation, 'a', { replyTo: null, failure: null, after: null });
    await keptFiles.drop(conversation, 'b');
    expect(await counts()).toEqual([1, 1]);
  });

  it('are told of to every window: when they come, go, or are sent off', async () => {
    const { keptFiles } = me.life.services;
    const told: string[] = [];
    me.life.events.on((event, payload) => {
      if (event === 'files') told.push((payload as { conversation: string }).conversation);
    });
    await keptFiles.keep(conversation, 'a', file());
    expect(told).toEqual([conversation]);
    await keptFiles.mark(conversation, 'a', { replyTo: null, failure: null, after: null });
    expect(told).toHaveLength(2);
    await keptFiles.drop(conversation, 'a');
    expect(told).toHaveLength(3);
    await keptFiles.drop(conversation, 'a');
    expect(told).toHaveLength(3);
  });

  it('belong to a conversation that there is', async () => {
    await expect(me.life.services.keptFiles.keep('elsewhere', 'f', file())).rejects.toMatchObject({ reason: 'not-found' });
    expect(await me.life.services.keptFiles.list('elsewhere')).toEqual([]);
  });

  it('leave with their account', async () => {
    await me.life.services.keptFiles.keep(conversation, 'f', file());
    await me.life.services.accounts.wipe(passphrase);
    expect((await onDisk()).rows).toBe(0);
  });
});
