import { mkdirSync } from 'node:fs';
import type { Clock } from '../../protocol/time.ts';
import { parseTopic } from '../../protocol/topic.ts';
import type { BlobSource } from '../blob-copies.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { RateLimiter } from '../limits.ts';
import type { Lists } from '../lists.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { NewEnvelope, Store } from '../store/store.ts';
import { Announcer } from './announcer.ts';
import { type BlobShelf, blobsOf, serveBlobs } from './blob-exchange.ts';
import { bundleTopicOf } from './bundle.ts';
import { readFrame, writeFrame } from './frames.ts';
import { Guard } from './guard.ts';
import { createHost, type Host, type PeerId, storeTimeoutMs } from './host.ts';
import { openIdentity, publicKeyOf, type RelayIdentity } from './identity.ts';
import { Ignored } from './ignored.ts';
import { Indexer } from './indexer.ts';
import { Intake, type IntakeOptions } from './intake.ts';
import { Ledger } from './ledger.ts';
import { type PeerReport, Peers } from './peers.ts';
import { hashName, Recent } from './recent.ts';
import { parseShards, type Shards } from './shards.ts';
import { answerStoreQuery, type Found, storeProtocol } from './store-query.ts';
import { syncWith } from './sync.ts';
import { vouchersFor } from './voucher.ts';
import { type WakuMessage, wakuMessageOf } from './waku-message.ts';

export interface RelaySettings {
  /** Multiaddresses to listen at. */
  readonly listen: readonly string[];
  /** Multiaddresses of peers that are kept connected, each with its `/p2p/ID`. */
  readonly peers: readonly string[];
  /** A DNS name whose TXT records list more of them. */
  readonly dnsPeers: string | undefined;
  /** Peer ids whose vouchers count. */
  readonly trust: readonly string[];
  /** See `parseShards`. */
  readonly topic: string;
  readonly homeRate: number;
  readonly contactRate: number;
  readonly ignoredRate: number;
  readonly syncSeconds: number;
}

export interface RelayDeps {
  readonly settings: RelaySettings;
  readonly data: string;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly compat: boolean;
  readonly retention: ReadonlyMap<string, number>;
  readonly lists: Lists;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** What attachments this node gives to peers; none where it keeps none. */
  readonly blobs?: BlobShelf | null;
}

/** Messages that were seen of late, at least. */
const manyRecent = 40_000;
/** Requests to our store per second of one peer. */
const queriesPerSecond = 200;
const maxRequestBytes = 1 << 20;
const maxAnswerBytes = 64 << 20;

/** A node's part in the network: hands on what its users publish, takes what other nodes hand on, and compares stores. */
export class Relay {
  readonly identity: RelayIdentity;
  readonly #deps: RelayDeps;
  readonly #shards: Shards;
  readonly #ledger: Ledger;
  readonly #indexer: Indexer;
  readonly #host: Host;
  readonly #announcer: Announcer;
  readonly #intake: Intake;
  readonly #bundleTopic: string;
  readonly #peers: Peers;
  readonly #ignored: Ignored;
  readonly #recent = new Recent(manyRecent);
  readonly #queries: RateLimiter;
  #stopped = false;

  /** @throws RelayMissingError, StoreError, or the system's error when it cannot listen */
  static async start(deps: RelayDeps): Promise<Relay> {
    const { settings, data } = deps;
    const shards = parseShards(settings.topic);
    if (!shards) throw new TypeError('the topic was checked before');
    if (data !== ':memory:') mkdirSync(data, { recursive: true, mode: 0o700 });
    const identity = openIdentity(data);
    let banned: (peer: string) => boolean = () => false;
    let scoreOf: (peer: string) => number = () => 0;
    const { host, multiaddr } = await createHost({
      listen: settings.listen,
      identity,
      topics: [...shards.topics, bundleTopicOf(settings.topic)],
      isBanned: (peer) => banned(peer),
      scoreOf: (peer) => scoreOf(peer),
    });
    const relay = new Relay(deps, identity, shards, host, multiaddr);
    banned = (peer) => relay.#peers.isBanned(peer);
    scoreOf = (peer) => relay.#ignored.score(peer);
    try {
      await relay.#open();
    } catch (error) {
      await relay.close();
      throw error;
    }
    return relay;
  }

