import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { utf8 } from '../../src/protocol/bytes.ts';
import { contactTopic } from '../../src/protocol/topic.ts';
import { api, bearer, contactEnvelope, messageEnvelope, plain } from '../node/clients.ts';
import { addressOf, defaultTopic, hasRelay, startRelaying, stopAll, until } from '../node/relay/network.ts';
import { alice, bob } from '../support/people.ts';
import { folder, installWaku } from './waku/install.ts';

interface Shown {
  readonly payload: string;
  readonly contentTopic: string;
  readonly atMs: number;
}

/** What the other side said, in one line. */
type Line = Partial<{ seen: Shown; done: string; peers: number; published: number; failures: string[]; found: Shown[]; pages: number[] }>;

/** js-waku in a process of its own, connected to a node. */
class WakuPeer {
  readonly seen: Shown[] = [];
  readonly #child: ChildProcess;
  readonly #answers: ((line: Line) => void)[] = [];
  #said = '';

  constructor(address: string) {
    const program = `${folder}/peer.mjs`;
    this.#child = spawn(process.execPath, [program, address, defaultTopic], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (piece: Buffer) => {
      this.#said += piece.toString();
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if (line.seen) this.seen.push(line.seen);
        else this.#answers.shift()?.(line);
      });
  }

  ask(command: string, more: object = {}): Promise<Line> {
    this.#child.stdin?.write(`${JSON.stringify({ command, ...more })}\n`);
    return new Promise((resolve, reject) => {
      this.#answers.push(resolve);
      this.#child.once('exit', () => reject(new Error(`js-waku ended: ${this.#said}`)));
    });
  }

  stop(): void {
    this.#child.removeAllListeners('exit');
    this.#child.kill();
  }
}

let peer: WakuPeer | undefined;
afterEach(async () => {
  peer?.stop();
  await stopAll();
});
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe.skipIf(!hasRelay || !installWaku())('js-waku and the node', () => {
  test('relay to each other, and it reads the store of the node', async () => {
    const node = await startRelaying({});
    peer = new WakuPeer(addressOf(node));
    const js = peer;
    const now = Date.now();
    const messages = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => messageEnvelope(alice, bob, now + n, `message ${n}`)));
    const topic = messages[0]?.contentTopic ?? '';
    const publish = (envelopes: typeof messages) => api(node.url).publish({ envelopes }, { headers: bearer(alice) });
    await js.ask('subscribe', { contentTopic: topic });
    await until('meshed', async () => (await js.ask('peers')).peers === 1);
    await publish(messages.slice(0, 3));
    await publish(messages.slice(3));
    await until('seen there', () => js.seen.length === 6);
    const expected = messages.map(({ message }, n) => ({ payload: hex(message), contentTopic: topic, atMs: now + n }));
    expect([...js.seen].sort((a, b) => a.atMs - b.atMs)).toEqual(expected);

    // The other way a contact comes in by itself, and what has no voucher does not.
    const contact = contactEnvelope(bob, 2, now);
    const sent = { contentTopic: contact.contentTopic, payload: hex(contact.message), atMs: now };
    expect(await js.ask('publish', sent)).toMatchObject({ published: 1, failures: [] });
    const stored = async (of: string) => (await api(node.url).query({ contentTopics: [of] })).envelopes.map(plain);
    await until('stored here', async () => (await stored(contactTopic(bob.address))).length === 1);
    expect(await stored(contactTopic(bob.address))).toEqual([contact]);
    await js.ask('publish', { contentTopic: '/xmtp/0/groupInvite-x/proto', payload: hex(utf8('no voucher')), atMs: now });
    await until('judged', () => node.relay?.peers().some(({ ignored }) => ignored === 1));
    expect(await stored('/xmtp/0/groupInvite-x/proto')).toEqual([]);

    expect(await js.ask('query', { contentTopic: topic, forward: true })).toEqual({ found: expected, pages: [4, 2] });
    const back = await js.ask('query', { contentTopic: topic, forward: false });
    expect(back).toEqual({ found: [...expected.slice(2), ...expected.slice(0, 2)], pages: [4, 2] });
  });
});
