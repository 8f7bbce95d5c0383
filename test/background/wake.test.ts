import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { conversationWith, type Device, newPerson, texts, until } from './device.ts';

let node: RunningNode;
const devices: Device[] = [];

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close();
  await node.close();
});

it('shows who wakes the background what is stored, before the node is asked for anything', async () => {
  const [alice, bob] = [await newPerson(node.url), await newPerson(node.url)];
  devices.push(alice.device, bob.device);
  const { id } = await alice.life.services.conversations.start(bob.address);
  await alice.life.services.messages.send(id, 'first', '1');
  const there = await conversationWith(bob.life, alice.address);
  await until(async () => (await texts(bob.life, there.id)).length === 1, 'the first');
  bob.life.kill();
  await alice.life.services.messages.send(id, 'second', '2');

  const held: (() => void)[] = [];
  let asked = 0;
  const life = await bob.device.start({
    later: (work) => void held.push(work),
    fetch: (...call) => {
      asked += 1;
      return fetch(...call);
    },
  });
  await life.resume();
  expect((await life.services.conversations.window('requests', 0, 10)).rows[0]?.preview?.text).toBe('first');
  expect(await texts(life, there.id)).toEqual(['peer: first']);
  expect(asked).toBe(0);
  for (const work of held) work();
  await until(async () => (await texts(life, there.id)).length === 2, 'the second');
});

it('asks for an account that is new here at once: nothing of it is stored that a page could draw first', async () => {
  const { device, life } = await newPerson(node.url, { later: () => undefined });
  devices.push(device);
  expect((await life.services.accounts.status()).published).toBe(true);
});
