import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { QueryRequestSchema, SortDirection } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import type { Address } from '../../../src/protocol/address.ts';
import { deriveInvitation } from '../../../src/protocol/invitation.ts';
import { inviteTopic } from '../../../src/protocol/topic.ts';
import { connectTo, contactOf, Writer } from '../../support/crowd.ts';
import { bringWallet, Device, newPerson, passphrase, texts, until, wake } from '../device.ts';

let node: RunningNode;
let device: Device | undefined;
let second: Device | undefined;

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  await device?.close();
  await second?.close();
  second = undefined;
  await node.close();
});

it('a new device shows the newest conversations with their newest words before it has the rest', async () => {
  const { device: hers, life: first, address } = await newPerson(node.url);
  device = hers;
  const { privateKey } = await first.services.accounts.revealPhrase(passphrase);
  const api = connectTo(node.url);
  const her = await contactOf(api, address as Address);
  for (let i = 0; i < 30; i++) {
    const writer = new Writer(`early writer ${i}`, api, () => Date.now() - 3_600_000 + i * 1000);
    await writer.publishContact();
    // The newest says so much that the others are far behind it.
    await (await writer.invite(her))(Array.from({ length: i === 29 ? 150 : 1 }, (_, n) => `words ${n} of ${i}`));
  }

  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const all = inviteTopic(address as Address);
  second = new Device({ apart: true });
  const there = await second.start({
    fetch: async (input, init) => {
      if (/\/Query$/.test(String(input))) {
        const { contentTopics, pagingInfo } = fromBinary(QueryRequestSchema, new Uint8Array(init?.body as Uint8Array).subarray(5));
        if (contentTopics.includes(all) && pagingInfo?.direction === SortDirection.ASCENDING) await gate;
      }
      return fetch(input, init);
    },
  });
  await bringWallet(there, privateKey, passphrase, node.url);
  const rows = async () => (await there.services.conversations.list({ shelf: 'requests' })).rows;
  const shown = await until(async () => {
    const list = await rows();
    return list.length === 20 && list.every(({ preview }) => preview) && list;
  }, 'the newest rows');
  expect(new Set(shown.map(({ preview }) => preview?.text))).toEqual(
    new Set(Array.from({ length: 20 }, (_, i) => (i === 19 ? 'words 149 of 29' : `words 0 of ${i + 10}`))),
  );
  open();
  await until(async () => (await rows()).length === 30 && (await rows()).every(({ preview }) => preview), 'the rest');
  const loud = (await rows())[0]?.id ?? '';
  await until(async () => (await texts(there, loud)).length === 150, 'the whole history');
  expect((await rows())[0]?.unread).toBe(0);
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
  expect(new Set([...new Set(asked)].slice(0, 50))).toEqual(new Set(topics.slice(10)));
});
