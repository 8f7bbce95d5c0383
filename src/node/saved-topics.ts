import { createHash } from 'node:crypto';
import { Code } from '@connectrpc/connect';
import { type Clock, systemClock } from '../protocol/time.ts';
import { refuse } from './refusal.ts';

/** Topics of all lists together, and how long one is kept that nobody uses. */
const mostTopics = 4_000_000;
const keptMs = 24 * 3_600_000;

/** Lists of topics that clients left here by name. They are in memory only: a list that is gone is sent again. */
export class SavedTopics {
  readonly #clock: Clock;
  /** The least recently used first. */
  readonly #lists = new Map<string, { readonly topics: readonly string[]; usedMs: number }>();
  #count = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The name of the list: SHA-256 of its topics in order, hex. */
  save(named: readonly string[]): string {
    const topics = [...new Set(named)].sort();
    const id = createHash('sha256')
      .update(topics.map((topic) => `${topic}\n`).join(''))
      .digest('hex');
    this.#drop(id);
    this.#lists.set(id, { topics, usedMs: this.#clock() });
    this.#count += topics.length;
    for (const [oldest, { usedMs }] of this.#lists) {
      if (oldest === id || (this.#count <= mostTopics && usedMs > this.#clock() - keptMs)) break;
      this.#drop(oldest);
    }
    return id;
  }

  /** @throws ConnectError not found */
  topicsOf(id: string): readonly string[] {
    const list = this.#lists.get(id);
    if (!list) throw refuse(Code.NotFound, 'no such list of topics; save it again');
    this.#lists.delete(id);
    this.#lists.set(id, { ...list, usedMs: this.#clock() });
    return list.topics;
  }

  #drop(id: string): void {
    this.#count -= this.#lists.get(id)?.topics.length ?? 0;
    this.#lists.delete(id);
  }
}
