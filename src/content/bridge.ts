import { codes } from '../rpc/errors.ts';
import { isEvent, isReply, type Port, portNames, type WireError } from '../rpc/wire.ts';
import { ask, offer, type ToContent, type ToPage } from './channel.ts';

interface Runtime {
  readonly id?: string;
  connect(info: { name: string }): Port;
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
}

// The native object: the polyfill would cost every page 10 kB for one call.
const { runtime } =
  (globalThis as unknown as Record<string, { runtime: Runtime } | undefined>)['browser'] ??
  ((globalThis as unknown as Record<string, { runtime: Runtime }>)['chrome'] as { runtime: Runtime });

interface Waiting {
  readonly call: ToContent;
  tries: number;
}

/** Calls that may be made again when the background died before it answered. */
const repeatable = new Set(['xmtp_accounts', 'xmtp_getPermissions', 'xmtp_canMessage']);
const mostTries = 3;

const waiting = new Map<number, Waiting>();
let page: MessagePort | null = null;
let port: Port | null = null;
let listened = false;
let told = false;

window.addEventListener('message', (event) => {
  if (event.source !== window || event.data !== offer || page) return;
  const [given] = event.ports;
  if (!given) return askForPort();
  page = given;
  page.onmessage = ({ data }: MessageEvent<unknown>) => receive(data);
});
askForPort();

function askForPort(): void {
  if (window.origin === 'null') return; // an opaque origin gets nothing
  window.postMessage(ask, window.origin);
}

/** Pages are hostile: what is no call is dropped here, and judged again by the background. */
function receive(data: unknown): void {
  const { id, method, params } = (data ?? {}) as Partial<ToContent>;
  if (!Number.isSafeInteger(id) || typeof method !== 'string') return;
  listened = true;
  if (id === 0) return void reach();
  send({ call: { id: id as number, method, params }, tries: 0 });
}

function send(entry: Waiting): void {
  const { id, method } = entry.call;
  entry.tries++;
  waiting.set(id, entry);
  try {
    reach().postMessage(entry.call);
  } catch {
    waiting.delete(id);
    const gone = runtime.id === undefined;
    answer(id, gone ? lost : { code: codes.invalidParams, message: `${method}: the parameters could not be sent` });
  }
}

const lost: WireError = { code: codes.disconnected, message: 'Parley was updated or removed: reload the page' };
const interrupted: WireError = { code: codes.notNow, message: 'Parley was interrupted; it is safe to ask again' };

/** The port to the background, opened when first needed and after every break. */
function reach(): Port {
  if (port) return port;
  const mine = runtime.connect({ name: portNames.page });
  port = mine;
  mine.onMessage.addListener((message) => {
    if (isReply(message)) {
      if (waiting.delete(message.id)) tell({ type: 'reply', ...message });
    } else if (isEvent(message)) {
      tell({ type: 'event', event: message.event, payload: message.payload });
    }
  });
  mine.onDisconnect.addListener(() => {
    if (port !== mine) return;
    port = null;
    broken();
  });
  if (!told) {
    told = true;
    tell({ type: 'event', event: 'connect', payload: {} });
  }
  return mine;
}

/** The background stops when it is idle, and that is no news. With calls under way it is: what may be repeated is, the rest is told. */
function broken(): void {
  if (runtime.id === undefined) {
    for (const id of waiting.keys()) answer(id, lost);
    waiting.clear();
    tell({ type: 'event', event: 'disconnect', payload: { code: 1011 } });
    return;
  }
  if (waiting.size === 0) return;
  told = false;
  tell({ type: 'event', event: 'disconnect', payload: { code: 1013 } });
  const calls = [...waiting.values()];
  waiting.clear();
  setTimeout(() => {
    for (const entry of calls) {
      if (entry.tries < mostTries && mayRepeat(entry.call)) send(entry);
      else answer(entry.call.id, interrupted);
    }
  }, 100);
}

/** A send that names itself is the same send however often it is asked for. */
function mayRepeat({ method, params }: ToContent): boolean {
  if (repeatable.has(method)) return true;
  return method === 'xmtp_sendMessage' && typeof (params as { clientId?: unknown } | null)?.clientId === 'string';
}

const answer = (id: number, error: WireError): void => tell({ type: 'reply', id, error });

function tell(message: ToPage): void {
  page?.postMessage(message);
}

// The background, come to life, has news for pages that listen.
runtime.onMessage.addListener((message) => {
  if (message === 'parley:wake' && listened) reach();
});

// A page in the back-forward cache keeps its scripts and loses its port without being told.
window.addEventListener('pagehide', () => {
  const left = port;
  port = null;
  left?.disconnect();
});
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const id of waiting.keys()) answer(id, interrupted);
  waiting.clear();
  if (listened && runtime.id !== undefined) reach();
});
