import { resolveTxt } from 'node:dns/promises';
import type { Clock } from '../../protocol/time.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Judgement } from './guard.ts';
import { type Host, type PeerId, worstScore } from './host.ts';
import type { Synced } from './sync.ts';

/** How often what is not connected is dialled, at first and at most; how often scores are looked at; how long a peer stays away that was sent away. */
const firstDialMs = 1000;
const maxDialMs = 30_000;
const watchMs = 1000;
/** How many looks a peer that has come may be without a stream to hand on. */
const looksToOpen = 5;
const dialTimeoutMs = 10_000;
const banMs = 10 * 60_000;
const dnsMs = 10 * 60_000;

/** What an operator sees of one peer. */
export interface PeerReport {
  readonly peer: string;
  readonly connected: boolean;
  /** Whether it takes part in the relay of our topics. */
  readonly relaying: boolean;
  /** Whether its vouchers count. */
  readonly trusted: boolean;
  readonly score: number;
  /** Messages that came in through it, and that did not. */
  readonly taken: number;
  readonly ignored: number;
  readonly rejected: number;
  /** In all comparisons of stores: what was lacking here, and what came in so. */
  readonly missing: number;
  readonly repaired: number;
  /** Rows of its store that have not been compared yet. */
  readonly lag: number;
  /** When the stores were compared last; null for never. */
  readonly comparedMs: number | null;
  readonly fault: string | null;
}

type Entry = { -readonly [Name in Exclude<keyof PeerReport, 'connected' | 'relaying' | 'score' | 'peer' | 'trusted'>]: PeerReport[Name] };

export interface PeersOptions {
  readonly host: Host;
  multiaddr(text: string): unknown;
  /** Multiaddresses with their peer ids. */
  readonly listed: readonly string[];
  readonly dnsPeers: string | undefined;
  readonly topics: readonly string[];
  readonly trusted: readonly string[];
  readonly syncMs: number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  sync(peer: PeerId): Promise<Synced>;
}

