import { mkdirSync } from 'node:fs';
import type { Clock } from '../../protocol/time.ts';
import { isEphemeralTopic, parseTopic } from '../../protocol/topic.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { RateLimiter } from '../limits.ts';
import type { Lists } from '../lists.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type CommittedEnvelope, type NewEnvelope, NotNewerError, type Store } from '../store/store.ts';
import { readFrame, writeFrame } from './frames.ts';
import { Guard, type Judgement } from './guard.ts';
import { createHost, type Host, type PeerId, storeTimeoutMs } from './host.ts';
import { openIdentity, publicKeyOf, type RelayIdentity } from './identity.ts';
import { Ledger } from './ledger.ts';
import { type PeerReport, Peers } from './peers.ts';
import { Recent } from './recent.ts';
import { parseShards, type Shards } from './shards.ts';
import { answerStoreQuery, storeProtocol } from './store-query.ts';
import { syncWith } from './sync.ts';
import { issueVoucher } from './voucher.ts';
import { encodeWakuMessage, type WakuMessage, wakuHash, wakuMessageOf } from './waku-message.ts';

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
}

interface Voucher {
  readonly hash: Uint8Array;
  readonly voucher: Uint8Array;
}

/** Messages that were seen of late. */
const maxRecent = 50_000;
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
  readonly #guard: Guard;
  readonly #host: Host;
  readonly #peers: Peers;
  readonly #recent = new Recent(maxRecent);
  readonly #queries: RateLimiter;
  #indexing: Promise<number> | undefined;
  #keeping: Promise<void> | undefined;
  readonly #unkept: Voucher[] = [];
  #stopped = false;

  /** @throws RelayMissingError, StoreError, or the system's error when it cannot listen */
  static async start(deps: RelayDeps): Promise<Relay> {
    const { settings, data } = deps;
    const shards = parseShards(settings.topic);
    if (!shards) throw new TypeError('the topic was checked before');
    if (data !== ':memory:') mkdirSync(data, { recursive: true, mode: 0o700 });
    const identity = openIdentity(data);
    let banned: (peer: string) => boolean = () => false;
    const { host, multiaddr } = await createHost({
      listen: settings.listen,
      identity,
      topics: shards.topics,
      isBanned: (peer) => banned(peer),
    });
    const relay = new Relay(deps, identity, shards, host, multiaddr);
    banned = (peer) => relay.#peers.isBanned(peer);
    try {
      await relay.#open();
    } catch (error) {
      await relay.close();
      throw error;
    }
    return relay;
  }

  private constructor(deps: RelayDeps, identity: RelayIdentity, shards: Shards, host: Host, multiaddr: (text: string) => unknown) {
    const { settings, store, compat, retention, lists, clock, log, metrics, data } = deps;
    this.#deps = deps;
    this.identity = identity;
    this.#shards = shards;
    this.#host = host;
    this.#ledger = new Ledger(data, settings.topic, store.id);
    this.#queries = new RateLimiter('store queries of this peer', queriesPerSecond, clock);
    const homes = new Set([identity.publicKey, ...settings.trust.flatMap((peer) => publicKeyOf(peer) ?? [])].map(hex));
    this.#guard = new Guard({
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
  announce(envelopes: readonly NewEnvelope[]): void {
    for (const envelope of envelopes) {
      // A contact that this node did not check itself would cost it its standing.
      const isContact = parseTopic(envelope.topic).kind === 'contact';
      if (isContact && !envelope.contact) continue;
      const pubsubTopic = this.#shards.of(envelope.topic);
      const hash = wakuHash(pubsubTopic, envelope);
      this.#recent.add(hash);
      const message = wakuMessageOf(envelope);
      if (!isContact) message.voucher = issueVoucher(this.identity, pubsubTopic, envelope, this.#deps.clock());
      this.#host.services.pubsub.publish(pubsubTopic, encodeWakuMessage(message)).then(
        () => this.#deps.metrics.relayed.add(1, { what: 'announced' }),
        (error: unknown) => this.#deps.log.warn('an envelope could not be announced', { why: String(error) }),
      );
    }
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#peers.close();
    await this.#host.stop();
    await this.#indexing?.catch(() => {});
    this.#ledger.close();
  }

  async #open(): Promise<void> {
    const { pubsub } = this.#host.services;
    for (const topic of this.#shards.topics) {
      pubsub.topicValidators.set(topic, async (peer, { data }) => {
        const [judgement] = await this.#take(peer.toString(), true, [{ pubsubTopic: topic, message: data }]);
        return judgement?.verdict ?? 'ignore';
      });
    }
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
    await this.#host.start();
    for (const topic of this.#shards.topics) pubsub.subscribe(topic);
    this.#peers.start();
    this.#deps.log.info('relaying', { peer: this.identity.peerId, at: this.addresses.join(' ') });
  }

  /** Judges what came and puts what is good into the store; only then is it handed on. */
  async #take(
    peer: string,
    live: boolean,
    messages: readonly { readonly pubsubTopic: string; readonly message: Uint8Array | WakuMessage }[],
  ): Promise<Judgement[]> {
    const { metrics, log } = this.#deps;
    const judged = messages.map(({ pubsubTopic, message }) => {
      const judgement = this.#guard.judge(pubsubTopic, message, { peer, live });
      // The same one in the same batch, or from two peers at once, is known from here on.
      if (judgement.verdict === 'accept') this.#recent.add(judgement.hash);
      return judgement;
    });
    const accepted = judged.filter((judgement) => judgement.verdict === 'accept');
    try {
      await this.#keep(
        accepted.flatMap(({ hash, voucher, envelope }) => (voucher && !isEphemeralTopic(envelope.topic) ? [{ hash, voucher }] : [])),
      );
    } catch (error) {
      log.error('the vouchers of the relay cannot be kept', error);
      for (const { hash } of accepted) this.#recent.delete(hash);
      return judged.map((judgement) => (judgement.verdict === 'accept' ? failed : judgement));
    }
    return Promise.all(
      judged.map(async (judgement): Promise<Judgement> => {
        const final = judgement.verdict === 'accept' ? await this.#put(judgement) : judgement;
        metrics.relayed.add(1, { what: final.verdict === 'accept' ? (live ? 'taken' : 'repaired') : `${final.verdict}: ${final.reason}` });
        this.#peers.count(peer, final, live);
        return final;
      }),
    );
  }

  /** Keeps vouchers before what they are for is stored. All that comes in one turn of the event loop shares one write to the disk. */
  #keep(vouchers: readonly Voucher[]): Promise<void> {
    if (vouchers.length === 0) return Promise.resolve();
    this.#unkept.push(...vouchers);
    this.#keeping ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#keeping = undefined;
        try {
          this.#ledger.keep(this.#unkept.splice(0));
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return this.#keeping;
  }

  /** Into the store, or past it to those who listen. */
  async #put(judgement: Extract<Judgement, { verdict: 'accept' }>): Promise<Judgement> {
    const { envelope, hash } = judgement;
    const { store, dispatcher, log } = this.#deps;
    if (isEphemeralTopic(envelope.topic)) {
      dispatcher.dispatch(envelope);
      return judgement;
    }
    try {
      const [seq] = await store.append([envelope]);
      return seq === null ? { verdict: 'ignore', reason: 'known' } : judgement;
    } catch (error) {
      if (error instanceof NotNewerError) return { verdict: 'ignore', reason: 'not newer' };
      this.#recent.delete(hash);
      log.error('an envelope of the relay cannot be stored', error);
      return failed;
    }
  }

  async #sync(peer: PeerId, trust: readonly string[]) {
    const name = peer.toString();
    await this.#index();
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
      missing: (hashes) => hashes.filter((hash) => !this.#knows(hash)),
      take: (messages) => this.#take(name, false, messages),
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
      indexed: () => this.#index(),
      messageOf: (envelope, hash) => this.#messageOf(envelope, hash),
    });
  }

  /** What came under another node's voucher keeps it; for what this node took itself it vouches when somebody asks. */
  #messageOf(envelope: CommittedEnvelope, hash: Uint8Array): WakuMessage {
    const message = wakuMessageOf(envelope);
    if (parseTopic(envelope.topic).kind === 'contact') return message;
    const pubsubTopic = this.#shards.of(envelope.topic);
    message.voucher = new Uint8Array(
      this.#ledger.voucherOf(hash) ?? issueVoucher(this.identity, pubsubTopic, envelope, this.#deps.clock()),
    );
    return message;
  }

  /** Brings the ledger up to the head of the store, one at a time, and answers that head. */
  #index(): Promise<number> {
    this.#indexing ??= this.#indexNow().finally(() => {
      this.#indexing = undefined;
    });
    return this.#indexing;
  }

  async #indexNow(): Promise<number> {
    const { store } = this.#deps;
    for (let after = this.#ledger.indexed; ; ) {
      const rows = this.#stopped ? [] : await store.page(after, 1000);
      const last = rows.at(-1);
      if (!last || this.#stopped) return after;
      this.#ledger.index(
        rows.map((row) => ({ hash: wakuHash(this.#shards.of(row.topic), row), seq: row.seq, timestampNs: row.timestampNs })),
        last.seq,
      );
      after = last.seq;
    }
  }

  #knows(hash: Uint8Array): boolean {
    return this.#recent.has(hash) || this.#ledger.find(hash) !== null;
  }
}

const failed: Judgement = { verdict: 'ignore', reason: 'store', retryMs: 1000 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
