import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { startNode } from '../../src/node/start-node.ts';
import { killUnderLoad, NodeProgram as Program, publishPair as publish, running, stored, topics } from '../support/node-program.ts';
import { alice } from '../support/people.ts';
import { api } from './clients.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-node-'));
  return () => rm(data, { recursive: true, force: true });
});
afterAll(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));

describe('the process', () => {
  test('has after kills under load what it acknowledged, and of each publish all or nothing', { timeout: 240_000 }, async () => {
    const { acknowledged, lost, halves, sound } = await killUnderLoad(data, 20);
    expect({ lost, halves, sound }).toEqual({ lost: [], halves: [], sound: true });
    expect(acknowledged).toBeGreaterThan(300);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'stops in good order at %s: streams end with words, nothing acknowledged is lost',
    async (signal) => {
      const program = new Program('--port', '0', '--data', data);
      const url = await program.url();
      let opened = (): void => {};
      const ready = new Promise<void>((resolve) => {
        opened = resolve;
      });
      const stream = (async () => {
        for await (const _ of api(url).subscribeAll({}, { onHeader: () => opened() }));
      })().catch((error: unknown) => ConnectError.from(error).code);
      await ready;
      const acknowledged: string[] = [];
      let first = (): void => {};
      const begun = new Promise<void>((resolve) => {
        first = resolve;
      });
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let count = 0; ; count++) {
          try {
            await publish(url, `${writer} ${count}`);
          } catch {
            return;
          }
          acknowledged.push(`${writer} ${count}`);
          first();
        }
      });
      await begun;
      expect(await program.signal(signal)).toBe(0);
      await Promise.all(writers);
      expect(await stream).toBe(Code.Unavailable);
      expect(program.said).toContain('stopped');

      const node = await startNode({ data });
      const found = await stored(node.url, topics[0]);
      await node.close();
      expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
    },
  );

  test('reads its lists again at SIGHUP, also wrong ones, and goes on', async () => {
    const lists = join(data, 'lists.json');
    await writeFile(lists, '{}');
    const program = new Program('--port', '0', '--data', join(data, 'store'), '--lists', lists);
    const url = await program.url();
    await publish(url, 'before');
    const told = async (content: string, words: string): Promise<void> => {
      const already = program.said.length;
      await writeFile(lists, content);
      program.hangUp();
      await expect.poll(() => program.said.slice(already), { timeout: 10_000 }).toContain(words);
    };
    await told(JSON.stringify({ deny: [alice.address] }), 'read the lists again denied=1');
    await expect(publish(url, 'denied')).rejects.toMatchObject({ code: Code.PermissionDenied });
    await told('{', 'the lists are wrong, so those before stay');
    await expect(publish(url, 'denied')).rejects.toMatchObject({ code: Code.PermissionDenied });
    await told('{}', 'read the lists again denied=0');
    await publish(url, 'after');
    expect(await program.signal('SIGTERM')).toBe(0);
  });

  test('prints the settings in force and ends', async () => {
    const program = new Program('--print-config', '--port', '7', '--data', data);
    expect(await program.ended).toBe(0);
    expect(program.said).toMatch(/^port\s+7\s+--port$/m);
  });

  test('names a port that is taken, and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const program = new Program('--port', String(port), '--data', data);
    expect(await program.ended).toBe(1);
    expect(program.said).toBe(`Port ${port} is in use, perhaps by another node. Choose another: --port ${port + 1}\n`);
    other.close();
  });

  test('names a directory that another node uses, a faulty setting, and all settings', async () => {
    const first = new Program('--port', '0', '--data', data);
    await first.url();
    for (const [args, code, words] of [
      [['--port', '0', '--data', data], 1, 'Another node uses this data directory'],
      [['--port', 'x'], 1, '--port is "x"; expected a whole number'],
      [['--help'], 0, 'PARLEY_PORT'],
    ] as const) {
      const program = new Program(...args);
      expect(await program.ended).toBe(code);
      expect(program.said).toContain(words);
    }
    await first.signal('SIGTERM');
  });
});
