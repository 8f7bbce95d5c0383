import { beforeEach, expect, test, vi } from 'vitest';

interface Shown {
  state: 'normal' | 'minimized' | 'maximized';
  focused: boolean;
}

const windows = new Map<number, Shown>();
const at = (id: number): Shown => {
  const window = windows.get(id);
  if (!window) throw new Error(`No window with id: ${id}`);
  return window;
};
vi.mock('webextension-polyfill', () => ({
  default: {
    runtime: { getURL: (path: string) => `extension://parley/${path}` },
    windows: {
      async create() {
        const id = windows.size + 1;
        windows.set(id, { state: 'normal', focused: true });
        return { id };
      },
      get: async (id: number) => ({ id, ...at(id) }),
      update: async (id: number, change: Partial<Shown>) => void Object.assign(at(id), change),
      remove: async (id: number) => void windows.delete(id),
    },
  },
}));

beforeEach(() => {
  vi.resetModules();
  windows.clear();
});
const load = async () => (await import('../../src/background/browser.ts')).promptWindow;

test('a window of questions that is there is brought to the front, and no second one opens', async () => {
  const promptWindow = await load();
  const id = await promptWindow.show();
  at(id).focused = false;
  expect(await promptWindow.show()).toBe(id);
  expect([...windows]).toEqual([[id, { state: 'normal', focused: true }]]);
});

test.each(['minimized', 'maximized'] as const)('one that is %s can be seen afterwards', async (state) => {
  const promptWindow = await load();
  const id = await promptWindow.show();
  Object.assign(at(id), { state, focused: false });
  await promptWindow.show();
  expect(at(id)).toEqual({ state: state === 'minimized' ? 'normal' : state, focused: true });
});

test('one that somebody closed is opened anew', async () => {
  const promptWindow = await load();
  windows.delete(await promptWindow.show());
  await promptWindow.show();
  expect(windows.size).toBe(1);
});
