import { ParseError, parse } from '../parse.ts';
import { pageParams } from '../rpc/schemas.ts';
import { announce, ask, maxCallLength, offer, request, type ToContent, type ToPage } from './channel.ts';

declare const __VERSION__: string;
declare const __ICON__: string;

interface RequestArguments {
  readonly method: string;
  readonly params?: object;
}

type Listener = (payload: unknown) => void;

// An opaque origin (a sandbox) and frames get nothing: not even a property that says no.
if (self.origin !== 'null' && window.top === window) expose();

function expose(): void {
  // Taken before any script of the page runs: a page that replaces them later fools only itself.
  const { Error: PageError, JSON: json, Object: object, CustomEvent, Blob, setTimeout } = globalThis;
  const { addEventListener, dispatchEvent, postMessage } = window;
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, Set<Listener>>();
  const { port1: port, port2 } = new MessageChannel();
  let lastId = 0;
  let handed = false;

  const provider = object.freeze({
    isParley: true as const,
    version: __VERSION__,
    request: (args: RequestArguments): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const call = check(args);
        if (call instanceof PageError) return reject(call);
        waiting.set(++lastId, { resolve, reject });
        port.postMessage({ id: lastId, ...call } satisfies ToContent);
      }),
    on(event: string, listener: Listener) {
      if (typeof listener !== 'function') return provider;
      if (listeners.size === 0) port.postMessage({ id: 0, method: '', params: {} } satisfies ToContent); // somebody listens
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
    if (typeof args !== 'object' || args === null || Array.isArray(args))
      return failure(-32602, 'expected one argument: { method, params? }');
    try {
      const { method, params = {} } = args;
      if (typeof method !== 'string' || method === '') return failure(-32602, 'method: expected a text');
      if (!object.hasOwn(pageParams, method)) return failure(4200, `there is no method ${method.slice(0, 64)}`);
      const text = json.stringify(params);
      if (new Blob([text]).size > maxCallLength) return failure(-32602, 'params: expected at most 1 MiB');
      // What JSON does not carry (functions, undefined members) is not there for the background either.
      const plain = json.parse(text) as unknown;
      parse<unknown>(pageParams[method as keyof typeof pageParams], plain, 'params');
      return { method, params: plain };
    } catch (error) {
      return failure(-32602, error instanceof ParseError ? error.message : 'params: expected plain JSON');
    }
  }

  function failure(code: number, message: string, data?: Record<string, unknown>): Error {
    return object.assign(new PageError(message), { code }, data && { data });
  }

  port.onmessage = ({ data }: MessageEvent<ToPage>) => {
    if (data.type === 'event') return emit(data.event, data.payload);
    const call = waiting.get(data.id);
    if (!call) return;
    waiting.delete(data.id);
    if (data.error) call.reject(failure(data.error.code, data.error.message, data.error.data));
    else call.resolve(data.result);
  };

  /** Listeners of the page run on their own: one that throws is the page's affair and stops nobody. */
  function emit(event: string, payload: unknown): void {
    for (const listener of [...(listeners.get(event) ?? [])]) {
      try {
        listener(payload);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }

  const uuid = randomUuid();
  const detail = object.freeze({ info: object.freeze({ uuid, name: 'Parley', icon: __ICON__, rdns: 'app.parley' }), provider });
  const show = (): void => void dispatchEvent.call(window, new CustomEvent(announce, { detail }));

  // Whichever of the two scripts runs first, the port changes hands once: the content script asks when it starts and when it is offered.
  addEventListener.call(window, 'message', (event) => {
    const { source, data } = event as MessageEvent;
    if (source !== window || data !== ask || handed) return;
    handed = true;
    postMessage.call(window, offer, { targetOrigin: location.origin, transfer: [port2] });
  });
  addEventListener.call(window, request, show);
  object.defineProperty(window, 'xmtp', { value: provider, writable: false, configurable: false, enumerable: true });
  postMessage.call(window, offer, { targetOrigin: location.origin });
  show();
}

/** Version 4. `crypto.randomUUID` is missing where the context is not secure, which plain http on a loopback name may be. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
