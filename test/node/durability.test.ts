import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { startNode } from '../../src/node/start-node.ts';
import { openDatabase } from '../../src/node/store/driver.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { buildNodeIfStale } from '../cli/build.ts';
import { root } from '../cli/processes.ts';
import { alice } from '../support/people.ts';
import { api, bearer } from './clients.ts';

/** The built node as a process of its own, with all that it says. */
class Program {
  readonly #child: ChildProcess;
  said = '';
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [join(root, 'dist/node/main.js'), ...args], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (piece: Buffer) => {
        this.said += piece.toString();
      });
    running.add(this);
    this.ended = once(this.#child, 'close').then(([code]) => {
      running.delete(this);
      return code as number | null;
    });
  }

  /** Where it listens. */
  async url(): Promise<string> {
    for (;;) {
      const url = /listening at (http:\S+)/.exec(this.said)?.[1];
      if (url) return url;
      const ended = await Promise.race([this.ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 10, false))]);
      if (ended) throw new Error(`the node ended: ${this.said}`);
    }
  }

  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null> {
    this.#child.kill(name);
    return this.ended;
  }
}
const running = new Set<Program>();

let data: string;
beforeAll(() => buildNodeIfStale(), 120_000);
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-node-'));
  return () => rm(data, { recursive: true, force: true });
});
afterAll(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));

const topics = ['/xmtp/0/groupInvite-one/proto', '/xmtp/0/groupInvite-two/proto'] as const;
const pair = (name: string) => topics.map((contentTopic) => ({ contentTopic, timestampNs: 1n, message: utf8(name) }));
const publish = (url: string, name: string) =>
  api(url, 'Connect over HTTP/1.1').publish({ envelopes: pair(name) }, { headers: bearer(alice), timeoutMs: 20_000 });

async function stored(url: string, contentTopic: string): Promise<Set<string>> {
  const found = new Set<string>();
  let cursor = {};
  for (;;) {
    const { envelopes, pagingInfo } = await api(url).query({
      contentTopics: [contentTopic],
      pagingInfo: { limit: 100, direction: SortDirection.ASCENDING, ...cursor },
    });
    for (const { message } of envelopes) found.add(Buffer.from(message).toString());
    if (!pagingInfo?.cursor) return found;
    cursor = { cursor: pagingInfo.cursor };
  }
}

describe('the process', () => {
  test('has after kills under load what it acknowledged, and of each publish all or nothing', { timeout: 180_000 }, async () => {
    const acknowledged: string[] = [];
    for (let life = 0; life < 8; life++) {
      const program = new Program('--port', '0', '--data', data);
      const url = await program.url();
      const target = acknowledged.length + 20 + 7 * life;
      await new Promise<void>((enough) => {
        for (let writer = 0; writer < 16; writer++)
          void (async () => {
            for (let count = 0; ; count++) {
              const name = `${life} ${writer} ${count}`;
              try {
                await publish(url, name);
              } catch {
                return; // it died under this one: not acknowledged
              }
              if (acknowledged.push(name) >= target) enough();
            }
          })();
      });
      await program.signal('SIGKILL');
    }
    const program = new Program('--port', '0', '--data', data);
    const [one, two] = await Promise.all(topics.map(async (topic) => stored(await program.url(), topic)));
    expect(acknowledged.filter((name) => !one?.has(name))).toEqual([]);
    expect(two).toEqual(one);
    expect(acknowledged.length).toBeGreaterThan(300);
    expect(await program.signal('SIGTERM')).toBe(0);
    const database = openDatabase(join(data, 'node.db'));
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([expect.objectContaining({ integrity_check: 'ok' })]);
    database.close();
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
