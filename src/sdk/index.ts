import type { AnnouncedProvider, Bytes, XmtpError, XmtpProvider } from './types.ts';

export type * from './types.ts';

/** The codes of errors, by what they mean for a program. */
export const codes = {
  /** The user said no, or closed the prompt. */
  userRejected: 4001,
  /** Not granted, and asking is not possible now. */
  unauthorized: 4100,
  unsupportedMethod: 4200,
  /** The extension was updated or removed under the page: reload. */
  disconnected: 4900,
  /** Not now: safe to ask again, a send with the same `clientId`. */
  notNow: 4901,
  /** No such peer on the network, conversation or subscription. */
  notFound: -32001,
  /** Too many calls: wait `data.retryAfterMs`. */
  limitExceeded: -32005,
  invalidParams: -32602,
  internal: -32603,
} as const;

/** Whether something thrown came from a provider, and if `code` is given, whether it is that error. */
export const isXmtpError = (error: unknown, code?: (typeof codes)[keyof typeof codes]): error is XmtpError =>
  error instanceof Error &&
  typeof (error as { code?: unknown }).code === 'number' &&
  (code === undefined || (error as XmtpError).code === code);

/** Hears of every provider of this page, those that come later too; returns what ends it. Each is told once. */
export function watchProviders(found: (announced: AnnouncedProvider) => void): () => void {
  const told = new Set<unknown>();
  const hear = (event: Event): void => {
    const { detail } = event as CustomEvent<unknown>;
    if (!isAnnouncement(detail) || told.has(detail.provider)) return;
    told.add(detail.provider);
    found(detail);
  };
  window.addEventListener('xmtp:announceProvider', hear);
  window.dispatchEvent(new Event('xmtp:requestProvider'));
  return () => window.removeEventListener('xmtp:announceProvider', hear);
}

/**
 * The provider of this page, or null when none has shown itself after `timeout` milliseconds (3,000 by default): the user has no such extension, or
 * keeps it from this site. With `rdns`, that extension's alone.
 */
export function getProvider({
  timeout = 3_000,
  rdns,
}: {
  readonly timeout?: number;
  readonly rdns?: string;
} = {}): Promise<XmtpProvider | null> {
  if (typeof window === 'undefined') return Promise.resolve(null);
  return new Promise((resolve) => {
    let stop = (): void => undefined;
    let settled = false;
    const settle = (provider: XmtpProvider | null): void => {
      settled = true;
      clearTimeout(timer);
      stop();
      resolve(provider);
    };
    const timer = setTimeout(() => settle(null), timeout);
    stop = watchProviders(({ info, provider }) => {
      if (!settled && (rdns === undefined || info.rdns === rdns)) settle(provider);
    });
    if (settled) stop(); // it answered at once, before there was anything to stop
  });
}

/** Bytes as `content` carries them. */
export function toBytes(bytes: Uint8Array): Bytes {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { $bytes: btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') };
}

/** Bytes out of `content`. @throws TypeError when it is none */
export function fromBytes(value: unknown): Uint8Array<ArrayBuffer> {
  const text = (value as Partial<Bytes> | null)?.$bytes;
  if (typeof text !== 'string' || !/^[\w-]*$/.test(text)) throw new TypeError('not { $bytes }');
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}

function isAnnouncement(detail: unknown): detail is AnnouncedProvider {
  const { info, provider } = (detail ?? {}) as Partial<AnnouncedProvider>;
  return typeof info?.rdns === 'string' && typeof provider?.request === 'function';
}
