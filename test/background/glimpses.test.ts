import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { person } from '../support/people.ts';
import { newPerson, type Person, passphrase, until } from './device.ts';

let node: RunningNode;
let me: Person;
let friend: Person;

beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());
beforeEach(async () => {
  [me, friend] = await Promise.all([newPerson(node.url), newPerson(node.url)]);
  return async () => {
    await me.device.close();
    await friend.device.close();
  };
});

const previews = async (): Promise<(string | undefined)[]> =>
  (await me.device.glimpse())?.inbox.rows.map(({ preview }) => preview?.text) ?? [];

async function write(text: string): Promise<string> {
  const { id } = await me.life.services.conversations.start(friend.address);
  await me.life.services.messages.send(id, text, text);
  await until(async () => (await previews()).includes(text), 'what the next page shows first');
  return id;
}

it('leaves for the next page what the inbox looks like, over the death of the background', async () => {
  await write('see you at seven');
  await me.life.services.names.put(friend.address, 'Zoë');
  await until(async () => (await me.device.glimpse())?.names[friend.address] === 'Zoë', 'the name');
  me.life.kill();
  const seen = await me.device.glimpse();
  expect(seen?.status).toMatchObject({ phase: 'ready', account: { address: me.address } });
  expect(seen?.status.node).toMatchObject({ state: 'idle', trouble: null });
  expect(seen?.inbox.rows).toMatchObject([{ peer: friend.address, preview: { text: 'see you at seven', mine: true } }]);
  const kept = JSON.stringify([...me.device.kept]);
  for (const clear of ['seven', 'Zoë', friend.address]) expect(kept).not.toContain(clear);
});

it('puts nothing but a key on the disk, which nobody can read out', async () => {
  await write('see you at seven');
  const names = (await indexedDB.databases()).flatMap(({ name }) => (name?.endsWith('-glimpse') ? [name] : []));
  const kept = (await Promise.all(names.map(everythingIn))).flat();
  expect(kept.length).toBeGreaterThan(0);
  for (const each of kept) {
    expect(each).toBeInstanceOf(CryptoKey);
    await expect(crypto.subtle.exportKey('raw', each as CryptoKey)).rejects.toThrow();
  }
});

/** All values in a database. */
async function everythingIn(name: string): Promise<unknown[]> {
  const answer = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const db = await answer(indexedDB.open(name));
  const all = await Promise.all([...db.objectStoreNames].map((store) => answer(db.transaction(store).objectStore(store).getAll())));
  db.close();
  return all.flat();
}

it('leaves nothing once it is locked, also where the background died before its time was over', async () => {
  await write('a secret');
  const { life, device } = me;
  const later = Date.now() + 13 * 3_600_000;
  expect(await device.glimpse(later)).toBeNull();
  await life.services.accounts.lock();
  expect(await device.glimpse()).toBeNull();
  await until(() => !device.kept.has('glimpse'), 'its end');
  await life.services.accounts.unlock(passphrase);
  await until(async () => (await previews()).includes('a secret'), 'the rows again');
});

it('leaves nothing of an account that another one takes the place of, or that is removed', async () => {
  await write('of the first');
  const { services } = me.life;
  await services.foundings.begin({ way: 'key', key: `0x${Buffer.from(person(`a second ${me.address}`).walletKey).toString('hex')}` });
  await services.foundings.look(null);
  const second = (await services.foundings.finish(passphrase)).account?.address ?? '';
  const shown = async () => (await me.device.glimpse())?.status.account?.address;
  expect(await shown()).not.toBe(me.address);
  await until(async () => (await shown()) === second, 'the second');
  expect(await previews()).toEqual([]);
  await services.accounts.switchTo(me.address);
  expect(await shown()).not.toBe(second);
  await until(async () => (await previews()).includes('of the first'), 'the first again');
  await services.accounts.remove(me.address, passphrase);
  expect(await shown()).not.toBe(me.address);
  await until(async () => (await shown()) === second, 'the one that stays');
});

it('leaves nothing when everything is wiped', async () => {
  await write('of the first');
  await me.life.services.accounts.wipe(passphrase);
  expect(me.device.kept.has('glimpse')).toBe(false);
  expect(await me.device.glimpse()).toBeNull();
});
