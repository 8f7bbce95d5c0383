import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { curveModule, offerCurve } from '../../../src/protocol/secp256k1-engine.ts';
import { curveSource } from '../../support/curve.ts';
import { conversationWith, type Device, newPerson, texts, until, wake } from '../device.ts';

let node: RunningNode;
const devices: Device[] = [];

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  offerCurve(null);
  for (const device of devices.splice(0)) await device.close();
  await node.close();
});

it('the curve’s module is fetched once many messages wait, and they are read by it', async () => {
  const load = vi.fn(curveSource().load);
  offerCurve({ load, batchFrom: 2 });
  const [alice, bob] = [await newPerson(node.url), await newPerson(node.url)];
  devices.push(alice.device, bob.device);
  const row = await bob.life.services.conversations.start(alice.address);
  await bob.life.services.messages.send(row.id, 'first', '0');
  const there = await conversationWith(alice.life, bob.address);
  await until(async () => (await texts(alice.life, there.id)).length === 1, 'the first message');
  expect(load).not.toHaveBeenCalled();

  alice.life.kill();
  const count = 40;
  for (let i = 1; i < count; i++) await bob.life.services.messages.send(row.id, `message ${i}`, String(i));
  const life = await wake(alice.device);
  await until(async () => (await texts(life, there.id)).length === count, 'the others');
  expect(load).toHaveBeenCalledTimes(1);
  expect(curveModule()).not.toBeNull();
  const expected = ['peer: first', ...Array.from({ length: count - 1 }, (_, i) => `peer: message ${i + 1}`)];
  expect(await texts(life, there.id)).toEqual(expected);
});
