import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, test } from 'vitest';
import { RetryInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import type { Barrier } from '../../src/node/admission.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import type { Address } from '../../src/protocol/address.ts';
import { inviteTopic } from '../../src/protocol/topic.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { api, bearer, openByHand, type transports } from './clients.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const start = async (options: NodeOptions = {}): Promise<RunningNode> => {
  const node = await startNode({ compat: true, metrics: { host: '127.0.0.1', port: 0 }, ...options });
  stops.push(() => node.close());
  return node;
};
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-admission-'));
  stops.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
const dave = person('Dave');
const topic = '/xmtp/0/m-admission/proto';
const envelopes = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ contentTopic: topic, timestampNs: BigInt(n), message: new Uint8Array(1) }));
const publish = (node: RunningNode, count = 1, transport: keyof typeof transports = 'gRPC over h2c', from = alice) =>
  api(node.url, transport).publish({ envelopes: envelopes(count) }, { headers: bearer(from) });
const invite = (node: RunningNode, to: readonly { readonly address: Address }[], from = alice, clock = Date.now) =>
  api(node.url).publish(
    {
      envelopes: to.map(({ address }, n) => ({
        contentTopic: inviteTopic(address),
        timestampNs: BigInt(n),
        message: new Uint8Array(1),
      })),
    },
    { headers: bearer(from, clock) },
  );
const query = (node: RunningNode, transport: keyof typeof transports = 'gRPC over h2c') =>
  api(node.url, transport).query({ contentTopics: [topic] });
const errorOf = (work: Promise<unknown>): Promise<ConnectError | null> =>
  work.then(
    () => null,
    (error: unknown) => ConnectError.from(error),
  );
const refused = async (node: RunningNode): Promise<Record<string, number>> => {
  const text = await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^parley_refusals_total\{barrier="([^"]+)"\} (\d+)$/gm)].map(([, name = '', count]) => [name, Number(count)]),
  );
};

test.each(['gRPC over h2c', 'gRPC-web over HTTP/1.1', 'Connect over HTTP/1.1'] as const)(
  'a limit that passes says when, by %s',
  async (transport) => {
    const node = await start({ limits: { walletPublishRate: 1 } });
    await publish(node, 100, transport);
    const error = await errorOf(publish(node, 5, transport));
    expect(error?.code).toBe(Code.ResourceExhausted);
    expect(error?.rawMessage).toMatch(/^5 exceeds rate limit of this wallet: 1 per second; try again in [45] s$/);
    const [retry] = error?.findDetails(RetryInfoSchema) ?? [];
    expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(3);
    expect(Number(error?.metadata.get('retry-after'))).toBe(Number(retry?.retryDelay?.seconds));
  },
);

describe('every refusal by a limit or a list is counted under its own name', () => {
  const sealed = (node: RunningNode, bytes: number) =>
    fetch(`${node.url}/blob/${'0'.repeat(64)}`, { method: 'PUT', headers: bearer(alice), body: new Uint8Array(bytes) });
  const denied = (content: object): NodeOptions => {
    const lists = join(folder(), 'lists.json');
    writeFileSync(lists, JSON.stringify(content));
    return { lists };
  };
  const cases: readonly [Barrier, () => NodeOptions, (node: RunningNode) => Promise<unknown>][] = [
    ['wallet-publish-rate', () => ({ limits: { walletPublishRate: 1 } }), (node) => errorOf(publish(node, 101))],
    ['wallet-invitations', () => ({ limits: { walletInvitations: 1 } }), (node) => errorOf(invite(node, [bob, carol]))],
    ['pair-invitations', () => ({ limits: { pairInvitations: 1 } }), (node) => errorOf(invite(node, [bob, bob]))],
    ['network-publish-rate', () => ({ limits: { networkPublishRate: 1 } }), (node) => errorOf(publish(node, 101))],
    [
      'network-read-rate',
      () => ({ limits: { networkReadRate: 1 } }),
      (node) => errorOf(api(node.url).query({ contentTopics: Array.from({ length: 6000 }, (_, n) => `t${n}`) })),
    ],
    [
      'network-streams',
      () => ({ limits: { networkStreams: 1 } }),
      async (node) => {
        const open = () => openByHand(node.url, '/message/v1/subscribe', {}, Buffer.from('{"contentTopics":["a"]}'));
        const first = await open();
        stops.push(() => first.close());
        const second = await open();
        expect(second.headers[':status']).toBe(429);
        second.close();
      },
    ],
    [
      'subscription-topics',
      () => ({ limits: { subscriptionTopics: 2 } }),
      async (node) => {
        const stream = api(node.url)
          .subscribe({ contentTopics: ['a', 'b', 'c'] })
          [Symbol.asyncIterator]();
        expect(await errorOf(stream.next())).toMatchObject({ code: Code.InvalidArgument });
      },
    ],
    ['blob-bytes', () => ({ data: folder(), limits: { blobBytes: 10 } }), (node) => sealed(node, 11)],
    ['blob-daily-bytes', () => ({ data: folder(), limits: { blobDailyBytes: 10 } }), (node) => sealed(node, 11)],
    ['blob-store-bytes', () => ({ data: folder(), limits: { blobStoreBytes: 10 } }), (node) => sealed(node, 11)],
    ['deny', () => denied({ deny: [alice.address] }), (node) => errorOf(publish(node))],
    ['denyNetworks', () => denied({ denyNetworks: ['127.0.0.1'] }), (node) => errorOf(query(node))],
  ];
  test.each(cases)('%s', async (barrier, options, break_) => {
    const node = await start(options());
    await break_(node);
    expect(await refused(node)).toEqual({ [barrier]: 1 });
  });
});