  private constructor(deps: RelayDeps, identity: RelayIdentity, shards: Shards, host: Host, multiaddr: (text: string) => unknown) {
    const { settings, store, dispatcher, compat, retention, lists, clock, log, metrics, data } = deps;
    this.#deps = deps;
    this.identity = identity;
    this.#shards = shards;
    this.#host = host;
    this.#ledger = new Ledger(data, settings.topic, store.id, {
      onFault: (fault) => log.warn('the log of relay.db could not be moved into it', { why: fault }),
      onMoving: (messages) => log.info('moving what relay.db remembers into its present shape; the node listens afterwards', { messages }),
    });
    this.#indexer = new Indexer({ store, ledger: this.#ledger, shards });
    this.#queries = new RateLimiter('store queries of this peer', queriesPerSecond, clock);
    const homes = new Set([identity.publicKey, ...settings.trust.flatMap((peer) => publicKeyOf(peer) ?? [])].map(hex));
    const guard = new Guard({
      shards,
      compat,
      homes,
      homeRate: settings.homeRate,
      contactRate: settings.contactRate,
      retention,
      lists,
      clock,
      knows: (hash) => this.#knows(hash),
    });
    this.#peers = new Peers({
      host,
      multiaddr,
      listed: settings.peers,
      dnsPeers: settings.dnsPeers,
      topics: shards.topics,
      trusted: settings.trust,
      syncMs: settings.syncSeconds * 1000,
      log,
      metrics,
      clock,
      sync: (peer) => this.#sync(peer, settings.trust),
    });
    this.#bundleTopic = bundleTopicOf(settings.topic);
    const [recent, indexer] = [this.#recent, this.#indexer];
    this.#announcer = new Announcer({ identity, host, shards, topic: settings.topic, recent, indexer, log, metrics, clock });
    const ledger = this.#ledger;
    this.#ignored = new Ignored({ perSecond: settings.ignoredRate, isNamed: (peer) => this.#peers.isNamed(peer), clock });
    const count: IntakeOptions['count'] = (peer, judgement, live, bytes) => {
      this.#peers.count(peer, judgement, live);
      if (judgement.verdict === 'accept') this.#ignored.known(bytes);
      // What was asked for is no burden.
      else if (live) this.#ignored.count(peer, judgement, bytes);
    };
    this.#intake = new Intake({ guard, ledger, recent, indexer, store, dispatcher, log, metrics, count });
  }

  /** Where other nodes reach this one, with its peer id. */
  get addresses(): string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  /** What is known of each peer. */
  peers(): PeerReport[] {
    return this.#peers.report();
  }

  /** Hands on what this node took from its own users. It need not arrive: what is lost on the way is found when stores are compared. */
  announce(envelopes: readonly NewEnvelope[], seqs?: readonly number[]): void {
    for (const { message } of envelopes) this.#ignored.known(message.length);
    this.#announcer.announce(envelopes, seqs);
  }

  /** Where attachments can be looked for: the peers that the operator named, as far as they are connected. */
  blobSources(): BlobSource[] {
    return this.#peers.named().map((peer) => blobsOf(this.#host, peer));
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#announcer.flush();
    this.#peers.close();
    await this.#host.stop();
    await this.#indexer.stop();
    await this.#ledger.close();
  }

  async #open(): Promise<void> {
    const { pubsub } = this.#host.services;
    for (const topic of this.#shards.topics) {
      pubsub.topicValidators.set(topic, async (peer, { data }) => {
        const [judgement] = await this.#intake.take(peer.toString(), true, [{ pubsubTopic: topic, message: data }]);
        return judgement?.verdict ?? 'ignore';
      });
    }
    pubsub.topicValidators.set(this.#bundleTopic, async (peer, { data }) => {
      const { verdict, taken } = await this.#intake.takeBundle(peer.toString(), data);
      if (verdict !== 'accept' || this.#announcer.hasPlainPeers)
        for (const each of taken()) this.#announcer.publish(each.pubsubTopic, each.data);
      return verdict;
    });
    await this.#host.handle(
      storeProtocol,
      async (stream, { remotePeer }) => {
        const signal = AbortSignal.timeout(storeTimeoutMs);
        try {
          const request = await readFrame(stream, maxRequestBytes);
          await writeFrame(stream, await this.#answer(remotePeer.toString(), request), signal);
          await stream.close({ signal });
        } catch (error) {
          stream.abort(error as Error);
        }
      },
      { maxInboundStreams: 64 },
    );
    const { blobs, clock } = this.#deps;
    if (blobs) await serveBlobs(this.#host, blobs, clock);
    await this.#host.start();
    for (const topic of [...this.#shards.topics, this.#bundleTopic]) pubsub.subscribe(topic);
    this.#peers.start();
    this.#deps.log.info('relaying', { peer: this.identity.peerId, at: this.addresses.join(' ') });
  }

  async #sync(peer: PeerId, trust: readonly string[]) {
    const name = peer.toString();
    await this.#indexer.run();
    return syncWith(name, {
      ledger: this.#ledger,
      settings: `${this.#deps.settings.topic} ${[...trust].sort().join()}`,
      ask: async (request) => {
        const signal = AbortSignal.timeout(storeTimeoutMs);
        const stream = await this.#host.dialProtocol(peer, storeProtocol, { signal });
        try {
          await writeFrame(stream, request, signal);
          const answer = await readFrame(stream, maxAnswerBytes);
          await stream.close({ signal });
          return answer;
        } catch (error) {
          stream.abort(error as Error);
          throw error;
        }
      },
      missing: (hashes) => this.#missing(hashes),
      take: (messages) => this.#intake.take(name, false, messages),
      clock: this.#deps.clock,
      stopped: () => this.#stopped,
    });
  }

  async #answer(peer: string, request: Uint8Array): Promise<Uint8Array> {
    return answerStoreQuery(request, {
      store: this.#deps.store,
      ledger: this.#ledger,
      shards: this.#shards,
      admit: () => this.#queries.spend(peer, 1),
      indexed: () => this.#indexer.run(),
      messagesOf: (found) => this.#messagesOf(found),
    });
  }

  /** What came under another node's voucher keeps it; for what this node took itself it vouches when somebody asks, for all of it by one signature. */
  #messagesOf(found: readonly Found[]): WakuMessage[] {
    const messages = found.map(({ envelope }) => wakuMessageOf(envelope));
    const own: number[] = [];
    for (const [index, voucher] of this.#ledger.vouchersOf(found.map(({ hash }) => hash)).entries()) {
      const message = messages[index] as WakuMessage;
      if (parseTopic(message.contentTopic).kind === 'contact') continue;
      if (voucher) message.voucher = new Uint8Array(voucher);
      else own.push(index);
    }
    const carried = own.map((index) => {
      const { envelope } = found[index] as Found;
      return { pubsubTopic: this.#shards.of(envelope.topic), envelope };
    });
    const vouchers = vouchersFor(this.identity, carried, this.#deps.clock());
    for (const [place, index] of own.entries()) (messages[index] as WakuMessage).voucher = new Uint8Array(vouchers[place] as Uint8Array);
    return messages;
  }

  #missing(hashes: readonly Uint8Array[]): Uint8Array[] {
    const unseen = hashes.filter((hash) => !this.#recent.has(hash));
    const known = this.#ledger.known(unseen);
    return unseen.filter((hash) => !known.has(hashName(hash)));
  }

  #knows(hash: Uint8Array): boolean {
    return this.#recent.has(hash) || this.#ledger.knows(hash);
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
