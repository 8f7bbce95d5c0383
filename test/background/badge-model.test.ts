import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { fc } from '../support/fast-check.ts';
import { conversationWith, type Life, newPerson, type Person, passphrase, until } from './device.ts';

let node: RunningNode;
let me: Person;
let others: Person[];
let life: Life;

beforeAll(async () => {
  node = await startNode();
  [me, ...others] = await Promise.all([newPerson(node.url), newPerson(node.url), newPerson(node.url), newPerson(node.url)]);
  life = me.life;
}, 60_000);
afterAll(async () => {
  for (const { device } of [me, ...others]) await device.close();
  await node.close();
});

const deed = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom('writes', 'writes', 'writes', 'is read', 'is allowed', 'is blocked', 'is muted', 'is put away', 'lock', 'death'),
});
type Deed = { readonly who: number; readonly what: string };

/** What there is of one of the others, said as plainly as it can be. */
interface Peer {
  written: number;
  unread: number;
  allowed: boolean;
}

it('the number on the toolbar’s button is that of the unread messages of allowed conversations, after whatever was done', async () => {
  const peers: Peer[] = others.map(() => ({ written: 0, unread: 0, allowed: false }));
  const expected = (): string => {
    const unread = peers.reduce((sum, peer) => sum + (peer.allowed ? peer.unread : 0), 0);
    return unread === 0 ? '' : String(unread);
  };
  const conversation = async (who: number) => conversationWith(life, (others[who] as Person).address);
  const writes = async (who: number): Promise<void> => {
    const [peer, friend] = [peers[who] as Peer, others[who] as Person];
    const { conversations, messages } = friend.life.services;
    const { id: theirs } = await conversations.start(me.address);
    await messages.settled((await messages.send(theirs, `${peer.written}`, `${peer.written}`)).id, 30_000);
    peer.written += 1;
    peer.unread += 1;
    await life.resume();
    const { id } = await conversation(who);
    await until(async () => (await life.services.messages.list(id, { limit: 200 })).messages.length === peer.written, 'the message');
  };
  const done: string[] = [];
  const act = async ({ who, what }: Deed): Promise<void> => {
    const peer = peers[who] as Peer;
    if (what === 'writes') return writes(who);
    if (what === 'death') {
      const { kill } = life;
      kill();
      life = await me.device.start();
      return;
    }
    if (what === 'lock') {
      await life.services.accounts.lock();
      await until(() => life.badge() === '🔒', 'the lock on the button');
      await life.services.accounts.unlock(passphrase);
      return;
    }
    if (peer.written === 0) return; // nothing is known of them yet
    const { id } = await conversation(who);
    const { conversations, requests } = life.services;
    if (what === 'is read') {
      await conversations.markRead(id);
      peer.unread = 0;
    } else if (what === 'is muted') await requests.arrange(id, { muted: true });
    else if (what === 'is put away') await requests.arrange(id, { archived: true });
    else {
      peer.allowed = what === 'is allowed';
      await requests.decide(id, peer.allowed ? 'allowed' : 'denied');
    }
  };
  const seed = Date.now();
  for (const next of fc.sample(deed, { numRuns: 60, seed })) {
    done.push(`${next.who} ${next.what}`);
    await act(next);
    await until(
      () => life.badge() === expected(),
      `${expected() || 'nothing'} on the button, which shows ${life.badge() || 'nothing'}, after ${done.join(', ')} (seed ${seed})`,
      10_000,
    );
    // What is told a moment later must be the same.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(life.badge(), `after ${done.join(', ')} (seed ${seed})`).toBe(expected());
  }
  expect(done).toHaveLength(60);
}, 240_000);
