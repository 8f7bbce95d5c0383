import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { dropGlimpse, type GlimpseArea, newGlimpseKey, readGlimpse, writeGlimpse } from '../../src/rpc/glimpse.ts';
import { openGlimpseKey } from '../../src/rpc/glimpse-key.ts';

const now = 1_700_000_000_000;
const seen = { names: { '0xabc': 'Zoë' }, inbox: { rows: [{ preview: { text: 'until seven' } }] } };

let count = 0;
function place(unlocked: unknown = { sealed: '', lockAt: now + 1, idleAt: null }) {
  const values = new Map<string, unknown>([['unlocked', unlocked]]);
  const area: GlimpseArea = {
    get: async (name) => values.get(name),
    set: async (name, value) => void values.set(name, value),
    remove: async (name) => void values.delete(name),
  };
  return { values, area, cell: openGlimpseKey(`glimpse-${count++}`) };
}

async function written(unlocked?: unknown) {
  const { values, area, cell } = place(unlocked);
  const key = await newGlimpseKey();
  await cell.put(key);
  await writeGlimpse(area, key, JSON.stringify(seen));
  return { values, area, cell };
}

it('is read as it was written, and is nothing to read for who has the memory alone', async () => {
  const { values, area, cell } = await written();
  expect(await readGlimpse(area, cell, now)).toEqual(seen);
  expect(JSON.stringify([...values])).not.toMatch(/seven|Zoë|0xabc/);
});

it('has a key that no page can take out', async () => {
  const { cell } = await written();
  const key = await cell.get();
  expect(key?.extractable).toBe(false);
});

it('is not to be seen once Parley is to be locked, whether or not the background has come to it', async () => {
  for (const unlocked of [
    undefined,
    'open',
    { lockAt: now, idleAt: null },
    { lockAt: now + 1000, idleAt: now },
    { lockAt: String(now + 1000) },
  ]) {
    const { area, cell } = await written(unlocked);
    if (unlocked === undefined) await area.remove('unlocked');
    expect(await readGlimpse(area, cell, now)).toBeNull();
  }
});

it('is nothing without its key, under another one, or damaged', async () => {
  const lost = await written();
  await lost.cell.delete();
  expect(await readGlimpse(lost.area, lost.cell, now)).toBeNull();
  const other = await written();
  await other.cell.put(await newGlimpseKey());
  expect(await readGlimpse(other.area, other.cell, now)).toBeNull();
  for (const text of ['', '.', 'AAAA.AAAA', '%.%', 7]) {
    const damaged = await written();
    await damaged.area.set('glimpse', text);
    expect(await readGlimpse(damaged.area, damaged.cell, now)).toBeNull();
  }
});

it('leaves neither half behind', async () => {
  const { values, area, cell } = await written();
  await dropGlimpse(area, cell);
  expect([...values.keys()]).toEqual(['unlocked']);
  expect(await cell.get()).toBeUndefined();
  expect(await readGlimpse(area, cell, now)).toBeNull();
});
