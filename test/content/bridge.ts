import { afterEach, beforeEach, vi } from 'vitest';
import { arrive, TestPage } from './page.ts';

/** The page of the present test, once it is loaded. */
export let page: TestPage;
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

/** Makes another page than `load` would, or loads nothing in it yet. */
export const use = (made: TestPage): TestPage => {
  page = made;
  return made;
};

export const load = async (options: ConstructorParameters<typeof TestPage>[0] = {}): Promise<TestPage> => {
  await use(new TestPage(options)).load();
  await arrive();
  return page;
};

export const peer = `0x${'ab'.repeat(20)}`;
export const read = { method: 'xmtp_accounts' };
export const write = { method: 'xmtp_sendMessage', params: { peer, content: 'x', clientId: '1' } };

/** What became of a promise so far. */
export function watch(promise: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'waiting' };
  promise.then(
    (result) => (watched.outcome = { result }),
    (error: unknown) => (watched.outcome = error),
  );
  return watched;
}

/** Calls, and lets the call reach the background. */
export async function call(args: object): Promise<{ outcome: unknown }> {
  const watched = watch(page.provider.request(args));
  await arrive();
  return watched;
}

export function hear(...events: string[]): unknown[][] {
  const heard: unknown[][] = [];
  for (const event of events) page.provider.on(event, (payload) => heard.push([event, payload]));
  return heard;
}
