import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { openIdentity } from '../../src/node/relay/identity.ts';
import { toHex, utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { type Envelope, envelopeDigest } from '../../src/protocol/envelope.ts';
import { publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic } from '../../src/protocol/topic.ts';
import { api, bearer, contactEnvelope } from '../node/clients.ts';
import { type Follower, follower } from './follower.ts';
import { NodeProgram } from './node-program.ts';
import { alice } from './people.ts';
import { Wire } from './wire.ts';

/** What a number of partitions came to. */
export interface Healed {
  readonly rounds: number;
  readonly published: number;
  /** The longest time from the healing until all nodes held the same, ms. */
  readonly slowestMs: number;
  /** Envelopes that a stream of a client missed, or had twice, or out of order. */
  readonly missed: number;
  readonly repeated: number;
  readonly disordered: number;
  /** Rounds after which two nodes named different contacts as the latest. */
  readonly split: number;
}

interface Member {
  readonly program: NodeProgram;
  readonly url: string;
  readonly follower: Follower;
}

const names = ['a', 'b', 'c'] as const;
const topics = ['/xmtp/0/groupInvite-one/proto', '/xmtp/0/groupInvite-two/proto', contactTopic(alice.address)];
/** Between which nodes each wire is, and which of them are cut in each kind of round: one node off, another, and a triangle that lacks one side. */
const wires = [
  ['b', 'a'],
  ['c', 'a'],
  ['c', 'b'],
] as const;
const cuts = [[0, 1], [1, 2], [0, 2], [0]] as const;

/**
 * Runs three nodes as processes, parts them again and again while clients write on all of them and the pre-key of one wallet is rotated on both sides, heals them, and
 * compares. @throws Error when they are not equal a minute after the healing
 */
export async function partitionAndHeal(
  data: string,
  rounds: number,
  tell: (round: number, tookMs: number) => void = () => {},
): Promise<Healed> {
  const homes = names.map((name) => {
    mkdirSync(join(data, name), { recursive: true });
    return openIdentity(join(data, name)).peerId;
  });
  const members: Member[] = [];
  const lines: Wire[] = [];
  try {
    for (const [index, name] of names.entries()) {
      const peers: string[] = [];
      for (const [from, to] of wires) {
        if (from !== name) continue;
        const other = names.indexOf(to);
        const wire = await Wire.to(await relayPort(members[other] as Member));
        lines.push(wire);
        peers.push(`/ip4/127.0.0.1/tcp/${wire.port}/p2p/${homes[other]}`);
      }
      const program = new NodeProgram(
        ...['--port', '0', '--data', join(data, name), '--relay', '/ip4/127.0.0.1/tcp/0', '--sync-seconds', '2'],
        ...['--trust', homes.filter((_, other) => other !== index).join(), ...(peers.length > 0 ? ['--peers', peers.join()] : [])],
        ...['--wallet-publish-rate', '0', '--network-publish-rate', '0', '--network-read-rate', '0', '--home-rate', '0'],
      );
      const url = await program.url();
      members.push({ program, url, follower: follower(url, topics) });
    }
    return await partitions(members, lines, rounds, tell);
  } finally {
    for (const { follower } of members) follower.close();
    await Promise.all(members.map(({ program }) => program.signal('SIGKILL')));
    for (const wire of lines) wire.close();
  }
}

async function partitions(
  members: readonly Member[],
  lines: readonly Wire[],
  rounds: number,
  tell: (round: number, tookMs: number) => void,
): Promise<Healed> {
  await Promise.all(members.map(({ follower }) => follower.opened));
  const published: string[] = [];
  const publish = async ({ url }: Member, ...envelopes: Envelope[]): Promise<void> => {
    await api(url).publish({ envelopes }, { headers: bearer(alice), timeoutMs: 20_000 });
    for (const { contentTopic, message } of envelopes)
      if (contentTopic !== topics[2]) published.push(toHex(envelopeDigest(contentTopic, message)));
  };
  await publish(members[0] as Member, contactEnvelope(alice, 2, Date.now() - 3_600_000));
  await equal(members, published);
  let [slowestMs, split] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const some = (count: number, when: string) =>
      Promise.all(
        members.map(async (member, index) => {
          for (let n = 0; n < count; n++)
            await publish(
              member,
              ...topics.slice(0, 2).map((contentTopic) => ({
                contentTopic,
                timestampNs: msToNs(Date.now()),
                message: utf8(`${round} ${when} ${index} ${n}`),
              })),
            );
        }),
      );
    const before = some(10, 'before');
    for (const index of cuts[round % cuts.length] as readonly number[]) lines[index]?.cut();
    await before;
    await some(10, 'apart');
    // Nobody on either side knows of the other's.
    await Promise.all(
      members.map(async (member, index) => {
        const atMs = Date.now() - 1000 + index;
        const rotated = publicBundle(rotatePreKey(alice.bundle, () => atMs));
        // Where two are still connected the later may have come already.
        await publish(member, { contentTopic: topics[2] as string, timestampNs: msToNs(atMs), message: encodeContact(rotated, 2) }).catch(
          () => {},
        );
      }),
    );
    const healed = some(10, 'after');
    for (const wire of lines) wire.mend();
    const begun = Date.now();
    await healed;
    await equal(members, published);
    const tookMs = Date.now() - begun;
    slowestMs = Math.max(slowestMs, tookMs);
    const latest = await Promise.all(
      members.map(({ url }) => api(url).query({ contentTopics: [topics[2] as string], pagingInfo: { limit: 1 } })),
    );
    if (new Set(latest.map(({ envelopes: [first] }) => toHex(first?.message ?? new Uint8Array()))).size !== 1) split += 1;
    tell(round, tookMs);
  }
  const faults = { missed: 0, repeated: 0, disordered: 0 };
  await until(() => members.every(({ follower }) => new Set(digests(follower.seen)).size >= published.length), 10_000);
  for (const { follower } of members) {
    const seen = digests(follower.seen);
    const once = new Set(seen);
    faults.missed += published.filter((digest) => !once.has(digest)).length;
    faults.repeated += seen.length - once.size;
    faults.disordered += follower.numbers.filter((number, at) => at > 0 && number <= (follower.numbers[at - 1] as bigint)).length;
  }
  return { rounds, published: published.length, slowestMs, split, ...faults };
}

