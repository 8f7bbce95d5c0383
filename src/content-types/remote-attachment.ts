import { integer, object, oneOf, optional, ParseError, string } from '../parse.ts';
import { fromHex, fromUtf8, toHex, utf8 } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { RemoteContentKeys } from '../protocol/remote-content.ts';
import { cannotDisplay } from './attachment.ts';
import { type ContentType, defined, inWords } from './content-type.ts';
import { pageBytes, pageName, toPageBytes } from './page.ts';

/** Where a sealed content lies and what opens it; see `sealRemote` and `openRemote`. */
export interface RemoteAttachment extends RemoteContentKeys {
  readonly kind: 'remote-attachment';
  /** https; whether it may be fetched at all, `mayBeFetched` tells. */
  readonly url: string;
  /** Bytes, as the sender says; a hint, for nobody defined of what. */
  readonly contentLength?: number;
  /** As the sender gave it; see `Attachment`. */
  readonly filename?: string;
}

const scheme = 'https://';
const digestForm = /^[0-9a-f]{64}$/;

/** A file elsewhere (SPEC 10.7). What is not https is refused both ways. */
export const remoteAttachment: ContentType<RemoteAttachment> = {
  kind: 'remote-attachment',
  id: 'xmtp.org/remoteStaticAttachment:1.0',
  encode(value) {
    const { url, contentDigest, salt, nonce, secret, contentLength, filename } = check(value);
    return {
      parameters: new Map([
        ['contentDigest', contentDigest],
        ['salt', toHex(salt)],
        ['nonce', toHex(nonce)],
        ['secret', toHex(secret)],
        ['scheme', scheme],
        ...Object.entries(defined({ contentLength: contentLength?.toString(), filename })),
      ]),
      content: utf8(url),
    };
  },
  decode({ parameters, content }) {
    if (parameters.get('scheme') !== scheme) throw new ProtocolError('unsupported', 'the scheme of the remote attachment is not https');
    const length = parameters.get('contentLength') ?? '';
    return check({
      kind: 'remote-attachment',
      url: fromUtf8(content),
      contentDigest: parameters.get('contentDigest') ?? '',
      salt: bytesOf(parameters.get('salt')),
      nonce: bytesOf(parameters.get('nonce')),
      secret: bytesOf(parameters.get('secret')),
      ...defined({ contentLength: /^\d{1,15}$/.test(length) ? Number(length) : undefined, filename: parameters.get('filename') }),
    });
  },
  fallback: ({ filename }) => cannotDisplay(filename),
  shouldPush: () => true,
  show: ({ filename }, content) => inWords(content, cannotDisplay(filename)),
  toPage({ url, contentDigest, salt, nonce, secret, contentLength, filename }) {
    const keys = { salt: toPageBytes(salt), nonce: toPageBytes(nonce), secret: toPageBytes(secret) };
    return { url, contentDigest, ...keys, scheme, ...defined({ contentLength, filename }) };
  },
  fromPage(content, path) {
    const { scheme: _, ...value } = fromPage(content, path);
    try {
      return check({ kind: 'remote-attachment', ...value });
    } catch (error) {
      if (error instanceof ProtocolError) throw new ParseError(path, `a remote attachment (${error.message})`);
      throw error;
    }
  },
};

const fromPage = object({
  url: string({ min: 1, max: 4096 }),
  contentDigest: string({ max: 64 }),
  salt: pageBytes,
  nonce: pageBytes,
  secret: pageBytes,
  scheme: optional(oneOf('https://')),
  contentLength: optional(integer()),
  filename: optional(pageName),
});

/** @throws ProtocolError malformed, unsupported (not https) */
function check(value: RemoteAttachment): RemoteAttachment {
  const { url, contentDigest, salt, nonce, secret, contentLength = 0 } = value;
  const parsed = urlOf(url);
  if (!parsed || !/^https:\/\//i.test(url)) throw new ProtocolError('unsupported', 'the address of the remote attachment is not https');
  if (parsed.username || parsed.password) throw new ProtocolError('malformed', 'the address of the remote attachment holds a password');
  if (!digestForm.test(contentDigest)) throw new ProtocolError('malformed', 'a digest is 64 digits of lower-case hex');
  if (salt.length !== 32 || nonce.length !== 12 || secret.length !== 32)
    throw new ProtocolError('malformed', 'salt and secret are 32 bytes, the nonce 12');
  if (!Number.isSafeInteger(contentLength) || contentLength < 0) throw new ProtocolError('malformed', 'a length is a whole number');
  return value;
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function bytesOf(hex = ''): Uint8Array<ArrayBuffer> {
  try {
    return fromHex(hex);
  } catch (cause) {
    throw new ProtocolError('malformed', 'a parameter of the remote attachment is no hex', { cause });
  }
}

/**
 * Whether an address that a peer names may be fetched at all: https on its usual port, and a host that is not ours, of our own network or
 * of the machine's. A name may still lead there, which an extension cannot see.
 */
export function mayBeFetched(address: string): boolean {
  const url = urlOf(address);
  if (url?.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '') return false;
  const host = url.hostname.replace(/\.$/, '');
  if (host.startsWith('[')) return isPublicIpv6(host.slice(1, -1));
  // URL writes every spelling of an IPv4 address in its usual form.
  const numbers = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)?.slice(1).map(Number);
  if (numbers) return isPublicIpv4(numbers);
  return host.includes('.') && !/(^|\.)(localhost|local|internal|home\.arpa)$/.test(host);
}

function isPublicIpv4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100) return b < 64 || b > 127;
  if (a === 169) return b !== 254;
  if (a === 172) return b < 16 || b > 31;
  if (a === 192) return b !== 168 && !(b === 0 && (c === 0 || c === 2));
  if (a === 198) return b !== 18 && b !== 19;
  return true;
}

/** Only 2000::/3 is given out; within it, 2001::/32 and 2002::/16 wrap IPv4 addresses, and 2001:db8::/32 is for books. */
function isPublicIpv6(host: string): boolean {
  const [first = '', second = ''] = host.split(':');
  if (!/^[23][0-9a-f]{3}$/.test(first) || first === '2002') return false;
  return first !== '2001' || (second !== '' && second !== '0' && second !== 'db8');
}
