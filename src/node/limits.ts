import { isIP } from 'node:net';
import { Code, type ConnectError } from '@connectrpc/connect';
import { type Clock, systemClock } from '../protocol/time.ts';
import type { BlobLimits } from './blobs.ts';
import { refuse, refuseForNow } from './refusal.ts';

/** Bytes of a request (SPEC 13.6). */
export const maxRequestLength = 52_428_800;

/** Rates are per second and refill continuously; a burst of a hundred seconds' worth may come at once. 0 is no limit. */
export interface Limits extends BlobLimits {
  /** Envelopes published by one wallet. */
  readonly walletPublishRate: number;
  /** Invitations of one wallet to others in a day, all of them at once if need be. */
  readonly walletInvitations: number;
  /** The same of one wallet to one other. */
  readonly pairInvitations: number;
  /** Envelopes published from one network address (IPv6: one /64). */
  readonly networkPublishRate: number;
  /** Queries and subscriptions from one network address. */
  readonly networkReadRate: number;
  /** Open streams of one network address. */
  readonly networkStreams: number;
  /** Connections of one network address that ask nothing. */
  readonly networkSilent: number;
  /** The same of all networks together; 0: no limit. */
  readonly allSilent: number;
  /** How long a connection may take to ask something whole. */
  readonly silentSeconds: number;
  /** Topics of one subscription. */
  readonly subscriptionTopics: number;
}

export const defaultLimits: Limits = {
  walletPublishRate: 50,
  walletInvitations: 10_000,
  pairInvitations: 200,
  networkPublishRate: 500,
  networkReadRate: 1000,
  networkStreams: 2000,
  networkSilent: 1000,
  allSilent: 10_000,
  silentSeconds: 30,
  subscriptionTopics: 50_000,
  // 25 MiB of a file, and what sealing adds.
  blobBytes: 26_300_000,
  blobDailyBytes: 250_000_000,
  blobStoreBytes: 10_000_000_000,
  blobCopyBytes: 2_000_000_000,
  blobDays: 90,
};

const burstSeconds = 100;
const daySeconds = 86_400;
const sweepEveryMs = 100_000;

/** Everybody's token buckets of one kind. A bucket that is full again is forgotten. */
export class RateLimiter {
  readonly #name: string;
  readonly #rate: number;
  readonly #burst: number;
  /** As a refusal says it. */
  readonly #rateWords: string;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  #sweptMs: number;

  /** `name` completes "… exceeds rate limit of"; `rate` is per second, or per day where all of a day's may come at once. */
  constructor(name: string, rate: number, clock: Clock = systemClock, per: 'second' | 'day' = 'second') {
    this.#name = name;
    this.#rate = per === 'day' ? rate / daySeconds : rate;
    this.#burst = per === 'day' ? rate : rate * burstSeconds;
    this.#rateWords = `${rate} per ${per}`;
    this.#clock = clock;
    this.#sweptMs = clock();
  }

  /** Takes `cost` tokens or none. @throws ConnectError resource exhausted, naming the limit and when to try again */
  spend(who: string, cost: number): void {
    this.check(who, cost);
    const bucket = this.#buckets.get(who);
    if (bucket && this.#rate > 0 && cost > 0) bucket.tokens -= cost;
  }

  /** Whether `cost` tokens could be taken; takes none. @throws ConnectError as `spend` does */
  check(who: string, cost: number): void {
    if (this.#rate <= 0 || cost <= 0) return;
    const burst = this.#burst;
    const nowMs = this.#clock();
    this.#sweep(nowMs);
    const bucket = this.#buckets.get(who) ?? { tokens: burst, atMs: nowMs };
    // A clock that was set back gives nothing and takes nothing.
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * this.#rate);
    bucket.atMs = nowMs;
    this.#buckets.set(who, bucket);
    if (bucket.tokens >= cost) return;
    throw cost > burst
      ? refuse(Code.ResourceExhausted, `${cost} exceeds rate limit of ${this.#name}: at most ${burst} at once`)
      : this.#tryAgain(cost, Math.ceil((cost - bucket.tokens) / this.#rate));
  }

  #tryAgain(cost: number, seconds: number): ConnectError {
    const message = `${cost} exceeds rate limit of ${this.#name}: ${this.#rateWords}; try again in ${seconds} s`;
    return refuseForNow(Code.ResourceExhausted, message, seconds);
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < sweepEveryMs) return;
    this.#sweptMs = nowMs;
    for (const [who, { tokens, atMs }] of this.#buckets)
      if (tokens + ((nowMs - atMs) / 1000) * this.#rate >= this.#burst) this.#buckets.delete(who);
  }
}

/** What stands for the sender's network in limits: the IPv4 address, in whatever form, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!/[:%]/.test(address)) return address;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '');
  if (isIP(plain) !== 6) return plain;
  const groups = groupsOf(plain);
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 6).join() === '0,0,0,0,0,65535') return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The last two may be written as an IPv4 address.
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before = [], after] = hex.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = after ? Array<string>(8 - before.length - after.length).fill('0') : [];
  return [...before, ...zeros, ...(after ?? [])].map((group) => Number.parseInt(group, 16));
}
