import { codes } from '../rpc/errors.ts';
import { isEvent, isReply, type Port, portNames, type WireError } from '../rpc/wire.ts';
import { ask, giving, hello, knock, listening, offer, type ToContent, type ToPage } from './channel.ts';
import { createNews } from './news.ts';
import { createSubscriptions } from './subscriptions.ts';

interface Runtime {
  /** Gone once the extension was updated or removed under the page. */
  readonly id?: string;
  connect(info: { name: string }): Port;
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
}

/**
 * The native object: the polyfill would cost every page 10 kB for one call. Taken when a page first shows interest, since browsers make it at the first
 * touch, which takes longer than all that a page without interest needs; null: the extension went before that.
 */
function extension(): Runtime | null {
  try {
    const { browser, chrome } = globalThis as unknown as Record<string, { runtime?: Runtime } | undefined>;
    const runtime = (browser ?? chrome)?.runtime;
    return runtime?.id === undefined ? null : runtime;
  } catch {
    return null;
  }
}

interface Waiting {
  readonly call: ToContent;
  tries: number;
}

/** Calls that change nothing on the network, and are made again when the background died before it answered. */
const reads = new Set([
  'xmtp_accounts',
  'xmtp_getPermissions',
  'xmtp_canMessage',
  'xmtp_listConversations',
  'xmtp_listMessages',
  'xmtp_unsubscribe',
  'xmtp_keystore',
]);
const mostTries = 3;
const mostWaiting = 256;
/** Time for the background to be gone before it is called again. */
const pauseMs = 100;

const lost: WireError = { code: codes.disconnected, message: 'Parley was updated or removed: reload the page' };
const interrupted: WireError = { code: codes.notNow, message: 'Parley was interrupted; it is safe to ask again' };
const tooMany: WireError = { code: codes.limitExceeded, message: 'too many calls wait for an answer', data: { retryAfterMs: 1000 } };

const waiting = new Map<number, Waiting>();
const news = createNews((event, payload) => tell({ type: 'event', event, payload }));
const subscriptions = createSubscriptions((event, payload) => tell({ type: 'event', event, payload }));
/** The one call of our own: no answer to it is waited for. */
const resuming = -1;
let page: MessagePort | null = null;
let nonce = '';
let port: Port | null = null;
/** Whether the page has shown interest: pages that never do cost the background nothing. */
let wanted = false;
let runtime: Runtime | null = null;
let told: 'nothing' | 'connected' | 'gone' = 'nothing';
/** A page that is being prepared unseen is no page yet: its calls wait until it is shown. */
let unseen = (document as { prerendering?: boolean }).prerendering === true;

if (window.origin !== 'null') meet(); // an opaque origin gets nothing

function meet(): void {
  const say = (word: string): void => window.postMessage(word, window.origin);
  window.addEventListener('message', (event) => {
    const { source, data, ports } = event;
    if (source !== window || typeof data !== 'string' || !(data.startsWith(offer) || data.startsWith(giving))) return;
    if (nonce && !data.endsWith(nonce)) return; // of the page's own making
    event.stopImmediatePropagation(); // the page's own listeners need not know
    if (page) return;
    if (data.startsWith(offer)) {
      nonce = data.slice(offer.length);
      say(ask + nonce);
    } else if (ports[0] && nonce && data === giving + nonce) {
      [page] = ports as [MessagePort];
      page.onmessage = (message: MessageEvent<unknown>) => receive(message.data);
    }
  });
  say(hello);
}

/** Pages are hostile: what is no call is dropped here, and judged again by the background. */
function receive(data: unknown): void {
  const { id, method, params } = (data ?? {}) as Partial<ToContent>;
  if (id === knock) {
    tell({ type: 'here' });
    if (wanted && isGone()) end();
  }
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || typeof method !== 'string') return;
  if (!wanted) begin();
  if (id === listening) open();
  else if (waiting.size >= mostWaiting) answer(id, tooMany);
  else send({ call: { id, method, params }, tries: 0 });
}

function begin(): void {
  wanted = true;
  runtime = extension();
  // The background, come to life, has news for pages that listen.
  runtime?.onMessage.addListener((message) => {
    if (message === 'parley:wake') open();
  });
}

const isGone = (): boolean => runtime?.id === undefined;

function send(entry: Waiting): void {
  const { id, method, params } = entry.call;
  if (method === 'xmtp_unsubscribe') subscriptions.drop((params as { subscription?: unknown } | undefined)?.subscription);
  waiting.set(id, entry);
  if (unseen) return;
  entry.tries++;
  const mine = open();
  if (!mine) return;
  try {
    mine.postMessage(entry.call);
  } catch {
    again([entry]); // it broke this moment, and its end is still to be told
  }
}

/** The port to the background, opened when first needed and after every break; null: there is nothing to connect to any more. */
function open(): Port | null {
  if (port || unseen) return port;
  let mine: Port | undefined;
  try {
    mine = runtime?.connect({ name: portNames.page });
  } catch {
    // It is gone.
  }
  if (!mine) {
    end();
    return null;
  }
  port = mine;
  mine.onMessage.addListener((message) => {
    if (isReply(message)) {
      const { call } = waiting.get(message.id) ?? {};
      if (!call) return;
      waiting.delete(message.id);
      if (call.method === 'xmtp_subscribe' && 'result' in message) subscriptions.answered(message.result);
      tell({ type: 'reply', ...message });
    } else if (isEvent(message)) hear(message.event, message.payload);
  });
  mine.onDisconnect.addListener(() => {
    if (port !== mine) return;
    port = null;
    broken();
  });
  if (told !== 'connected') tell({ type: 'event', event: 'connect', payload: {} });
  told = 'connected';
  const held = subscriptions.all();
  if (held.length > 0) mine.postMessage({ id: resuming, method: 'resume', params: { subscriptions: held } });
  return mine;
}

function hear(event: string, payload: unknown): void {
  if (event === 'stream') subscriptions.hear(payload as Parameters<typeof subscriptions.hear>[0]);
  else news.hear(event, payload);
}

/** The background stops when it is idle, and that is no news. With calls under way it is: reads are made again, the rest is told. */
function broken(): void {
  subscriptions.broken();
  if (isGone()) {
    end();
    return;
  }
  if (subscriptions.all().length > 0) setTimeout(open, pauseMs);
  if (waiting.size > 0) {
    told = 'nothing';
    tell({ type: 'event', event: 'disconnect', payload: { code: 1013 } });
    again([...waiting.values()]);
  }
}

function again(calls: readonly Waiting[]): void {
  for (const { call } of calls) waiting.delete(call.id);
  setTimeout(() => {
    for (const entry of calls) {
      if (entry.tries < mostTries && reads.has(entry.call.method)) send(entry);
      else answer(entry.call.id, interrupted);
    }
  }, pauseMs);
}

function end(): void {
  for (const id of waiting.keys()) answer(id, lost);
  waiting.clear();
  if (told !== 'gone') tell({ type: 'event', event: 'disconnect', payload: { code: 1011 } });
  told = 'gone';
}

const answer = (id: number, error: WireError): void => tell({ type: 'reply', id, error });

function tell(message: ToPage): void {
  page?.postMessage(message);
}

document.addEventListener('prerenderingchange', () => {
  unseen = false;
  for (const entry of waiting.values()) send(entry);
  if (wanted) open();
});

// A page in the back-forward cache keeps its scripts and loses its port without being told.
window.addEventListener('pagehide', () => {
  const left = port;
  port = null;
  left?.disconnect();
});
window.addEventListener('pageshow', (event) => {
  if (!event.persisted || !wanted) return;
  again([...waiting.values()]);
  open();
});
