import 'fake-indexeddb/auto';
import { beforeEach, expect, it, vi } from 'vitest';
import { type Ages, createAges } from '../../src/background/ages.ts';
import { mainName, noteLoss } from '../../src/background/losses.ts';
import { createPreferences } from '../../src/background/preferences.ts';
import type { Cell } from '../../src/keystore/vault-store.ts';
import { openRecords, type Records } from '../../src/storage/records.ts';
import { copyDatabase } from '../support/older-database.ts';

let name: string;
let records: Records;
let kept: string | undefined;
let made = 0;

const mirror: Cell<string> = {
  get: async () => kept,
  put: async (text) => {
    kept = text;
  },
  delete: async () => {
    kept = undefined;
  },
};
beforeEach(() => {
  name = `ages-${++made}`;
  records = openRecords(name);
  kept = undefined;
});

/** One life of a background. */
async function life(work: (ages: Ages) => Promise<void> = async () => undefined, worthIt = true) {
  const ages = createAges({ mirror, clock: () => 7, worthIt: () => worthIt });
  const older = await ages.look(mainName, records);
  await work(ages);
  ages.stop();
  return older;
}
const write = async (): Promise<void> => {
  const before = kept;
  await records.settings.put('a', made);
  await vi.waitFor(() => expect(kept).not.toBe(before), 5_000);
};

it('what was written last is known by the next life, and a copy of before is older', async () => {
  expect(await life(write)).toBeNull();
  const older = await copyDatabase(name);
  expect(await life(write)).toBeNull();
  expect(await life()).toBeNull();
  await records.close();
  await older();
  expect(await life()).toEqual({ from: 7 });
});

it('it is told of until it is settled, and not afterwards', async () => {
  await records.settings.all();
  const never = await copyDatabase(name);
  await life(write);
  await records.close();
  await never();
  expect(await life()).toEqual({ from: null });
  expect(await life((ages) => ages.settle(mainName))).toEqual({ from: null });
  expect(await life()).toBeNull();
});

it('what is written down to be sent is counted at once', async () => {
  await life(async () => {
    await records.outbox.add({ id: 'a', conversation: 'c', sealed: new Uint8Array(1) });
    await vi.waitFor(() => expect(kept).toBeDefined(), 300);
  });
});

it('many writes at once are one count', async () => {
  await life(async () => {
    for (let i = 0; i < 20; i++) await records.settings.put(`${i}`, i);
    await vi.waitFor(() => expect(kept).toBeDefined(), 5_000);
  });
  expect(JSON.parse(kept ?? '')).toEqual({ [mainName]: 1 });
});

it('a count beside the database that is lost, or no count at all, means nothing', async () => {
  await life(write);
  kept = undefined;
  expect(await life(write)).toBeNull();
  kept = '{"main":"x"}';
  expect(await life()).toBeNull();
  kept = 'no JSON';
  expect(await life()).toBeNull();
});

it('nothing is counted where there is no account, and after everything was cleared it begins anew', async () => {
  await life(async (ages) => {
    await write();
    await ages.clear();
    await records.delete();
    expect(kept).toBeUndefined();
    await write();
  });
  expect(await life()).toBeNull();
  expect(JSON.parse(kept ?? '')).toEqual({ [mainName]: 1 });
  kept = undefined;
  await life(async () => {
    await records.settings.put('a', 1);
    await new Promise((resolve) => setTimeout(resolve, 700));
  }, false);
  expect(kept).toBeUndefined();
});

it('what sites were allowed goes where the database is older: it may have been taken back since', async () => {
  await records.grants.put('site', {});
  await life(write);
  const older = await copyDatabase(name);
  await life(write);
  await records.close();
  await older();
  const ages = createAges({ mirror, clock: Date.now, worthIt: () => true });
  const preferences = createPreferences(records, mirror);
  const vault = { get: async () => new Uint8Array(1) };
  await records.vault.put(new Uint8Array(1));
  await noteLoss({ records, mirror: vault, ages, preferences, clock: () => 9 });
  ages.stop();
  expect(await records.grants.all()).toEqual([]);
  expect(await preferences.loss()).toEqual({ at: 9, from: 7, told: false });
});
