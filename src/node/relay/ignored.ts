import type { Clock } from '../../protocol/time.ts';
import type { Judgement } from './guard.ts';

/** So many seconds' worth may come at once. */
const burstSeconds = 100;
/** What operators of nodes agree to exchange may be so many times as much. */
const namedTimes = 10;
/** What is here already comes from each peer once more: in a bundle, and by itself. */
const timesKnown = 2;
/** What a message costs one of for each begun. */
const bytesOfOne = 1024;
/** The standing of a peer that has nothing left: enough to be sent away, whatever good it did. */
const worst = -1000;
const maxPeers = 10_000;

export interface IgnoredOptions {
  /** Messages of a kilobyte; 0: no limit. */
  readonly perSecond: number;
  /** Whether the operator named a peer. */
  isNamed(peer: string): boolean;
  readonly clock: Clock;
}

interface Budget {
  left: number;
  /** From the moment when nothing is left until half of it is there again. */
  isSpent: boolean;
  atMs: number;
  knownAt: number;
}

/**
 * Bounds what each peer may hand on that is merely ignored: no fault of its, as others trust other homes, but it costs this node the reading. As a peer uses its budget up it falls in
 * standing, at first nothing, and is sent away at the end of it.
 */
export class Ignored {
  readonly #options: IgnoredOptions;
  readonly #budgets = new Map<string, Budget>();
  #known = 0;

  constructor(options: IgnoredOptions) {
    this.#options = options;
  }

  /** A message has come in here, from a user or a peer: everybody may hand it on again, also with a voucher of its own. */
  known(bytes: number): void {
    this.#known += timesKnown * (costOf(bytes) + 1);
  }

  /** Counts what became of a message that a peer handed on. */
  count(peer: string, judgement: Judgement, bytes: number): void {
    const { perSecond, isNamed } = this.#options;
    if (perSecond === 0 || judgement.verdict !== 'ignore' || judgement.reason === 'store') return;
    // That a home sends too much is its own fault; its operator agreed with ours on it.
    if (judgement.reason === 'over limit' && isNamed(peer)) return;
    const budget = this.#budgetOf(peer);
    budget.left = Math.max(0, budget.left - costOf(bytes));
    budget.isSpent ||= budget.left === 0;
    this.#budgets.delete(peer);
    this.#budgets.set(peer, budget);
    // Strangers come and go under new names.
    if (this.#budgets.size > maxPeers) this.#budgets.delete(this.#budgets.keys().next().value as string);
  }

  /** Its share in the standing of a peer: nothing down to half of the budget, and then the more the less is left. */
  score(peer: string): number {
    if (!this.#budgets.has(peer)) return 0;
    const { left, isSpent } = this.#budgetOf(peer);
    return isSpent ? worst : Math.min(0, left / this.#most(peer) - 0.5) * 100;
  }

  #budgetOf(peer: string): Budget {
    const nowMs = this.#options.clock();
    const most = this.#most(peer);
    const budget = this.#budgets.get(peer) ?? { left: most, isSpent: false, atMs: nowMs, knownAt: this.#known };
    const [seconds, known] = [Math.max(0, nowMs - budget.atMs) / 1000, this.#known - budget.knownAt];
    budget.left = Math.min(most, budget.left + (seconds * most) / burstSeconds + known);
    if (budget.left >= most / 2) budget.isSpent = false;
    budget.atMs = nowMs;
    budget.knownAt = this.#known;
    return budget;
  }

  #most(peer: string): number {
    const { perSecond, isNamed } = this.#options;
    return perSecond * burstSeconds * (isNamed(peer) ? namedTimes : 1);
  }
}

const costOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / bytesOfOne));
