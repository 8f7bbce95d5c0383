import { fromBase64, toBase64 } from './base64.ts';
import type { Status } from './views/account.ts';
import type { ConversationWindow } from './views/conversations.ts';

/**
 * What the first page shows until the background is awake and has answered: as it was when the background last looked. It lies in the memory of the browser,
 * sealed under a key of its own in IndexedDB, so that either half alone is of no use; nothing of it is left once Parley is locked.
 */
export interface Glimpse {
  readonly status: Status;
  /** The first rows of the inbox of the account in front. */
  readonly inbox: ConversationWindow;
  /** What the owner calls the people in those rows. */
  readonly names: Readonly<Record<string, string>>;
}

/** The browser's memory for this session. */
export interface GlimpseArea {
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface GlimpseKey {
  get(): Promise<CryptoKey | undefined>;
  put(key: CryptoKey): Promise<void>;
  delete(): Promise<void>;
}

const name = 'glimpse';
/** Where the keystore notes until when it is open. Without it, or after that time, there is nothing to be seen. */
const unlockedName = 'unlocked';
const nonceLength = 12;
const bound = new TextEncoder().encode('parley glimpse 1');

export const newGlimpseKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']) as Promise<CryptoKey>;

export async function writeGlimpse(area: GlimpseArea, key: CryptoKey, glimpse: string): Promise<void> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceLength));
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm(nonce), key, new TextEncoder().encode(glimpse)));
  await area.set(name, [nonce, sealed].map(toBase64).join('.'));
}

/** What was written last; null where there is nothing, or Parley is to be locked by now. */
export async function readGlimpse(area: GlimpseArea, cell: GlimpseKey, now: number): Promise<Glimpse | null> {
  // All at once: a page waits for it before it draws anything.
  const [unlocked, text, key] = await Promise.all([area.get(unlockedName), area.get(name), cell.get()]);
  if (typeof text !== 'string' || !isOpen(unlocked, now) || !key) return null;
  try {
    const [nonce, sealed] = text.split('.').map(fromBase64);
    if (!nonce || !sealed) return null;
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(algorithm(nonce), key, sealed))) as Glimpse;
  } catch {
    return null; // of another key, or of another version of Parley
  }
}

export async function dropGlimpse(area: GlimpseArea, cell: GlimpseKey): Promise<void> {
  await area.remove(name);
  await cell.delete();
}

const algorithm = (iv: Uint8Array<ArrayBuffer>): AesGcmParams => ({ name: 'AES-GCM', iv, additionalData: bound });

function isOpen(unlocked: unknown, now: number): boolean {
  const { lockAt, idleAt } = (unlocked ?? {}) as { readonly lockAt?: unknown; readonly idleAt?: unknown };
  return typeof lockAt === 'number' && now < lockAt && (typeof idleAt !== 'number' || now < idleAt);
}
