import { aesGcmOpen, aesGcmSeal, hkdf, importAesKey } from '../protocol/aead.ts';
import { concat, type Random, randomBytes, toBase64Url, utf8 } from '../protocol/bytes.ts';
import { hmacSha256 } from '../protocol/hash.ts';
import { KeystoreError } from './errors.ts';
import { decodeJson, encodeJson } from './json.ts';

/** Seals what is kept on the disk: one sub-key of the data key for each store, the store and the row's key as additional data. */
export class SealedRecords {
  readonly #dataKey: Uint8Array;
  readonly #keys = new Map<string, Promise<CryptoKey>>();
  readonly #blindKeys = new Map<string, Promise<Uint8Array>>();
  #cleared = false;

  constructor(dataKey: Uint8Array) {
    this.#dataKey = dataKey;
  }

  /** From here on everything is refused: whatever was under way when the lock came must not seal under a key of zeros. */
  clear(): void {
    this.#cleared = true;
    this.#dataKey.fill(0);
    this.#keys.clear();
    this.#blindKeys.clear();
  }

  /** Nonce (12 bytes) and ciphertext of the value as JSON; bigints and bytes are kept. */
  seal(store: string, key: string, value: unknown): Promise<Uint8Array> {
    return this.sealBytes(store, key, encodeJson(value));
  }

  /** @throws ProtocolError cannot-decrypt when the row was changed or moved */
  async open(store: string, key: string, sealed: Uint8Array): Promise<unknown> {
    return decodeJson(await this.openBytes(store, key, sealed));
  }

  /** The same for bytes as they are, where there are so many that JSON would take longer than the sealing. */
  async sealBytes(store: string, key: string, plain: Uint8Array): Promise<Uint8Array> {
    const nonce = randomBytes(12);
    return concat(nonce, await aesGcmSeal(await this.#key(store), nonce, plain, utf8(`${store}|${key}`)));
  }

  /** @throws ProtocolError cannot-decrypt when the row was changed or moved */
  async openBytes(store: string, key: string, sealed: Uint8Array): Promise<Uint8Array> {
    return aesGcmOpen(await this.#key(store), sealed.subarray(0, 12), sealed.subarray(12), utf8(`${store}|${key}`));
  }

  /** A name for the disk that tells nothing and is the same every time; 22 characters. */
  async blind(store: string, text: string): Promise<string> {
    this.#check();
    let key = this.#blindKeys.get(store);
    if (!key) {
      key = hkdf(this.#dataKey, new Uint8Array(0), utf8(`parley blind|${store}`), 32);
      this.#blindKeys.set(store, key);
    }
    return toBase64Url(hmacSha256(await key, utf8(text)).subarray(0, 16));
  }

  /** Bytes that nobody else can guess, the same ones every time for the same purpose and text: `text` has to name all that they are used for. */
  async repeatable(purpose: string, text: string): Promise<Random> {
    this.#check();
    const key = await hkdf(this.#dataKey, new Uint8Array(0), utf8(`parley repeatable|${purpose}`), 32);
    const seed = hmacSha256(key, utf8(text));
    let count = 0;
    return (length) => {
      const blocks: Uint8Array[] = [];
      for (let made = 0; made < length; made += 32) blocks.push(hmacSha256(seed, utf8(`${count++}`)));
      return concat(...blocks).slice(0, length);
    };
  }

  #check(): void {
    if (this.#cleared) throw new KeystoreError('locked', 'Parley is locked');
  }

  #key(store: string): Promise<CryptoKey> {
    this.#check();
    let key = this.#keys.get(store);
    if (!key) {
      key = hkdf(this.#dataKey, new Uint8Array(0), utf8(`parley db|${store}`), 32).then(importAesKey);
      this.#keys.set(store, key);
    }
    return key;
  }
}
