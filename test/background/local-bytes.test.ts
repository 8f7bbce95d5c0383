import { beforeEach, expect, test, vi } from 'vitest';
import { localBytes } from '../../src/background/browser.ts';

const area = new Map<string, unknown>();

vi.mock('webextension-polyfill', () => ({
  default: {
    storage: {
      local: {
        get: async (name: string) => (area.has(name) ? { [name]: area.get(name) } : {}),
        set: async (values: object) => {
          for (const [name, value] of Object.entries(values)) area.set(name, value);
        },
        remove: async (name: string) => void area.delete(name),
      },
    },
  },
}));

beforeEach(() => area.clear());

test('bytes that lie beside the databases come back as they are, and are nothing once they are gone', async () => {
  const cell = localBytes('vault');
  expect(await cell.get()).toBeUndefined();
  await cell.put(new Uint8Array([0, 1, 254, 255]));
  expect(await cell.get()).toEqual(new Uint8Array([0, 1, 254, 255]));
  await cell.delete();
  expect(await cell.get()).toBeUndefined();
});

test('what a failing disk has made of them is handed out, not thrown at who only wants to look', async () => {
  area.set('vault', 'no base64 any more!');
  expect(new TextDecoder().decode(await localBytes('vault').get())).toBe('no base64 any more!');
});
