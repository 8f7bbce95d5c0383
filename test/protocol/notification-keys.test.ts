import { expect, test } from 'vitest';
import { notificationKey } from '../../src/protocol/message.ts';
import { notificationKeys, notificationPeriodMs } from '../../src/protocol/notification-keys.ts';
import { alice, bob } from '../support/people.ts';

const nowMs = 650 * notificationPeriodMs + 12_345;
const conversations = new Map([
  ['a', new Uint8Array(32).fill(1)],
  ['b', new Uint8Array(32).fill(2)],
]);

test('each topic has the keys of three periods, the current one in the middle, as messages use them', async () => {
  const keys = await notificationKeys(conversations, alice.address, nowMs, ['b']);
  expect([...keys.keys()]).toEqual(['b']);
  expect(keys.get('b')?.map(({ period }) => period)).toEqual([649, 650, 651]);
  expect(keys.get('b')?.[1]?.key).toEqual(await notificationKey(new Uint8Array(32).fill(2), alice.address, nowMs));
});

test('an empty list, or none, asks for every topic', async () => {
  for (const topics of [undefined, []])
    expect([...(await notificationKeys(conversations, alice.address, nowMs, topics)).keys()]).toEqual(['a', 'b']);
});

test('a topic that is no conversation of mine has no keys, not even among others', async () => {
  expect([...(await notificationKeys(conversations, alice.address, nowMs, ['x', 'a', 'a'])).keys()]).toEqual(['a']);
});

test('keys differ by person, topic and period', async () => {
  const mine = await notificationKeys(conversations, alice.address, nowMs);
  const theirs = await notificationKeys(conversations, bob.address, nowMs);
  const all = [...mine.values(), ...theirs.values()].flat().map(({ key }) => key.join());
  expect(new Set(all).size).toBe(12);
});
