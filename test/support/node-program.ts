import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { openDatabase } from '../../src/node/store/driver.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { root } from '../cli/processes.ts';
import { api, bearer } from '../node/clients.ts';
import { alice } from './people.ts';

/** The built node as a process of its own, with all that it says. */
export class NodeProgram {
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

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** SIGHUP, which does not end it. */
  hangUp(): void {
    this.#child.kill('SIGHUP');
  }

  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null> {
    this.#child.kill(name);
    return this.ended;
  }
}
/** Those that have not ended. */
export const running = new Set<NodeProgram>();

export const topics = ['/xmtp/0/groupInvite-one/proto', '/xmtp/0/groupInvite-two/proto'] as const;
const pair = (name: string) => topics.map((contentTopic) => ({ contentTopic, timestampNs: 1n, message: utf8(name) }));
/** Publishes the same message to both topics at once. */
export const publishPair = (url: string, name: string) =>
  api(url, 'Connect over HTTP/1.1').publish({ envelopes: pair(name) }, { headers: bearer(alice), timeoutMs: 20_000 });

/** All messages of a topic. */
export async function stored(url: string, contentTopic: string): Promise<Set<string>> {
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

export interface Killed {
  readonly acknowledged: number;
  /** Acknowledged and gone. */
  readonly lost: readonly string[];
  /** Of a publish to two topics only one is there. */
  readonly halves: readonly string[];
  /** Whether the file is whole. */
  readonly sound: boolean;
}

/** Kills the node under load, so many times, and compares in the end what is there with what it said that it had. */
export async function killUnderLoad(data: string, lives: number, tell: (life: number) => void = () => {}): Promise<Killed> {
  const acknowledged: string[] = [];
  for (let life = 0; life < lives; life++) {
    const program = new NodeProgram('--port', '0', '--data', data, '--wallet-publish-rate', '0', '--network-publish-rate', '0');
    const url = await program.url();
    // At another moment each time: early, and well into the writing.
    const target = acknowledged.length + 20 + 7 * (life % 20);
    await new Promise<void>((enough) => {
      for (let writer = 0; writer < 16; writer++)
        void (async () => {
          for (let count = 0; ; count++) {
            const name = `${life} ${writer} ${count}`;
            try {
              await publishPair(url, name);
            } catch {
              return; // it died under this one: not acknowledged
            }
            if (acknowledged.push(name) >= target) enough();
          }
        })();
    });
    await program.signal('SIGKILL');
    tell(life);
  }
  const program = new NodeProgram('--port', '0', '--data', data, '--network-read-rate', '0');
  const url = await program.url();
  const [one, two] = await Promise.all(topics.map((topic) => stored(url, topic)));
  await program.signal('SIGTERM');
  const database = openDatabase(join(data, 'node.db'));
  const [check] = database.prepare('PRAGMA integrity_check').all();
  database.close();
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((name) => !one?.has(name) || !two?.has(name)),
    halves: [...(one ?? [])].filter((name) => !two?.has(name)).concat([...(two ?? [])].filter((name) => !one?.has(name))),
    sound: check?.['integrity_check'] === 'ok',
  };
}
