import { aesGcmOpen, aesGcmSeal, generateAesKey } from '../protocol/aead.ts';
import { concat, fromBase64, randomBytes, toBase64 } from '../protocol/bytes.ts';
import type { Cell } from './vault-store.ts';

/** The browser's memory for this session: JSON that outlives the background and not the browser. */
export interface SessionArea {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Absolute times, milliseconds since 1970. */
export interface Deadlines {
  /** Whatever happens, locked from here on. */
  readonly lockAt: number;
  /** Locked from here on unless used before; null: never for want of use. */
  readonly idleAt: number | null;
}

const name = 'unlocked';

/** Keeps the data key while unlocked: sealed in the session area under a key that exists for this unlock only, so that either half alone is of no use. */
export class Session {
  readonly #area: SessionArea;
  readonly #key: Cell<CryptoKey>;

  constructor(area: SessionArea, key: Cell<CryptoKey>) {
    this.#area = area;
    this.#key = key;
  }

  async start(dataKey: Uint8Array, deadlines: Deadlines): Promise<void> {
    const key = await generateAesKey();
    await this.#key.put(key);
    const nonce = randomBytes(12);
    const sealed = toBase64(concat(nonce, await aesGcmSeal(key, nonce, dataKey)));
    await this.#area.set(name, { sealed, ...deadlines });
  }

  /** The data key, unless there is none or its time is over. */
  async resume(now: number): Promise<{ readonly dataKey: Uint8Array; readonly deadlines: Deadlines } | null> {
    const kept = await this.#read();
    const key = kept && (await this.#key.get());
    if (!kept || !key) return null;
    if (now >= kept.lockAt || (kept.idleAt !== null && now >= kept.idleAt)) {
      await this.end();
      return null;
    }
    try {
      const bytes = fromBase64(kept.sealed);
      const dataKey = await aesGcmOpen(key, bytes.subarray(0, 12), bytes.subarray(12));
      return { dataKey, deadlines: { lockAt: kept.lockAt, idleAt: kept.idleAt } };
    } catch {
      await this.end();
      return null;
    }
  }

  async setDeadlines(deadlines: Deadlines): Promise<void> {
    const kept = await this.#read();
    if (kept) await this.#area.set(name, { ...kept, ...deadlines });
  }

  async end(): Promise<void> {
    await this.#area.remove(name);
    await this.#key.delete();
  }

  async #read(): Promise<({ readonly sealed: string } & Deadlines) | null> {
    const kept = (await this.#area.get(name)) as ({ readonly sealed: string } & Deadlines) | undefined;
    return typeof kept?.sealed === 'string' && typeof kept.lockAt === 'number' ? { ...kept, idleAt: kept.idleAt ?? null } : null;
  }
}
