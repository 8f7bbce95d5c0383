import type { Clock } from '../protocol/time.ts';

/** Who sent what is not what its name says, or did not come to the end, is not asked for so long; whom another was before is asked last. */
const distrustMs = 60_000;
/** Each time that it is something else it is twice as long, up to this; as at first when the last time is longer ago. */
const longestMs = 3_600_000;
const forgetMs = 86_400_000;
/** Attachments that are fetched at the same time. */
export const fetchesAtOnce = 8;
/** Of one node at once, where there are others to ask: it cannot keep out what these give. */
const ofOneAtOnce = 4;
/** Places that are left to nodes that give nothing yet: several that hold back what they give cannot keep out these either. */
const leftToOthers = 2;

/** What came was something else. */
export class WrongBytesError extends Error {
  override readonly name = 'WrongBytesError';
}

/** Not taken from a node, which did nothing wrong this time. */
export class PassedOverError extends Error {
  override readonly name = 'PassedOverError';
}

/** What is thought of the nodes that give attachments, by their names, and what each is giving. */
export class Givers {
  readonly #clock: Clock;
  readonly #distrusted = new Map<string, number>();
  readonly #slow = new Map<string, number>();
  /** How often a node sent something else after the first time, and when last. */
  readonly #wrong = new Map<string, { readonly times: number; readonly atMs: number }>();
  readonly #giving = new Map<string, Set<AbortController>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether others are asked before this one. */
  isLast(name: string): boolean {
    return (this.#slow.get(name) ?? 0) > this.#clock();
  }

  outrun(name: string): void {
    this.#slow.set(name, this.#clock() + distrustMs);
  }

  /** @throws Error when it is not asked now; PassedOverError when it gives as much as one of `ofAll` may */
  admit(name: string, ofAll: number): void {
    if ((this.#distrusted.get(name) ?? 0) > this.#clock()) throw new Error('it is not trusted now');
    const own = this.#giving.get(name)?.size ?? 0;
    if (own === 0 || ofAll === 1) return;
    const given = [...this.#giving.values()].reduce((sum, { size }) => sum + size, 0);
    const left = Math.min(leftToOthers, Math.max(0, ofAll - this.#giving.size));
    if (own >= ofOneAtOnce || given >= fetchesAtOnce - left) throw new PassedOverError('it gives other attachments just now');
  }

  /** Counts what is taken from a node while it is. The signal says, too, when the node has sent something else to another. */
  async take<T>(name: string, signal: AbortSignal, take: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const control = new AbortController();
    const giving = this.#giving.get(name) ?? new Set();
    this.#giving.set(name, giving.add(control));
    try {
      return await take(AbortSignal.any([signal, control.signal]));
    } finally {
      giving.delete(control);
      if (giving.size === 0) this.#giving.delete(name);
    }
  }

  /** A node had it and did not give it. */
  failed(name: string, error: Error): void {
    if (error instanceof PassedOverError) return;
    const isWrong = error instanceof WrongBytesError;
    this.#distrusted.set(name, this.#clock() + (isWrong ? this.#wrongMs(name) : distrustMs));
    if (isWrong)
      for (const control of this.#giving.get(name) ?? []) control.abort(new PassedOverError('it sent something else to another'));
  }

  #wrongMs(name: string): number {
    const atMs = this.#clock();
    const before = this.#wrong.get(name);
    const times = before && before.atMs > atMs - forgetMs ? before.times + 1 : 0;
    this.#wrong.set(name, { times, atMs });
    return Math.min(longestMs, distrustMs * 2 ** times);
  }
}
