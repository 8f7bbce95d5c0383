import { expect, test, vi } from 'vitest';
import { createSearch } from '../../../src/background/messages/search.ts';
import type { Session } from '../../../src/background/session.ts';
import type { Sessions } from '../../../src/background/sessions.ts';

test('a search that does not wait for the index to its end says so, and has itself asked again then', async () => {
  let arrive = (): void => {};
  const coming = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const session = {
    ready: async () => undefined,
    rows: { all: () => [] },
    search: { update: () => coming, find: async () => [] },
  } as unknown as Session;
  const changed = vi.fn();
  const search = createSearch({
    sessions: { current: () => session } as unknown as Sessions,
    view: () => Promise.reject(new Error('nothing is shown')),
    changed,
    patience: 1,
  });
  expect(await search.find({ text: 'word' })).toMatchObject({ messages: [], indexing: { done: 0, total: 0 } });
  expect(changed).not.toHaveBeenCalled();
  arrive();
  await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce());
  expect(await search.find({ text: 'word' })).toMatchObject({ messages: [], indexing: null });
  expect(changed).toHaveBeenCalledOnce();
});
