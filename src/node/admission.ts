import { Code } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import { parseTopic } from '../protocol/topic.ts';
import type { Authenticator } from './authn.ts';
import type { Topics } from './dispatcher.ts';
import { type Limits, RateLimiter } from './limits.ts';
import type { Lists } from './lists.ts';
import { refuse } from './refusal.ts';

/** A query counts once per so many topics. */
const topicsPerToken = 50;
/** How many times the rate of others a wallet has that is allowed more. */
const allowedFactor = 25;

/** Who asks. */
export interface Caller {
  /** The header as it came. */
  readonly authorization: string | undefined;
  /** See `networkOf`. */
  readonly network: string;
}

/** What kept somebody out: the option that sets it, the list that names him, or, of attachments in parts (`blob-uploads`), how many are on their way. */
export type Barrier =
  | 'wallet-publish-rate'
  | 'wallet-invitations'
  | 'pair-invitations'
  | 'network-publish-rate'
  | 'network-read-rate'
  | 'network-streams'
  | 'network-silent'
  | 'all-silent'
  | 'subscription-topics'
  | 'blob-bytes'
  | 'blob-daily-bytes'
  | 'blob-store-bytes'
  | 'blob-uploads'
  | 'deny'
  | 'denyNetworks';

interface AdmissionOptions {
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly lists: Lists;
  /** Told of everybody who was kept out. */
  readonly onRefused: (barrier: Barrier) => void;
  readonly clock: Clock;
}

/** Lists and limits: who may do something now, and how much of it. Everything throws ConnectError only, which names the limit and when to try again. */
export class Admission {
  readonly #authenticator: Authenticator;
  readonly #limits: Limits;
  readonly #lists: Lists;
  readonly #onRefused: (barrier: Barrier) => void;
  readonly #allowedPublishes: RateLimiter;
  readonly #walletPublishes: RateLimiter;
  readonly #networkPublishes: RateLimiter;
  readonly #walletInvitations: RateLimiter;
  readonly #pairInvitations: RateLimiter;
  readonly #networkReads: RateLimiter;
  readonly #streams = new Map<string, number>();

  constructor({ authenticator, limits, lists, onRefused, clock }: AdmissionOptions) {
    this.#authenticator = authenticator;
    this.#limits = limits;
    this.#lists = lists;
    this.#onRefused = onRefused;
    this.#allowedPublishes = new RateLimiter('this wallet', limits.walletPublishRate * allowedFactor, clock);
    this.#walletPublishes = new RateLimiter('this wallet', limits.walletPublishRate, clock);
    this.#networkPublishes = new RateLimiter('publishes from this network', limits.networkPublishRate, clock);
    this.#walletInvitations = new RateLimiter('invitations of this wallet', limits.walletInvitations, clock, 'day');
    this.#pairInvitations = new RateLimiter('invitations of this wallet to this one', limits.pairInvitations, clock, 'day');
    this.#networkReads = new RateLimiter('queries from this network', limits.networkReadRate, clock);
  }

  /** Whether anything at all is answered. @throws ConnectError permission denied */
  mayAsk({ network }: Caller): void {
    if (this.#lists.isDeniedNetwork(network)) throw this.#refused('denyNetworks', refuse(Code.PermissionDenied, 'network is deny listed'));
  }

  /** The wallet that publishes so much, after everything that may be against it. @throws ConnectError unauthenticated, permission denied, resource exhausted */
  walletOf(caller: Caller, cost: number): Address {
    this.mayAsk(caller);
    this.#within('network-publish-rate', () => this.#networkPublishes.check(caller.network, cost));
    let wallet: Address;
    try {
      wallet = this.#authenticator.walletOf(caller.authorization);
    } catch (error) {
      // To judge a signature costs more than to refuse it: tokens that are no good are counted.
      this.#within('network-publish-rate', () => this.#networkPublishes.spend(caller.network, 1));
      throw error;
    }
    if (this.#lists.isDenied(wallet)) throw this.#refused('deny', refuse(Code.PermissionDenied, 'wallet is deny listed'));
    const own = this.#lists.isAllowed(wallet) ? this.#allowedPublishes : this.#walletPublishes;
    this.#within('wallet-publish-rate', () => own.spend(wallet, cost));
    // Last, so that a wallet beyond its own rate takes nothing from those who share its network.
    this.#within('network-publish-rate', () => this.#networkPublishes.spend(caller.network, cost));
    return wallet;
  }

  /** Counts the invitations among what a wallet publishes, which all of them pass or none. Copies for itself are free. @throws ConnectError resource exhausted */
  invite(wallet: Address, envelopes: readonly { readonly topic: string }[]): void {
    const invited = new Map<string, number>();
    for (const { topic } of envelopes) {
      if (!topic.startsWith('/xmtp/0/in')) continue; // most are messages
      const { kind, address } = parseTopic(topic);
      if ((kind !== 'invite' && kind !== 'intro') || !address || address === wallet) continue;
      const pair = `${wallet} ${address}`;
      invited.set(pair, (invited.get(pair) ?? 0) + 1);
    }
    if (invited.size === 0 || this.#lists.isAllowed(wallet)) return;
    for (const [pair, count] of invited) this.#within('pair-invitations', () => this.#pairInvitations.check(pair, count));
    const count = [...invited.values()].reduce((sum, each) => sum + each, 0);
    this.#within('wallet-invitations', () => this.#walletInvitations.spend(wallet, count));
    for (const [pair, each] of invited) this.#pairInvitations.spend(pair, each);
  }

  /** Counts questions, each of so many topics, against who asks. @throws ConnectError resource exhausted, permission denied */
  read(caller: Caller, topics: readonly number[]): void {
    this.mayAsk(caller);
    const cost = topics.reduce((sum, count) => sum + Math.max(1, Math.ceil(count / topicsPerToken)), 0);
    this.#within('network-read-rate', () => this.#networkReads.spend(caller.network, cost));
  }

  /** Counts a stream that begins to follow topics. @throws ConnectError resource exhausted, permission denied, invalid argument */
  followTopics(caller: Caller, topics: Topics): void {
    this.mayAsk(caller);
    const { subscriptionTopics } = this.#limits;
    if (topics !== 'all' && topics.length > subscriptionTopics) {
      const message = `cannot exceed ${subscriptionTopics} topics per subscription`;
      throw this.#refused('subscription-topics', refuse(Code.InvalidArgument, message));
    }
    this.#within('network-read-rate', () => this.#networkReads.spend(caller.network, 1));
  }

  /** Counts an open stream; what it answers is called when the stream is closed, once. @throws ConnectError resource exhausted */
  openStream({ network }: Caller): () => void {
    const most = this.#limits.networkStreams;
    const open = this.#streams.get(network) ?? 0;
    if (most > 0 && open >= most) {
      const message = `streams from this network: at most ${most} at once; close one first`;
      throw this.#refused('network-streams', refuse(Code.ResourceExhausted, message));
    }
    this.#streams.set(network, open + 1);
    return () => {
      const left = (this.#streams.get(network) ?? 1) - 1;
      if (left > 0) this.#streams.set(network, left);
      else this.#streams.delete(network);
    };
  }

  #within(barrier: Barrier, spend: () => void): void {
    try {
      spend();
    } catch (error) {
      throw this.#refused(barrier, error);
    }
  }

  #refused<E>(barrier: Barrier, error: E): E {
    this.#onRefused(barrier);
    return error;
  }
}
