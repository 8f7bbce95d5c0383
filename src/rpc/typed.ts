import { fromBase64 } from './base64.ts';

/** One piece of what stands in a composer: what is being written, or a message that was sent off and is not written down yet. */
export interface DraftPart {
  /** The name of the request that sends it, or will: once that is done these words are a message, and no draft any more. */
  readonly id: string;
  readonly words: string;
  /** When it was begun, or earlier, ms; absent in what a version before has written. */
  readonly since?: number;
}

/** What stands in the composer of a page, as the page says it. */
export interface Typed {
  readonly conversation: string;
  /** One opening of a composer; it counts what it says. */
  readonly writer: string;
  readonly seq: number;
  /** The revision of the draft that the page knew of when these words were written. */
  readonly base: number;
  /** None: all of it was taken out again. */
  readonly parts: readonly DraftPart[];
}

/** What a page needs to seal: nothing that opens anything. */
export interface TypedKey {
  /** Base64. */
  readonly open: string;
  /** The half that opens, sealed under the vault: it goes with every row and is of no use without the passphrase. Base64. */
  readonly wrapped: string;
}

/** What a page has typed, as it lies on the disk until the background has it. */
export interface TypedRow {
  readonly wrapped: Uint8Array;
  /** The page's half of the agreement. */
  readonly page: Uint8Array<ArrayBuffer>;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** Seals what a page has typed. */
export type TypedSealer = (typed: Typed) => Promise<TypedRow>;

/** The two halves of a key for pages: `secret` stays with whoever opens. */
export interface TypedPair {
  readonly open: Uint8Array<ArrayBuffer>;
  readonly secret: Uint8Array<ArrayBuffer>;
}

const curve = { name: 'ECDH', namedCurve: 'P-256' } as const;
const nonceLength = 12;
const bound = new TextEncoder().encode('parley typed 1');

export async function newTypedPair(): Promise<TypedPair> {
  const { publicKey, privateKey } = (await crypto.subtle.generateKey(curve, true, ['deriveBits'])) as CryptoKeyPair;
  const [open, secret] = await Promise.all([crypto.subtle.exportKey('raw', publicKey), crypto.subtle.exportKey('pkcs8', privateKey)]);
  return { open: new Uint8Array(open), secret: new Uint8Array(secret) };
}

/** The page makes a half of its own once: each row costs one AES-GCM, and what it has sealed is closed to everybody else but the vault. */
export async function sealerFor({ open, wrapped }: TypedKey): Promise<TypedSealer> {
  const theirs = fromBase64(open);
  const [pair, opening] = await Promise.all([
    crypto.subtle.generateKey(curve, false, ['deriveBits']) as Promise<CryptoKeyPair>,
    crypto.subtle.importKey('raw', theirs, curve, false, []),
  ]);
  const page = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const key = await agreed(pair.privateKey, opening, page, 'encrypt');
  const carried = fromBase64(wrapped);
  return async (typed) => {
    const nonce = crypto.getRandomValues(new Uint8Array(nonceLength));
    const sealed = await crypto.subtle.encrypt(gcm(nonce), key, new TextEncoder().encode(JSON.stringify(typed)));
    return { wrapped: carried, page, nonce, sealed: new Uint8Array(sealed) };
  };
}

/** @throws where the row is of another key, or was changed */
export async function openTyped({ page, nonce, sealed }: TypedRow, secret: Uint8Array<ArrayBuffer>): Promise<Typed> {
  const [mine, theirs] = await Promise.all([
    crypto.subtle.importKey('pkcs8', secret, curve, false, ['deriveBits']),
    crypto.subtle.importKey('raw', page, curve, false, []),
  ]);
  const key = await agreed(mine, theirs, page, 'decrypt');
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(gcm(nonce), key, sealed))) as Typed;
}

async function agreed(mine: CryptoKey, theirs: CryptoKey, page: Uint8Array<ArrayBuffer>, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, mine, 256);
  const seed = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: page, info: bound },
    seed,
    { name: 'AES-GCM', length: 256 },
    false,
    [use],
  );
}

const gcm = (iv: Uint8Array<ArrayBuffer>): AesGcmParams => ({ name: 'AES-GCM', iv, additionalData: bound });