/** Resolves when all nodes hold the same, and everything that was published. @throws Error after a minute */
async function equal(members: readonly Member[], published: readonly string[]): Promise<void> {
  let state = '';
  const same = async (): Promise<boolean> => {
    const sets = await Promise.all(members.map(({ url }) => holdings(url)));
    state = sets.map(({ size }) => size).join(', ');
    const [first] = sets as [Set<string>];
    return (
      sets.every((set) => set.size === first.size && [...first].every((digest) => set.has(digest))) &&
      published.every((digest) => first.has(digest))
    );
  };
  if (!(await until(same, 60_000)))
    throw new Error(
      `not equal after a minute: ${state} of ${published.length}; ${members.map(({ program }) => program.said.slice(-600)).join('\n---\n')}`,
    );
}

/** Topic, time and digest of everything that a node holds of the topics. */
async function holdings(url: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const contentTopic of topics) {
    let cursor = {};
    for (;;) {
      const { envelopes, pagingInfo } = await api(url).query({
        contentTopics: [contentTopic],
        pagingInfo: { limit: 100, direction: SortDirection.ASCENDING, ...cursor },
      });
      for (const { message } of envelopes) found.add(toHex(envelopeDigest(contentTopic, message)));
      if (!pagingInfo?.cursor) break;
      cursor = { cursor: pagingInfo.cursor };
    }
  }
  return found;
}

const digests = (envelopes: readonly Envelope[]): string[] =>
  envelopes.flatMap(({ contentTopic, message }) => (contentTopic === topics[2] ? [] : [toHex(envelopeDigest(contentTopic, message))]));

/** Where a node listens for its peers. */
async function relayPort({ program }: Member): Promise<number> {
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
