import { expect, it } from 'vitest';
import { ahead } from '../../../src/background/sync/pages.ts';

/** Pages that tell when they are asked for. */
async function* counted(last: number, asked: number[], failsAt = Number.NaN): AsyncGenerator<number, void, undefined> {
  for (let page = 1; page <= last; page++) {
    asked.push(page);
    if (page === failsAt) throw new Error('no more of it');
    yield page;
  }
}

it('pages are asked for while the ones before them are taken in, one at a time', async () => {
  const asked: number[] = [];
  const pages = ahead(counted(3, asked));
  expect(asked).toEqual([1]);
  const taken: number[] = [];
  for await (const page of pages) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    taken.push(page);
    expect(asked).toEqual([1, 2, 3].slice(0, page + 1));
  }
  expect(taken).toEqual([1, 2, 3]);
});

it('what goes wrong with a page is told to who comes to it, and what nobody comes to is no trouble', async () => {
  const taken: number[] = [];
  const all = async (): Promise<void> => {
    for await (const page of ahead(counted(3, [], 2))) taken.push(page);
  };
  await expect(all()).rejects.toThrow('no more of it');
  expect(taken).toEqual([1]);
  for await (const _ of ahead(counted(3, [], 2))) break;
  ahead(counted(3, [], 1));
  await new Promise((resolve) => setTimeout(resolve, 0));
});
