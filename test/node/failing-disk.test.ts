import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, test } from 'vitest';
import { breakDisk, missingForFailing } from '../support/failing-disk.ts';
import { NodeProgram, publishPair, stored, topics } from '../support/node-program.ts';
import { alice } from '../support/people.ts';
import { api, bearer } from './clients.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const missing = missingForFailing();

// Calls of a real process fail by the hand of its tracer: what SQLite and the node make of it is all theirs.
describe.skipIf(missing !== null)(`a disk that reports errors (${missing ?? 'EIO'})`, () => {
  test.each([
    ['cannot make anything durable', ['fdatasync', 'fsync']],
    ['cannot be written', ['pwrite64']],
    ['fails at both', ['fdatasync', 'fsync', 'pwrite64']],
  ] as const)('that %s: nothing is acknowledged, queries are answered, and writing resumes', { timeout: 60_000 }, async (_, calls) => {
    const data = mkdtempSync(join(tmpdir(), 'parley-eio-'));
    stops.push(() => rmSync(data, { recursive: true, force: true }));
    const program = new NodeProgram('--port', '0', '--data', data);
    stops.push(() => program.signal('SIGKILL'));
    const url = await program.url();
    const acknowledged: string[] = [];
    const publish = async (name: string): Promise<ConnectError | null> => {
      try {
        await publishPair(url, name);
        acknowledged.push(name);
        return null;
      } catch (error) {
        return ConnectError.from(error);
      }
    };
    for (let n = 0; n < 5; n++) expect(await publish(`before ${n}`)).toBeNull();

    const disk = await breakDisk(program.pid, calls);
    stops.push(() => disk.mend());
    for (let n = 0; n < 3; n++)
      expect(await publish(`meanwhile ${n}`)).toMatchObject({ code: Code.Unavailable, rawMessage: 'the disk of this node reports errors' });
    expect(await stored(url, topics[0])).toEqual(new Set(acknowledged));
    const ready = async (): Promise<[number, string]> => {
      const answer = await fetch(`${url}/readyz`);
      return [answer.status, await answer.text()];
    };
    expect(await ready()).toEqual([503, 'not ready: the disk of this node reports errors\n']);
    expect(program.said).toContain('the store has a fault: failing');

    await disk.mend();
    for (let n = 0; n < 5; n++) expect(await publish(`after ${n}`)).toBeNull();
    await expect.poll(ready, { timeout: 5000, interval: 300 }).toEqual([200, 'ready\n']);
    await program.signal('SIGKILL');

    const again = new NodeProgram('--port', '0', '--data', data);
    stops.push(() => again.signal('SIGKILL'));
    for (const topic of topics) expect(await stored(await again.url(), topic)).toEqual(new Set(acknowledged));
  });

  test('that cannot be read: the query that needs it says so, and is answered when it can', { timeout: 60_000 }, async () => {
    const data = mkdtempSync(join(tmpdir(), 'parley-eio-'));
    stops.push(() => rmSync(data, { recursive: true, force: true }));
    const contentTopic = '/xmtp/0/m-long/proto';
    const first = new NodeProgram('--port', '0', '--data', data, '--compat');
    stops.push(() => first.signal('SIGKILL'));
    const envelopes = Array.from({ length: 90 }, (_, n) => ({ contentTopic, timestampNs: BigInt(n), message: Buffer.alloc(20_000, n) }));
    await api(await first.url()).publish({ envelopes }, { headers: bearer(alice) });
    await first.signal('SIGTERM');

    const program = new NodeProgram('--port', '0', '--data', data, '--compat');
    stops.push(() => program.signal('SIGKILL'));
    const url = await program.url();
    const disk = await breakDisk(program.pid, ['pread64']);
    stops.push(() => disk.mend());
    // SQLite has one word for a page that cannot be read and one that is not what was written.
    const outcome = await stored(url, contentTopic).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: Code.DataLoss, rawMessage: 'the store of this node is damaged' });
    await disk.mend();
    expect((await stored(url, contentTopic)).size).toBe(90);
    expect(await publishPair(url, 'after').then(() => true)).toBe(true);
  });
});
