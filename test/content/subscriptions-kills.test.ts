import { expect, test } from 'vitest';
import { createSiteStreams } from '../../src/background/sites/site-streams.ts';
import { createSubscriptions } from '../../src/content/subscriptions.ts';
import type { Resumed } from '../../src/rpc/views/page.ts';
import { pageOf, shop, type TestCaller } from '../background/sites/callers.ts';
import { alice } from '../support/people.ts';
import { generator } from '../support/random.ts';

/** Lets a few turns pass, so that a death falls anywhere within what the background does. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('over 1,000 deaths of the background a subscription hears everything, once and in order', async () => {
  const random = generator(7);
  const all: { seq: number; conversation: string; message: string }[] = [];
  const heard: string[] = [];
  const held = createSubscriptions((_, payload) => heard.push((payload as { message: { id: string } }).message.id));

  /** One life of the background. Every port is its own, and what is said after the death reaches nobody. */
  const live = () => {
    const page = pageOf(shop);
    let dead = false;
    const caller: TestCaller = Object.assign(page, {
      emit: (_: string, payload: unknown) => {
        if (!dead) held.hear(payload as Parameters<typeof held.hear>[0]);
      },
    });
    const streams = createSiteStreams({
      gate: { isOpen: async () => true },
      reading: {
        showConversation: async () => null,
        showMessage: async (_origin, _account, id) => {
          if (random() < 0.2) await turns(1);
          return { id, conversation: 'c' } as never;
        },
      },
      arrivals: () => ({
        account: alice.address,
        after: async (seq, limit) => all.filter((each) => each.seq > seq).slice(0, Math.min(limit, 3)),
        last: async () => all.length,
      }),
      used: async () => undefined,
    });
    const die = (): void => {
      dead = true;
      page.leave();
      held.broken();
    };
    return { caller, streams, die };
  };

  let life = live();
  held.answered(await life.streams.open(life.caller, { kind: 'messages', conversation: null }));
  for (let death = 0; death < 1_000; death++) {
    for (let count = Math.floor(random() * 4); count > 0; count--) {
      all.push({ seq: all.length + 1, conversation: 'c', message: `m${all.length + 1}` });
      life.streams.arrived();
      if (random() < 0.3) await turns(1);
    }
    await turns(Math.floor(random() * 3));
    life.die();
    if (random() < 0.3) all.push({ seq: all.length + 1, conversation: 'c', message: `m${all.length + 1}` }); // while nobody is there
    life = live();
    life.streams.resume(life.caller, held.all() as Resumed[]);
  }
  await turns(50);
  expect(all.length).toBeGreaterThan(1_000);
  expect(heard).toEqual(all.map(({ message }) => message));
});
