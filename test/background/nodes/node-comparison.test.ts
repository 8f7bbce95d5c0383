import { expect, it } from 'vitest';
import { createComparing, isDoubtful } from '../../../src/background/nodes/node-comparison.ts';
import type { Session } from '../../../src/background/session.ts';

it('what could not be read once is read the next time', async () => {
  let fails = true;
  const session = {
    keys: {
      blind: async () => {
        if (fails) throw new Error('locked');
        return 'key';
      },
    },
    records: { notes: { get: async () => undefined } },
  } as unknown as Session;
  const { last } = createComparing({ nodes: async () => [], connect: () => ({}) as never, clock: () => 0, changed: () => undefined });
  await expect(last(session)).rejects.toThrow('locked');
  fails = false;
  expect(await last(session)).toBeNull();
});

it('only what a node lacks speaks against it', () => {
  const finding = { url: 'https://a.example', answered: true, looked: 9, missing: 0, foreign: 0, olderKeys: [] };
  expect(isDoubtful(finding)).toBe(false);
  expect(isDoubtful({ ...finding, answered: false, foreign: 3 })).toBe(false);
  expect(isDoubtful({ ...finding, missing: 1 })).toBe(true);
  expect(isDoubtful({ ...finding, olderKeys: ['0x0000000000000000000000000000000000000000'] })).toBe(true);
});