/** Keeps the connections: dials those that are listed, sends away those that misbehave, and compares stores with those that count. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #banned = new Map<string, number>();
  readonly #syncing = new Set<string>();
  /** Peers of the relay, and how many looks they may yet be without a stream to hand on: none once they had one. */
  readonly #patience = new Map<string, number>();
  readonly #dials = new Map<string, { waitMs: number; atMs: number; busy: boolean }>();
  #listed: ReadonlyMap<string, string>;
  #watch: NodeJS.Timeout | undefined;
  #compare: NodeJS.Timeout | undefined;
  #dns: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#listed = byId(options.listed);
  }

  start(): void {
    const { host, syncMs, dnsPeers, log, metrics } = this.#options;
    for (const [name, help, value] of peerGauges)
      metrics.gauges(name, help, () => this.report().map((report) => [{ peer: report.peer }, value(report)]));
    host.addEventListener('peer:connect', ({ detail }) => {
      log.info('a peer of the relay has come', { peer: short(detail.toString()) });
      this.#syncSoon(detail);
    });
    host.addEventListener('peer:disconnect', ({ detail }) => {
      log.info('a peer of the relay has gone', { peer: short(detail.toString()) });
      this.#patience.delete(detail.toString());
    });
    this.#watch = setInterval(() => this.#look(), watchMs);
    this.#look();
    this.#compare = setInterval(() => {
      for (const peer of host.getPeers()) void this.#sync(peer);
    }, syncMs);
    if (dnsPeers !== undefined) {
      const read = (): void => void this.#readDns(dnsPeers);
      this.#dns = setInterval(read, dnsMs);
      read();
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    clearInterval(this.#compare);
    clearInterval(this.#dns);
  }

  isBanned(peer: string): boolean {
    const until = this.#banned.get(peer);
    if (until === undefined) return false;
    if (until > this.#options.clock()) return true;
    this.#banned.delete(peer);
    return false;
  }

  /** What is wrong in its store is not held against a peer: one that checks less may keep it. */
  count(peer: string, { verdict }: Judgement, live: boolean): void {
    const entry = this.#entry(peer);
    if (verdict === 'accept') entry.taken += 1;
    else if (verdict === 'ignore' || !live) entry.ignored += 1;
    else entry.rejected += 1;
  }

  report(): PeerReport[] {
    const { host, trusted, topics } = this.#options;
    const subscribed = new Set(topics.flatMap((topic) => host.services.pubsub.getSubscribers(topic).map(String)));
    const connected = new Set(host.getPeers().map(String));
    const names = new Set([...connected, ...this.#listed.keys(), ...this.#entries.keys()]);
    return [...names].sort().map((peer) => ({
      peer,
      connected: connected.has(peer),
      relaying: subscribed.has(peer),
      trusted: trusted.includes(peer),
      score: host.services.pubsub.score.score(peer),
      ...this.#entry(peer),
    }));
  }

  /** Those that the operator named, as far as they are connected. */
  named(): PeerId[] {
    return this.#options.host.getPeers().filter((peer) => this.isNamed(peer.toString()));
  }

  /** Whether the operator named a peer. */
  isNamed(name: string): boolean {
    return this.#listed.has(name) || this.#options.trusted.includes(name);
  }

  /** Dials who is missing, each at its own pace, and sends away whose score has fallen too low or who takes nothing. */
  #look(): void {
    const { host, multiaddr, clock, log, metrics } = this.#options;
    const connected = new Map(host.getPeers().map((peer) => [peer.toString(), peer]));
    for (const [name, peer] of connected) {
      if (host.services.pubsub.score.score(name) > worstScore) continue;
      this.#banned.set(name, clock() + banMs);
      log.warn('sent a peer of the relay away for what it hands on', { peer: short(name) });
      metrics.sentAway.add();
      this.#entry(name).fault = 'it was sent away for what it hands on';
      void host.hangUp(peer).catch(() => {});
    }
    const { pubsub } = host.services;
    for (const peer of pubsub.getPeers()) {
      const name = peer.toString();
      const left = pubsub.streamsOutbound.has(name) ? 0 : (this.#patience.get(name) ?? looksToOpen) - 1;
      this.#patience.set(name, Math.max(0, left));
      if (left >= 0) continue;
      // Its stream was ended over what waits for it, and is not opened again while the connection lasts. What it lacks it finds when it comes back.
      const fault = 'it does not take what is handed on';
      this.#entry(name).fault = fault;
      log.warn('parted from a peer of the relay', { peer: short(name), why: fault });
      for (const connection of host.getConnections(peer)) connection.abort(new Error(fault));
    }
    for (const [name, address] of this.#listed) {
      if (connected.has(name)) {
        this.#dials.delete(name);
        continue;
      }
      const dial = this.#dials.get(name) ?? { waitMs: firstDialMs, atMs: 0, busy: false };
      this.#dials.set(name, dial);
      if (dial.busy || clock() < dial.atMs || this.isBanned(name)) continue;
      dial.busy = true;
      Promise.resolve()
        .then(() => host.dial(multiaddr(address), { signal: AbortSignal.timeout(dialTimeoutMs) }))
        .then(
          () => {
            this.#entry(name).fault = null;
          },
          (error: unknown) => {
            this.#entry(name).fault = `cannot be reached: ${(error as Error).message}`;
          },
        )
        .finally(() => {
          dial.busy = false;
          // Neither all at once nor for ever later: half of the wait is chance.
          dial.atMs = clock() + dial.waitMs * (0.5 + Math.random() / 2);
          dial.waitMs = Math.min(maxDialMs, dial.waitMs * 2);
        });
    }
  }

  /** Once right away and once more: what was on its way while the first comparison ran is found by the second. */
  #syncSoon(peer: PeerId): void {
    for (const afterMs of [100, 3000]) setTimeout(() => void this.#sync(peer), afterMs).unref();
  }

  async #sync(peer: PeerId): Promise<void> {
    const name = peer.toString();
    const { clock, log, metrics, sync } = this.#options;
    // Strangers may ask us; we ask those whom the operator named.
    if (this.#closed || this.#syncing.has(name) || !this.isNamed(name)) return;
    this.#syncing.add(name);
    const entry = this.#entry(name);
    try {
      const { missing, repaired, lag } = await sync(peer);
      Object.assign(entry, { lag, comparedMs: clock(), fault: null });
      entry.missing += missing;
      entry.repaired += repaired;
      if (repaired > 0) log.info('took from a peer what was missing', { peer: short(name), missing, repaired });
      metrics.syncs.add(1, { outcome: 'done' });
    } catch (error) {
      if (this.#closed) return;
      entry.fault = `cannot be compared with: ${(error as Error).message}`;
      metrics.syncs.add(1, { outcome: 'failed' });
    } finally {
      this.#syncing.delete(name);
    }
  }

  /** TXT records of the form `peer=/dns4/…/tcp/60000/p2p/12D3…`. A name that does not answer leaves the list as it was. */
  async #readDns(name: string): Promise<void> {
    const { listed, log } = this.#options;
    try {
      const records = (await resolveTxt(name)).map((parts) => parts.join(''));
      const found = records.flatMap((record) => (record.startsWith('peer=') ? [record.slice('peer='.length)] : []));
      this.#listed = byId([...listed, ...found]);
    } catch (error) {
      log.warn('the list of peers cannot be read from the DNS', { name, why: (error as Error).message });
    }
  }

  #entry(peer: string): Entry {
    let entry = this.#entries.get(peer);
    if (!entry) {
      entry = { taken: 0, ignored: 0, rejected: 0, missing: 0, repaired: 0, lag: 0, comparedMs: null, fault: null };
      this.#entries.set(peer, entry);
      // Strangers come and go under new names.
      if (this.#entries.size > 1000) this.#entries.delete(this.#entries.keys().next().value as string);
    }
    return entry;
  }
}

const peerGauges: readonly [name: string, help: string, value: (report: PeerReport) => number][] = [
  ['parley_peer_connected', 'Whether a peer of the relay is connected.', ({ connected }) => Number(connected)],
  ['parley_peer_score', 'Its standing; at -80 it is sent away.', ({ score }) => score],
  ['parley_peer_taken', 'Messages that came in through it.', ({ taken }) => taken],
  ['parley_peer_ignored', 'Messages of it that are not for this node, or not any more.', ({ ignored }) => ignored],
  ['parley_peer_rejected', 'Messages of it that no honest peer hands on.', ({ rejected }) => rejected],
  ['parley_peer_missing', 'Envelopes of its store that were missing here, in all comparisons.', ({ missing }) => missing],
  ['parley_peer_repaired', 'Those that were fetched.', ({ repaired }) => repaired],
  ['parley_peer_lag', 'Rows of its store that have not been compared yet.', ({ lag }) => lag],
];

const byId = (addresses: readonly string[]): Map<string, string> =>
  new Map(
    addresses.flatMap((address) => {
      const id = /\/p2p\/(\w+)$/.exec(address)?.[1];
      return id === undefined ? [] : [[id, address]];
    }),
  );

/** Enough of a peer id to recognise it. */
const short = (peer: string): string => `…${peer.slice(-8)}`;
