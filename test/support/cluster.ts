import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { openIdentity } from '../../src/node/relay/identity.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { type Envelope, envelopeDigest } from '../../src/protocol/envelope.ts';
import { contactTopic } from '../../src/protocol/topic.ts';
import { api, bearer } from '../node/clients.ts';
import { type Follower, follower } from './follower.ts';
import { NodeProgram } from './node-program.ts';
import { alice } from './people.ts';
import { Wire } from './wire.ts';

export const contacts = contactTopic(alice.address);
/** What is written to, and the topic of the contacts. */
export const topics = ['/xmtp/0/groupInvite-one/proto', '/xmtp/0/groupInvite-two/proto'] as const;

interface Member {
  readonly data: string;
  program: NodeProgram;
  url: string;
  follower: Follower;
}

/** Nodes as processes, each connected to each other by a wire of its own. All trust all. */
export class Cluster {
  readonly members: Member[] = [];
  /** Digests of what was acknowledged, contacts apart. */
  readonly acknowledged = new Set<string>();
  readonly #homes: string[];
  readonly #wires: { readonly from: number; readonly to: number; readonly wire: Wire }[] = [];
  /** Where each finds those that were there before it. */
  readonly #ports: { readonly from: number; readonly to: number; readonly port: number }[] = [];

