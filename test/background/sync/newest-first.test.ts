import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import type { Address } from '../../../src/protocol/address.ts';
import { deriveInvitation } from '../../../src/protocol/invitation.ts';
import { connectTo, contactOf, Writer } from '../../support/crowd.ts';
import { type Device, newPerson, until, wake } from '../device.ts';

let node: RunningNode;
let device: Device | undefined;

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  await device?.close();
  await node.close();
});

it('history is fetched first of the conversations that the list shows first', async () => {
  const { device: hers, life: first, address } = await newPerson(node.url);
  device = hers;
  first.kill();
  const api = connectTo(node.url);
  const her = await contactOf(api, address as Address);
  const topics: string[] = [];
  for (let i = 0; i < 60; i++) {
    const writer = new Writer(`writer ${i}`, api, () => Date.now() - 120_000 + i * 1000);
    await writer.publishContact();
    await writer.invite(her);
    topics.push((await deriveInvitation(writer.me.bundle, her)).topic);
  }

  const asked: string[] = [];
  await wake(hers, {
    fetch: async (input, init) => {
      const body = Buffer.from((init?.body as Uint8Array | undefined) ?? []).toString('latin1');
      if (/\/Query$/.test(String(input))) asked.push(...topics.filter((topic) => body.includes(topic)));
      return fetch(input, init);
    },
  });
  await until(async () => new Set(asked).size === topics.length, 'all histories');
  expect(new Set(asked.slice(0, 50))).toEqual(new Set(topics.slice(10)));
});
