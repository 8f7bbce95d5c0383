import type { Clock } from '../../protocol/time.ts';
import { parseTopic } from '../../protocol/topic.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { NewEnvelope } from '../store/store.ts';
import { bundle, bundleTopicOf, maxBundle, maxBundleBytes } from './bundle.ts';
import type { Host } from './host.ts';
import type { RelayIdentity } from './identity.ts';
import type { Indexer } from './indexer.ts';
import type { Recent } from './recent.ts';
import type { Shards } from './shards.ts';
import { type Carried, issueVoucher } from './voucher.ts';
import { encodeWakuMessage, wakuHash, wakuMessageOf } from './waku-message.ts';

export interface AnnouncerOptions {
  readonly identity: RelayIdentity;
  readonly host: Host;
  readonly shards: Shards;
  /** The setting that the shards come from. */
  readonly topic: string;
  readonly recent: Recent;
  readonly indexer: Pick<Indexer, 'note'>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * How long the next ones are waited for, for each envelope that went last, and at most, ms. Somebody who writes alone is kept waiting by half a millisecond; where some thousands come
 * in a second, a bundle grows until everybody's work for it is little beside that for what is in it.
 */
const [msOfOne, mostMs] = [0.5, 25];

/**
 * Hands on to the network. What was published at the same time goes to nodes of our kind together, under one signature; each to itself it goes to whoever
 * speaks Waku alone, and what nobody else was published with, to all.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  #waiting: Carried[] = [];
  #bytes = 0;
  /** When the next may go. */
  #nextMs = 0;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Hands on what this node took from its own users, with all that is told of at about the same time. `seqs` are the places of the first of them in the store; what is not stored comes after those. */
  announce(envelopes: readonly NewEnvelope[], seqs: readonly number[] = []): void {
    const { recent, shards, indexer } = this.#options;
    for (const [index, envelope] of envelopes.entries()) {
      const isContact = parseTopic(envelope.topic).kind === 'contact';
      // A contact that this node did not check itself would cost it its standing.
      if (isContact && !envelope.contact) continue;
      const pubsubTopic = shards.of(envelope.topic);
      const hash = wakuHash(pubsubTopic, envelope);
      recent.add(hash);
      const seq = seqs[index];
      if (seq !== undefined) indexer.note({ hash, seq, timestampNs: envelope.timestampNs });
      // Contacts prove themselves, and go by themselves, so that everybody may hand them on.
      if (isContact) this.publish(pubsubTopic, encodeWakuMessage(wakuMessageOf(envelope)));
      else this.#wait({ pubsubTopic, envelope });
    }
  }

  /** Hands on what waits now. */
  flush(): void {
    if (this.#waiting.length > 0) this.#announceWaiting();
  }

  /** Whether somebody is there who does not take bundles. */
  get hasPlainPeers(): boolean {
    const { shards, topic, host } = this.#options;
    const { pubsub } = host.services;
    const ours = new Set(pubsub.getSubscribers(bundleTopicOf(topic)).map(String));
    return shards.topics.some((each) => pubsub.getSubscribers(each).some((peer) => !ours.has(peer.toString())));
  }

  publish(topic: string, data: Uint8Array, count = 1): void {
    const { host, metrics, log } = this.#options;
    host.services.pubsub.publish(topic, data).then(
      () => metrics.relayed.add(count, { what: 'announced' }),
      (error: unknown) => log.warn('an envelope could not be announced', { why: String(error) }),
    );
  }

  #wait(carried: Carried): void {
    const count = this.#waiting.push(carried);
    this.#bytes += carried.envelope.message.length;
    if (count === maxBundle || this.#bytes >= maxBundleBytes) this.#announceWaiting();
    else if (count === 1) {
      const leftMs = this.#nextMs - performance.now();
      const announce = (): void => this.#announceWaiting();
      this.#timer = leftMs >= 1 ? setTimeout(announce, leftMs) : setImmediate(announce);
    }
  }

  #announceWaiting(): void {
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#nextMs = performance.now() + Math.min(mostMs, msOfOne * waiting.length);
    const hasPlainPeers = waiting.length > 1 && this.hasPlainPeers;
    for (let rest = waiting; rest.length > 0; ) {
      const together = rest.slice(0, fitting(rest));
      rest = rest.slice(together.length);
      const { identity, clock, topic } = this.#options;
      const [first] = together as [Carried];
      if (together.length === 1) {
        const message = wakuMessageOf(first.envelope);
        message.voucher = issueVoucher(identity, first.pubsubTopic, first.envelope, clock()) as Uint8Array<ArrayBuffer>;
        this.publish(first.pubsubTopic, encodeWakuMessage(message));
        continue;
      }
      const bundled = bundle(identity, together, clock());
      this.publish(bundleTopicOf(topic), bundled.data, together.length);
      if (!hasPlainPeers) continue;
      for (const [index, message] of bundled.messages().entries())
        this.publish((together[index] as Carried).pubsubTopic, encodeWakuMessage(message));
    }
  }
}

/** How many of them go into one bundle; always the first. */
function fitting(waiting: readonly Carried[]): number {
  let bytes = 0;
  const end = waiting.findIndex(({ envelope }, index) => {
    bytes += envelope.message.length;
    return index > 0 && (bytes > maxBundleBytes || index === maxBundle);
  });
  return end < 0 ? waiting.length : end;
}
