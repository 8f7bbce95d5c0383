import { ParseError } from '../parse.ts';
import type { OwnCaller, PageCaller } from '../rpc/caller.ts';
import { RefusalError, toWireError } from '../rpc/errors.ts';
import { emitTo, servePort } from '../rpc/server.ts';
import { type Trace, tracePort } from '../rpc/trace.ts';
import { isRequest, type Port, portNames } from '../rpc/wire.ts';
import { methods } from './methods.ts';
import type { Background } from './platform.ts';
import type { Services } from './services.ts';
import { pageOrigin, type Sender } from './sites/origins.ts';
import { createRates } from './sites/rates.ts';
import type { Traces } from './sites/traces.ts';

/** A port together with what the browser says of its other end. */
export interface ConnectedPort extends Port {
  readonly sender?:
    | (Sender & {
        readonly id?: string | undefined;
        readonly documentId?: string | undefined;
        readonly tab?: { readonly id?: number | undefined; readonly title?: string | undefined; readonly incognito?: boolean } | undefined;
      })
    | undefined;
}

export interface PortsDeps {
  /** Resolves when the background is awake: ports that come earlier wait for their answers. Asked again where it did not start. */
  readonly background: () => Promise<Background>;
  /** Our own id, and the address that our own pages begin with. */
  readonly id: string;
  readonly ownUrl: string;
  readonly visible: (tabId: number) => Promise<boolean>;
  /** For the developer tools. */
  readonly traces?: Traces;
}

const portsPerTab = 8;
const mostParameters = 1024 * 1024;
const clock = (): number => Date.now();

/** Takes ports, finds out who is at the other end, and serves them what is theirs. Anybody else is hung up on. */
export function createPorts({ background, id, ownUrl, visible, traces }: PortsDeps): (port: ConnectedPort) => void {
  const rates = createRates(clock);
  const tabs = new Map<number, number>();
  const services = async (): Promise<Services> => (await background()).services;
  const log = (error: unknown): void => console.error('a call failed', error);

  const serveOwn = (port: ConnectedPort): void => {
    const caller: OwnCaller = { kind: 'own', emit: (event, payload) => emitTo(port, event, payload) };
    let off: (() => void) | null | undefined;
    port.onDisconnect.addListener(() => {
      off?.();
      off = null;
    });
    /** Once, with the first start that succeeds. */
    const awake = async (): Promise<Background> => {
      const started = await background();
      if (off === undefined) off = started.events.on((event, payload) => caller.emit(event, payload));
      return started;
    };
    awake().catch(() => undefined); // each call tells of it
    const admit = async (): Promise<void> => (await awake()).lock.check();
    servePort(port, caller, { table: methods, services, admit, log });
  };

  const servePage = (port: ConnectedPort): void => {
    const { sender } = port;
    const tabId = sender?.tab?.id;
    if (!sender || tabId === undefined) throw new RefusalError('not-granted', 'not a page in a tab');
    const origin = pageOrigin(sender);
    const count = (tabs.get(tabId) ?? 0) + 1;
    if (count > portsPerTab) throw new RefusalError('too-many', 'too many connections of one tab', { retryAfterMs: 1000 });
    tabs.set(tabId, count);
    const gone = new AbortController();
    port.onDisconnect.addListener(() => {
      const left = (tabs.get(tabId) ?? 1) - 1;
      if (left > 0) tabs.set(tabId, left);
      else tabs.delete(tabId);
      gone.abort();
    });
    const caller: PageCaller = {
      kind: 'page',
      origin,
      tabId,
      documentId: sender.documentId ?? crypto.randomUUID(),
      title: sender.tab?.title?.slice(0, 200) ?? '',
      gone: gone.signal,
      visible: () => visible(tabId),
      emit(event, payload) {
        emitTo(port, event, payload);
        traces?.event(caller, event, payload);
      },
    };
    traces?.page(caller);
    const admit = async (_: unknown, { params }: { readonly params?: unknown }): Promise<void> => {
      rates.take(origin);
      if (lengthOf(params) > mostParameters) throw new ParseError('params', 'plain JSON of at most 1 MiB');
      await (await awake()).lock.check();
    };
    let attached = false;
    /** Attached once, with the first start that succeeds. */
    const awake = async (): Promise<Background> => {
      const started = await background();
      if (!attached && !gone.signal.aborted) {
        attached = true;
        started.services.sites.attach(caller);
      }
      return started;
    };
    awake().catch(() => undefined); // each call tells of it
    servePort(port, caller, {
      table: methods,
      services,
      admit,
      log,
      ...(traces && { trace: (_, { method, params }) => traces.call(caller, method, params) }),
    });
  };

  const serveTrace = (port: ConnectedPort, traces: Traces): void => {
    traces.serve(port);
    const told = async (): Promise<void> => {
      const { language } = await (await services()).accounts.status();
      port.postMessage({ what: 'language', language } satisfies Trace);
    };
    void told().catch(() => undefined); // it has gone, or speaks as the browser does
  };

  return (port) => {
    const { sender } = port;
    try {
      if (sender?.id === id && port.name === portNames.own && sender.url?.startsWith(ownUrl)) serveOwn(port);
      else if (sender?.id === id && port.name === tracePort && sender.url?.startsWith(ownUrl) && traces) serveTrace(port, traces);
      else if (sender?.id === id && port.name === portNames.page) servePage(port);
      else port.disconnect();
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      // Who gets nothing is told so: every promise of a page settles.
      const refusal = toWireError(error, 'page', log);
      port.onMessage.addListener((message) => {
        if (isRequest(message)) port.postMessage({ id: message.id, error: refusal });
      });
    }
  };
}

/** UTF-8 bytes of the parameters as JSON; infinite for what is no JSON. */
function lengthOf(params: unknown): number {
  try {
    return new TextEncoder().encode(JSON.stringify(params) ?? '').length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
