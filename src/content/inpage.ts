import { ParseError, parse } from '../parse.ts';
import { pageParams } from '../rpc/schemas.ts';
import {
  announce,
  ask,
  giving,
  hello,
  knock,
  listening,
  maxCallLength,
  offer,
  request,
  shyMark,
  type ToContent,
  type ToPage,
} from './channel.ts';

declare const __VERSION__: string;
declare const __ICON__: string;

interface RequestArguments {
  readonly method: string;
  readonly params?: object;
}

type Listener = (payload: unknown) => void;

/** How often the content script is asked for a sign of life while calls wait, and how many times in vain. */
const knockEveryMs = 1000;
const mostKnocks = 4;
/** How often a page that only listens asks. */
const pulseEveryMs = 10_000;

const shy = isShy();
// An opaque origin (a sandbox) and frames get nothing: not even a property that says no.
if (self.origin !== 'null' && window.top === window) expose();

function expose(): void {
  // Taken before any script of the page runs: a page that replaces them later fools only itself.
  const { Error: PageError, Object: object, Promise: PagePromise, CustomEvent: PageEvent, Blob: PageBlob, setTimeout: later } = globalThis;
  const { MessageChannel: PageChannel } = globalThis;
  const send = Function.prototype.call.bind(MessagePort.prototype.postMessage) as (port: MessagePort, message: ToContent) => void;
  const { parse: fromJson, stringify: toJson } = JSON;
  const say = window.postMessage.bind(window);
  const listen = window.addEventListener.bind(window);
  const dispatch = window.dispatchEvent.bind(window);
  const here = location.origin;

  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, Set<Listener>>();
  let lastId = 0;
  let knocks = 0;
  let knocking = false;
  let pulsing = false;
  let gone = false;
  let port: MessagePort | null = null;
  /** The other end, as long as it is here. */
  let toGive: MessagePort | null = null;
  /** Whether there is a content script to give it to. */
  let asked = false;

  const provider = object.freeze({
    isParley: true as const,
    version: __VERSION__,
    request: (args: RequestArguments): Promise<unknown> =>
      new PagePromise((resolve, reject) => {
        const call = check(args);
        if (call instanceof PageError) return reject(call);
        if (gone) return reject(lost());
        waiting.set(++lastId, { resolve, reject });
        post({ id: lastId, ...call });
        watch();
      }),
    on(event: string, listener: Listener) {
      if (typeof listener !== 'function') throw new TypeError('a listener is a function');
      if (listeners.size === 0) {
        post({ id: listening, method: '', params: {} });
        later(pulse, pulseEveryMs);
      }
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
      return provider;
    },
    removeListener(event: string, listener: Listener) {
      listeners.get(event)?.delete(listener);
      return provider;
    },
  });

  /** Everything that can be judged here is judged before anything leaves the page. */
  function check(args: RequestArguments): { method: string; params: unknown } | Error {
    if (typeof args !== 'object' || args === null) return failure(-32602, 'expected one argument: { method, params }');
    try {
      const { method, params = {} } = args;
      if (typeof method !== 'string' || method === '') return failure(-32602, 'method: expected a text');
      if (!object.hasOwn(pageParams, method)) return failure(4200, `there is no method ${method.slice(0, 64)}`);
      // What JSON does not carry (functions, undefined members) is not there for the background either.
      const text = toJson(params) as string | undefined;
      if (text === undefined) return failure(-32602, 'params: expected an object');
      if (new PageBlob([text]).size > maxCallLength) return failure(-32602, 'params: expected at most 1 MiB');
      const plain = fromJson(text) as unknown;
      parse<unknown>(pageParams[method as keyof typeof pageParams], plain, 'params');
      return { method, params: plain };
    } catch (error) {
      return failure(-32602, error instanceof ParseError ? error.message : 'params: expected plain JSON');
    }
  }

  function failure(code: number, message: string, data?: Record<string, unknown>): Error {
    return object.assign(new PageError(message), { code }, data && { data });
  }

  const lost = (): Error => failure(4900, 'Parley was updated or removed: reload the page');

  /** A page that never calls makes no channel: it costs more than all the rest of a load. */
  function post(message: ToContent): void {
    if (!port) {
      ({ port1: port, port2: toGive } = new PageChannel());
      port.onmessage = hear;
      give();
    }
    send(port, message);
  }

  function give(): void {
    if (!asked || !toGive) return;
    say(giving + nonce, here, [toGive]);
    toGive = null;
  }

  function hear({ data }: MessageEvent<ToPage>): void {
    knocks = 0;
    pulsing = false;
    gone = false;
    if (data.type === 'event') emit(data.event, data.payload);
    if (data.type !== 'reply') return;
    const call = waiting.get(data.id);
    if (!call) return;
    waiting.delete(data.id);
    if (data.error) call.reject(failure(data.error.code, data.error.message, data.error.data));
    else call.resolve(data.result);
  }

  /** Who listens for events hears of the end too, also without a call. */
  function pulse(): void {
    if (gone) return;
    pulsing = true;
    post({ id: knock, method: '', params: {} });
    watch();
    later(pulse, pulseEveryMs);
  }

  /** Some browsers end a content script without a word when its extension goes: while calls wait, it has to show signs of life. */
  function watch(): void {
    if (knocking) return;
    knocking = true;
    later(() => {
      knocking = false;
      if (waiting.size === 0 && !pulsing) return;
      if (knocks < mostKnocks) {
        knocks++;
        post({ id: knock, method: '', params: {} });
        return watch();
      }
      gone = true;
      for (const { reject } of waiting.values()) reject(lost());
      waiting.clear();
      emit('disconnect', { code: 1011 });
    }, knockEveryMs);
  }

  /** Listeners of the page run on their own: one that throws is the page's affair and stops nobody. */
  function emit(event: string, payload: unknown): void {
    for (const listener of [...(listeners.get(event) ?? [])]) {
      try {
        listener(payload);
      } catch (error) {
        later(() => {
          throw error;
        });
      }
    }
  }

  const info = object.freeze({ uuid: randomUuid(), name: 'Parley', icon: __ICON__, rdns: 'app.parley' });
  const detail = object.freeze({ info, provider });
  const show = (): void => void dispatch(new PageEvent(announce, { detail }));

  // The two name their meeting before any script of the page runs; only who was there can ask by that name.
  const nonce = randomUuid();
  listen('message', (event) => {
    const { source, data } = event;
    if (source !== window || (data !== hello && data !== ask + nonce)) return;
    event.stopImmediatePropagation(); // the page's own listeners need not know
    if (asked) return; // each of the two may have been heard twice
    if (data === hello) return say(offer + nonce, here);
    asked = true;
    give();
  });
  let shown = false;
  const appear = (): void => {
    if (!shown) object.defineProperty(window, 'xmtp', { value: provider, writable: false, configurable: false, enumerable: true });
    shown = true;
    show();
  };
  listen(request, appear);
  say(offer + nonce, here);
  if (!shy) appear();
}

/** Whether the user wants it hidden until the page asks. Said by the script right before this one; the page never sees the word. */
function isShy(): boolean {
  const shy = Object.hasOwn(window, shyMark);
  if (shy) delete (window as unknown as Record<string, unknown>)[shyMark];
  return shy;
}

/** Version 4, by the browser where it can: `crypto.randomUUID` is missing where the context is not secure, which plain http on a loopback name may be. */
function randomUuid(): string {
  const { randomUUID } = crypto as Partial<Crypto>;
  if (randomUUID) return randomUUID.call(crypto);
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