  /** `direct`: without wires between them, where it is measured what they do: all that they say to each other passes through this process. None of them is started again then. */
  static async start(data: string, size: number, { direct = false } = {}): Promise<Cluster> {
    const folders = Array.from({ length: size }, (_, index) => join(data, `node ${index}`));
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    const cluster = new Cluster(folders.map((folder) => openIdentity(folder).peerId));
    try {
      for (const [index, folder] of folders.entries()) {
        for (let other = 0; other < index; other++) {
          const port = await relayPort(cluster.#at(other).program);
          const wire = direct ? null : await Wire.to(port);
          if (wire) cluster.#wires.push({ from: index, to: other, wire });
          cluster.#ports.push({ from: index, to: other, port: wire?.port ?? port });
        }
        cluster.members.push({ data: folder, ...(await cluster.#run(index, folder)) });
      }
      await Promise.all(cluster.members.map(({ follower }) => follower.opened));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(homes: string[]) {
    this.#homes = homes;
  }

  /** Cuts what is between two sides; or mends all with none named. */
  cut(parted: (from: number, to: number) => boolean): void {
    for (const { from, to, wire } of this.#wires) if (parted(from, to) || parted(to, from)) wire.cut();
  }

  /** What one node sends to another does not arrive, while what the other sends does. */
  hold(sender: number, receiver: number): void {
    for (const { from, to, wire } of this.#wires)
      if (from === sender && to === receiver) wire.hold('there');
      else if (from === receiver && to === sender) wire.hold('back');
  }

  /** All that comes to a node from others and goes to them is slow. */
  slow(index: number, bytesPerSecond: number): void {
    for (const { from, to, wire } of this.#wires) if (from === index || to === index) wire.slow(bytesPerSecond);
  }

  /** Where a node is reached by a peer that is none of these. */
  addressOf(index: number): string {
    return /relaying .*at=(\S+)/.exec(this.#at(index).program.said)?.[1] ?? '';
  }

  mend(): void {
    for (const { wire } of this.#wires) wire.mend();
  }

  async publish(index: number, ...envelopes: Envelope[]): Promise<void> {
    await clientOf(this.#at(index).url).publish({ envelopes }, { headers: bearer(alice), timeoutMs: 20_000 });
    for (const { contentTopic, message } of envelopes)
      if (contentTopic !== contacts) this.acknowledged.add(toHex(envelopeDigest(contentTopic, message)));
  }

  /** Ends a node and starts it again, without its store if it lost that. Its streams end; a client begins anew. */
  async restart(index: number, signal: 'SIGTERM' | 'SIGKILL', loses = false): Promise<void> {
    const member = this.#at(index);
    member.follower.close();
    await member.program.signal(signal);
    if (loses)
      for (const name of ['node.db', 'relay.db'])
        for (const part of ['', '-wal', '-shm']) rmSync(join(member.data, `${name}${part}`), { force: true });
    Object.assign(member, await this.#run(index, member.data));
    const port = await relayPort(member.program);
    for (const { to, wire } of this.#wires) if (to === index) wire.point(port);
  }

  /** How long it takes until all nodes, or these, hold the same and everything that was acknowledged, ms. @throws Error after a minute */
  async equal(members: readonly { readonly url: string }[] = this.members): Promise<number> {
    const begun = Date.now();
    if (await until(() => this.isEqual(members), 60_000)) return Date.now() - begun;
    const sizes = await Promise.all(members.map(async ({ url }) => (await holdings(url)).size));
    throw new Error(
      `not equal after a minute: ${sizes.join(', ')} of ${this.acknowledged.size}; ${this.members.map(({ program }) => program.said.slice(-600)).join('\n---\n')}`,
    );
  }

  /** Whether they hold the same at this moment, and everything that was acknowledged. */
  async isEqual(members: readonly { readonly url: string }[] = this.members): Promise<boolean> {
    const sets = await Promise.all(members.map(({ url }) => holdings(url)));
    const [first] = sets as [Set<string>];
    const all = sets.every((set) => set.size === first.size && [...first].every((digest) => set.has(digest)));
    return all && [...this.acknowledged].every((digest) => first.has(digest));
  }

  /** How many envelopes a node has that it was not given by a client of any of them. */
  async invented(index: number): Promise<number> {
    const held = [...(await holdings(this.#at(index).url))].filter((each) => !each.includes(' '));
    return held.filter((digest) => !this.acknowledged.has(digest)).length;
  }

  /** Whether all nodes name the same contact as the latest. */
  async agree(): Promise<boolean> {
    const latest = await Promise.all(
      this.members.map(({ url }) => clientOf(url).query({ contentTopics: [contacts], pagingInfo: { limit: 1 } })),
    );
    return new Set(latest.map(({ envelopes: [first] }) => toHex(first?.message ?? new Uint8Array()))).size === 1;
  }

  /** What is wrong with the streams of clients, once they had the time to get everything. */
  async streams(): Promise<{ missed: number; repeated: number; disordered: number }> {
    await until(() => this.members.every(({ follower }) => new Set(digests(follower.seen)).size >= this.acknowledged.size), 10_000);
    const faults = { missed: 0, repeated: 0, disordered: 0 };
    for (const { follower } of this.members) {
      const seen = digests(follower.seen);
      const once = new Set(seen);
      faults.missed += [...this.acknowledged].filter((digest) => !once.has(digest)).length;
      faults.repeated += seen.length - once.size;
      faults.disordered += follower.numbers.filter((number, at) => at > 0 && number <= (follower.numbers[at - 1] as bigint)).length;
    }
    return faults;
  }

  async stop(): Promise<void> {
    for (const { follower } of this.members) follower.close();
    await Promise.all(this.members.map(({ program }) => program.signal('SIGKILL')));
    for (const { wire } of this.#wires) wire.close();
  }

  async #run(index: number, data: string): Promise<Omit<Member, 'data'>> {
    const peers = this.#ports.flatMap(({ from, to, port }) =>
      from === index ? [`/ip4/127.0.0.1/tcp/${port}/p2p/${this.#homes[to]}`] : [],
    );
    const program = new NodeProgram(
      ...['--port', '0', '--data', data, '--relay', '/ip4/127.0.0.1/tcp/0', '--sync-seconds', '2', '--home-rate', '0'],
      ...['--trust', this.#homes.filter((_, other) => other !== index).join(), ...(peers.length > 0 ? ['--peers', peers.join()] : [])],
      ...['--wallet-publish-rate', '0', '--network-publish-rate', '0', '--network-read-rate', '0'],
    );
    const url = await program.url();
    return { program, url, follower: follower(url, [...topics, contacts]) };
  }

  #at(index: number): Member {
    return this.members[index] as Member;
  }
}

const clients = new Map<string, ReturnType<typeof api>>();

/** One for each node: each has connections of its own, and fifty rounds would use up those that a process may have. */
function clientOf(url: string): ReturnType<typeof api> {
  let client = clients.get(url);
  if (!client) {
    client = api(url);
    clients.set(url, client);
  }
  return client;
}

/** Topic, time and digest of everything that a node holds of the topics. */
async function holdings(url: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const contentTopic of [...topics, contacts]) {
    let cursor = {};
    for (;;) {
      const { envelopes, pagingInfo } = await clientOf(url).query({
        contentTopics: [contentTopic],
        pagingInfo: { limit: 100, direction: SortDirection.ASCENDING, ...cursor },
      });
      for (const { message, timestampNs } of envelopes) found.add(`${timestampNs} ${toHex(envelopeDigest(contentTopic, message))}`);
      for (const { message } of envelopes) if (contentTopic !== contacts) found.add(toHex(envelopeDigest(contentTopic, message)));
      if (!pagingInfo?.cursor) break;
      cursor = { cursor: pagingInfo.cursor };
    }
  }
  return found;
}

const digests = (envelopes: readonly Envelope[]): string[] =>
  envelopes.flatMap(({ contentTopic, message }) => (contentTopic === contacts ? [] : [toHex(envelopeDigest(contentTopic, message))]));

/** Where a node listens for its peers. */
async function relayPort(program: NodeProgram): Promise<number> {
  await until(() => /relaying .*\/tcp\/(\d+)/.test(program.said), 20_000);
  return Number(/relaying .*\/tcp\/(\d+)/.exec(program.said)?.[1]);
}

async function until(holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    if (await holds()) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
