import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { Code } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import { refuseForNow } from './refusal.ts';

export const dayMs = 86_400_000;

/** How much of attachments each wallet has put today (UTC). A restart gives nobody a second day. */
export class BlobDays {
  readonly #file: string;
  readonly #most: number;
  readonly #clock: Clock;
  readonly #onRefused: () => void;
  readonly #spent: Map<Address, Spent>;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, most: number, clock: Clock, onRefused: () => void) {
    this.#file = file;
    this.#most = most;
    this.#clock = clock;
    this.#onRefused = onRefused;
    this.#spent = readSpent(file);
  }

  /** Counted from 1970. */
  get today(): number {
    return Math.floor(this.#clock() / dayMs);
  }

  /** @throws ConnectError resource exhausted, with when to try again */
  spend(wallet: Address, bytes: number): void {
    const day = this.today;
    const before = this.#of(wallet);
    if (before + bytes > this.#most) {
      this.#onRefused();
      const message = `blobs of this wallet: at most ${this.#most} bytes in a day (UTC); try again tomorrow`;
      throw refuseForNow(Code.ResourceExhausted, message, Math.ceil(((day + 1) * dayMs - this.#clock()) / 1000));
    }
    if (this.#spent.size > 100_000) for (const [other, { day: last }] of this.#spent) if (last !== day) this.#spent.delete(other);
    this.#spent.set(wallet, { day, bytes: before + bytes });
  }

  /** Gives back what was spent on a day and has not come; that of another day is over. */
  giveBack(wallet: Address, bytes: number, day: number): void {
    if (day === this.today) this.#spent.set(wallet, { day, bytes: Math.max(0, this.#of(wallet) - bytes) });
  }

  /** Writes it down. */
  keep(): Promise<void> {
    const next = this.#writing.then(async () => {
      const draft = `${this.#file}.new`;
      await writeFile(draft, JSON.stringify([...this.#spent]));
      await rename(draft, this.#file);
    });
    this.#writing = next.catch(() => undefined);
    return next;
  }

  #of(wallet: Address): number {
    const spent = this.#spent.get(wallet);
    return spent?.day === this.today ? spent.bytes : 0;
  }
}

interface Spent {
  readonly day: number;
  readonly bytes: number;
}

/** What cannot be read is forgotten: the worst of it is a second day for somebody. */
function readSpent(path: string): Map<Address, Spent> {
  try {
    return new Map(JSON.parse(readFileSync(path, 'utf8')) as [Address, Spent][]);
  } catch {
    return new Map();
  }
}
