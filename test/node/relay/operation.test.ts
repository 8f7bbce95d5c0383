import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { runCommand } from '../../../src/node/commands.ts';
import { relayPackages } from '../../../src/node/relay/host.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { startNode } from '../../../src/node/start-node.ts';
import { contactTopic } from '../../../src/protocol/topic.ts';
import { alice, bob } from '../../support/people.ts';
import { api, bearer, contactEnvelope, messageEnvelope } from '../clients.ts';
import { addressOf, hasRelay, idOf, meeting, startRelaying as start, stopAll, until } from './network.ts';

/** What the DNS says. */
const records: string[][] = [];
vi.mock('node:dns/promises', () => ({ resolveTxt: async () => records }));

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-operation-'));
  folders.push(path);
  return path;
};
afterEach(async () => {
  await stopAll();
  process.exitCode = 0;
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});
const now = Date.now();

describe.skipIf(!hasRelay)('an operator', () => {
  test('sees each peer, in a table and in metrics', async () => {
    const a = await start({ metrics: { host: '127.0.0.1', port: 0 } });
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    await api(b.url).publish({ envelopes: [contactEnvelope(alice, 2, now)] }, { headers: bearer(alice) });
    await until('it came', async () => (await api(a.url).query({ contentTopics: [contactTopic(alice.address)] })).envelopes.length === 1);
    const said = await runCommand(['peers', '--metrics-port', String(a.metricsPort)], {});
    expect(said).toMatch(new RegExp(`${idOf(b)} +relays +0\\.\\d +1 +0 +0 `));
    const metrics = await (await fetch(`http://127.0.0.1:${a.metricsPort}/metrics`)).text();
    expect(metrics).toContain(`parley_peer_connected{peer="${idOf(b)}"} 1`);
    expect(metrics).toContain(`parley_peer_taken{peer="${idOf(b)}"} 1`);
    expect(metrics).toContain('parley_relay_messages_total{what="taken"} 1');
  });

  test('is told where there are no peers to see', async () => {
    await expect(runCommand(['peers'], {})).rejects.toThrow('--metrics-port');
    const alone = await startNode({ metrics: { host: '127.0.0.1', port: 0 } });
    await expect(runCommand(['peers', '--metrics-port', String(alone.metricsPort)], {})).rejects.toThrow('takes no part');
    await alone.close();
    await expect(runCommand(['peers', '--metrics-port', String(alone.metricsPort)], {})).rejects.toThrow('does not answer');
  });

  test('lists peers in the DNS, beside what no peer can be', async () => {
    const a = await start({});
    const long = `peer=${addressOf(a)}`;
    // A long text comes in parts.
    records.push([long.slice(0, 40), long.slice(40)], [`peer=/nonsense/p2p/${openIdentity(':memory:').peerId}`], ['v=spf1 -all']);
    const b = await start({}, { dnsPeers: 'peers.example' });
    await meeting(a, b);
    expect(
      b.relay
        ?.peers()
        .filter(({ connected }) => connected)
        .map(({ peer }) => peer),
    ).toEqual([idOf(a)]);
  });

  test('keeps the key, and with it the name of the node, over restarts', async () => {
    const data = folder();
    expect(openIdentity(data).peerId).toBe(openIdentity(data).peerId);
    const node = await start({ data });
    expect(idOf(node)).toBe(openIdentity(data).peerId);
  });
});

test('a store is verified against another node, whatever is missing on either side', async () => {
  const data = folder();
  const one = await startNode({ data });
  const two = await startNode();
  const both = await messageEnvelope(alice, bob, now, 'both');
  const publish = (url: string, ...envelopes: (typeof both)[]) => api(url).publish({ envelopes }, { headers: bearer(alice) });
  for (const { url } of [one, two]) await publish(url, both, contactEnvelope(alice, 2, now));
  const verify = () => runCommand(['verify', '--against', two.url, '--data', data], {});
  expect(await verify()).toContain('The same');
  expect(process.exitCode ?? 0).toBe(0);
  const many = await Promise.all(Array.from({ length: 130 }, (_, n) => messageEnvelope(alice, bob, now + n + 1, `here ${n}`)));
  await publish(one.url, ...many);
  await publish(two.url, await messageEnvelope(alice, bob, now, 'there'), ...many.slice(0, 110));
  expect(await verify()).toMatch(/^m +1 +111 +20 +1$/m);
  expect(process.exitCode).toBe(1);
  await Promise.all([one.close(), two.close()]);
});

test('the packages of the relay that a node names are those that the tests run with', () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(relayPackages)) expect(devDependencies[name]).toBe(version);
});
