import { badParams } from '../refuse.ts';

/** The node that Parley talks to until somebody chooses another: the one that `npm start` runs. */
export const defaultNodeUrl = 'http://127.0.0.1:5555';

/**
 * Reads the address of a node as a person types it and returns its one normal form, without a slash at the end. Plain http is for this machine and
 * for private networks only, because elsewhere it would show everyone on the way who talks to whom. @throws RefusalError 'bad-params'
 */
export function parseNodeUrl(text: string): string {
  const trimmed = text.trim();
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `${guessScheme(trimmed)}://${trimmed}`);
  } catch {
    throw badParams('refusals.noAddress');
  }
  if (url.username || url.password) throw badParams('refusals.nodeUser');
  if (url.search || url.hash) throw badParams('refusals.nodeQuery');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badParams('refusals.nodeScheme');
  if (!url.hostname) throw badParams('refusals.noAddress');
  if (url.protocol === 'http:' && !isNearby(url.hostname)) throw badParams('refusals.nodeNearby');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** The address of an RPC server of Ethereum; what keys its owner has may stand in its path or its query. @throws RefusalError 'bad-params' */
export function parseRpcUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw badParams('refusals.noAddress');
  }
  if (url.username || url.password) throw badParams('refusals.serverUser');
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isNearby(url.hostname))) return url.href;
  throw badParams('refusals.serverScheme');
}

/** Whether a host name (as `URL` gives it) is this machine or in a private network. */
export function isNearby(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname.endsWith('.local')) return true;
  if (hostname.startsWith('[')) return /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/.test(hostname);
  const match = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(hostname); // URL has brought every spelling of an IPv4 address into this form
  if (!match) return false;
  const [a, b] = [Number(match[1]), Number(match[2])];
  return a === 127 || a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254);
}

function guessScheme(text: string): 'http' | 'https' {
  try {
    return isNearby(new URL(`http://${text}`).hostname) ? 'http' : 'https';
  } catch {
    return 'https';
  }
}
