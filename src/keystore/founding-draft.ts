import type { Address } from '../protocol/address.ts';
import { aesGcmOpen, aesGcmSeal, generateAesKey } from '../protocol/aead.ts';
import { concat, fromBase64, fromUtf8, randomBytes, toBase64, utf8 } from '../protocol/bytes.ts';
import type { SessionArea } from './session.ts';
import type { Cell } from './vault-store.ts';

/** How somebody comes to an account. */
export type Way = 'new' | 'phrase' | 'key' | 'bundle' | 'external';

/** What the wallet is asked to sign for: to vouch for new keys, to seal their backup (twice), to open a backup that is there. */
export type Purpose = 'create' | 'enable' | 'enable-again' | 'open';

/** What a node holds of a wallet. Bytes are base64 from here on: the draft is JSON. */
export interface FoundOnNode {
  readonly node: string;
  /** How many backups there are, also such as cannot be read. */
  readonly entries: number;
  /** Those that can be read, newest first. */
  readonly backups: readonly string[];
  /** The identity key of the contact; null: no contact. */
  readonly contact: string | null;
}

/** An account that is being made: everything that is known of it so far. */
export interface Draft {
  readonly id: string;
  readonly way: Way;
  readonly madeAt: number;
  readonly address: Address | null;
  /** The wallet, for the ways that bring it. */
  readonly secret: {
    readonly entropy: string | null;
    readonly extraWord: string;
    readonly path: string | null;
    readonly key: string | null;
  } | null;
  readonly found: FoundOnNode | null;
  /** The keys once they are settled: encoded as other programs keep them. */
  readonly bundle: string | null;
  /** Whether they come from the network. */
  readonly restored: boolean;
  /** New keys that wait for the wallet's word. */
  readonly identity: { readonly secret: string; readonly timestampMs: number } | null;
  /** Backups that the wallet has been asked to open in vain. */
  readonly tried: number;
  /** Whether the next older backup is being tried. */
  readonly opening: boolean;
  /** Whether other keys on the network are to be replaced: somebody said so who was told what it costs. */
  readonly replaces: boolean;
  /** Whether the network is to hold a backup; null: not decided, or not to be asked. */
  readonly backup: 'wanted' | 'none' | null;
  readonly enable: { readonly preKey: string; readonly signature: string | null; readonly differs: boolean } | null;
  /** What the wallet has signed for its backup on the network. */
  readonly seal: { readonly preKey: string; readonly signature: string } | null;
  /** What the wallet is asked for now: good for one answer, from one place. */
  readonly asked: { readonly nonce: string; readonly origin: string | null } | null;
  /** Texts that this wallet was asked to sign before. */
  readonly past: readonly string[];
}

export const blankDraft: Omit<Draft, 'id' | 'way' | 'madeAt'> = {
  address: null,
  secret: null,
  found: null,
  bundle: null,
  restored: false,
  identity: null,
  tried: 0,
  opening: false,
  replaces: false,
  backup: null,
  enable: null,
  seal: null,
  asked: null,
  past: [],
};

const name = 'founding';
const longestMs = 12 * 3_600_000;

/** Keeps the draft over deaths of the background: sealed in the memory of the browser's session, its key in the database, so that neither half says anything. */
export class DraftStore {
  readonly #area: SessionArea;
  readonly #key: Cell<CryptoKey>;

  constructor(area: SessionArea, key: Cell<CryptoKey>) {
    this.#area = area;
    this.#key = key;
  }

  async write(draft: Draft): Promise<void> {
    const key = (await this.#key.get()) ?? (await this.#newKey());
    const nonce = randomBytes(12);
    await this.#area.set(name, toBase64(concat(nonce, await aesGcmSeal(key, nonce, utf8(JSON.stringify(draft))))));
  }

  /** Null when there is none, or when it has been left alone for half a day. */
  async read(now: number): Promise<Draft | null> {
    const [sealed, key] = [await this.#area.get(name), await this.#key.get()];
    if (typeof sealed !== 'string' || !key) return null;
    try {
      const bytes = fromBase64(sealed);
      const draft = JSON.parse(fromUtf8(await aesGcmOpen(key, bytes.subarray(0, 12), bytes.subarray(12)))) as Draft;
      if (now - draft.madeAt < longestMs) return draft;
    } catch {
      // Of another session, or damaged: nothing to go on with.
    }
    await this.delete();
    return null;
  }

  async delete(): Promise<void> {
    await this.#area.remove(name);
    await this.#key.delete();
  }

  async #newKey(): Promise<CryptoKey> {
    const key = await generateAesKey();
    await this.#key.put(key);
    return key;
  }
}