describe('invitations', () => {
  const countOn = async (node: RunningNode, { address }: { readonly address: Address }): Promise<number> =>
    (await api(node.url).query({ contentTopics: [inviteTopic(address)] })).envelopes.length;

  test('are counted by pair and by wallet, and pass all or none', async () => {
    let now = Date.now();
    const node = await start({ clock: () => now, limits: { walletInvitations: 4, pairInvitations: 2 } });
    await invite(node, [bob, bob]);
    const pair = await errorOf(invite(node, [carol, bob]));
    expect(pair).toMatchObject({ code: Code.ResourceExhausted });
    expect(pair?.rawMessage).toMatch(/of invitations of this wallet to this one: 2 per day; try again in \d+ s$/);
    expect(await countOn(node, carol)).toBe(0);
    await invite(node, [carol, carol]);
    const wallet = await errorOf(invite(node, [dave]));
    expect(wallet?.rawMessage).toMatch(/of invitations of this wallet: 4 per day; try again in \d+ s$/);
    // Others are not held to it, and it comes back.
    await invite(node, [dave], bob);
    now += 12 * 3_600_000;
    await invite(node, [bob, dave], alice, () => now);
    expect(await countOn(node, dave)).toBe(2);
  });

  test('are free as copies for the sender, and for who is allowed more', async () => {
    const lists = join(folder(), 'lists.json');
    writeFileSync(lists, JSON.stringify({ allow: [bob.address] }));
    const node = await start({ lists, limits: { walletInvitations: 1, pairInvitations: 1 } });
    await invite(node, [alice, alice, bob, alice]);
    await invite(node, [carol, carol, dave], bob);
  });
});

test('lists that change take hold at once for those who are there, streams that change their topics among them', async () => {
  const lists = join(folder(), 'lists.json');
  const write = (content: object): void => writeFileSync(lists, JSON.stringify(content));
  write({});
  const node = await start({ lists, limits: { walletPublishRate: 1 } });
  await publish(node, 100);
  await publish(node, 1, 'gRPC over h2c', bob);
  expect((await errorOf(publish(node, 10)))?.code).toBe(Code.ResourceExhausted);
  write({ allow: [alice.address], deny: [bob.address] });
  node.reload();
  await publish(node, 10);
  expect(await errorOf(publish(node, 1, 'gRPC over h2c', bob))).toMatchObject({
    code: Code.PermissionDenied,
    rawMessage: 'wallet is deny listed',
  });
  // What is wrong changes nothing.
  write({ deny: ['0x12'] });
  node.reload();
  expect((await errorOf(publish(node, 1, 'gRPC over h2c', bob)))?.code).toBe(Code.PermissionDenied);
  write({ denyNetworks: ['127.0.0.0/8'] });
  node.reload();
  expect(await errorOf(query(node))).toMatchObject({ code: Code.PermissionDenied, rawMessage: 'network is deny listed' });
  write({});
  node.reload();
  await publish(node, 1, 'gRPC over h2c', bob);
  await query(node);
});
