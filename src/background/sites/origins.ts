import { RefusalError } from '../../rpc/errors.ts';

/** What the browser says of the other end of a port. */
export interface Sender {
  readonly origin?: string | undefined;
  /** Of no use for pages; our own are known by it. */
  readonly url?: string | undefined;
  readonly frameId?: number | undefined;
  readonly documentLifecycle?: string | undefined;
  readonly tab?: { readonly incognito?: boolean } | undefined;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The origin that a page's port speaks for, as the browser knows it: the top document of a tab, on https or on this machine. Nothing that the page says
 * enters. @throws RefusalError not-granted for frames, opaque origins, other schemes, documents that are not shown, private windows
 */
export function pageOrigin(sender: Sender): string {
  const refuse = (why: string): never => {
    throw new RefusalError('not-granted', why);
  };
  if (!sender.tab) return refuse('not a page in a tab');
  if (sender.tab.incognito) return refuse('private windows are not served');
  if (sender.frameId !== 0) return refuse('frames are not served');
  if (sender.documentLifecycle !== undefined && sender.documentLifecycle !== 'active') return refuse('the document is not shown');
  // Never from the address: a sandboxed document has one, and no origin.
  const { origin } = sender;
  const url = parseUrl(origin);
  if (origin === undefined || url?.origin !== origin) return refuse('the page has no origin of its own');
  const served = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname));
  return served ? origin : refuse('pages are served on https and on this machine only');
}

/** Reads a site as a person types it: scheme and host, whatever the port, since browsers match no more. @throws RefusalError bad-params */
export function parseSite(text: string): string {
  const trimmed = text.trim();
  const schemed = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  let url: URL | null = null;
  try {
    url = new URL(schemed ? trimmed : `https://${trimmed}`);
  } catch {
    // refused below
  }
  const isSecure = url?.protocol === 'https:' && !url.hostname.startsWith('[');
  const isLocal = url?.protocol === 'http:' && loopback.has(url.hostname);
  if (!url || !(isSecure || isLocal) || !/^[^*\s]+$/.test(url.hostname))
    throw new RefusalError('bad-site', 'A site is https:// and a name, or http:// on this computer.', { field: 'site' });
  return `${url.protocol}//${url.hostname}`;
}

/** The host as people read it, when punycode in the origin hides it; else null. */
export function decodedHost(origin: string): string | null {
  const host = parseUrl(origin)?.host ?? '';
  const decoded = host
    .split('.')
    .map((label) => {
      const [text, port] = label.split(':');
      return text?.startsWith('xn--') ? decodeLabel(text.slice(4)) + (port ? `:${port}` : '') : label;
    })
    .join('.');
  return decoded === host ? null : decoded;
}

function parseUrl(url: string | undefined): URL | null {
  try {
    return new URL(url ?? '');
  } catch {
    return null;
  }
}

/** Punycode (RFC 3492). A label that is none is returned as it stands. */
function decodeLabel(text: string): string {
  const split = text.lastIndexOf('-');
  const output = split > 0 ? [...text.slice(0, split)] : [];
  let [n, i, bias] = [128, 0, 72];
  let position = split > 0 ? split + 1 : 0;
  while (position < text.length) {
    const before = i;
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = digitOf(text[position++]);
      if (digit === null) return `xn--${text}`;
      i += digit * weight;
      const threshold = Math.min(26, Math.max(1, k - bias));
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const length = output.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff) return `xn--${text}`;
    output.splice(i++, 0, String.fromCodePoint(n));
  }
  return output.join('');
}

function digitOf(character: string | undefined): number | null {
  if (character === undefined) return null;
  const value = Number.parseInt(character, 36);
  if (Number.isNaN(value)) return null;
  return value < 10 ? value + 26 : value - 10;
}

function adapt(delta: number, length: number, first: boolean): number {
  let rest = first ? Math.floor(delta / 700) : Math.floor(delta / 2);
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > 455; k += 36) rest = Math.floor(rest / 35);
  return k + Math.floor((36 * rest) / (rest + 38));
}
