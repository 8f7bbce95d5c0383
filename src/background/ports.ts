import type { Runtime } from 'webextension-polyfill';
import { ParseError } from '../parse.ts';
import type { OwnCaller, PageCaller } from '../rpc/caller.ts';
import { RefusalError, toWireError } from '../rpc/errors.ts';
import type { MethodTable } from '../rpc/method.ts';
import { emitTo, servePort } from '../rpc/server.ts';
import { isRequest, type Port, portNames } from '../rpc/wire.ts';
import type { Events } from './events.ts';
import { methods } from './methods.ts';
import { pageOrigin, type Sender } from './origins.ts';
import { createRates } from './rates.ts';
import type { Services } from './services.ts';
import type { SitesService } from './sites.ts';

export interface PortsDeps {
  /** The extension's own address: `chrome-extension://…/`. */
  readonly ownUrl: string;
  readonly ownId: string;
  readonly services: Promise<Services & { readonly sites: SitesService }>;
  readonly events: Events;
  /** Whether a tab is the active one of a window that is not minimized. */
  readonly tabShown: (tabId: number) => Promise<boolean>;
  readonly log: (error: unknown) => void;
}

const maxPagePorts = 8;
const maxPageRequest = 1024 * 1024 + 1024;

/** Takes ports as they come: from the extension's own pages, and from pages that the browser vouches for. Others are told why they get nothing. */
export function createPorts({ ownUrl, ownId, services, events, tabShown, log }: PortsDeps): (port: Runtime.Port) => void {
  const rates = createRates(Date.now);
  const table: MethodTable<Services> = methods;
  const portsOfTab = new Map<number, number>();

  return (browserPort) => {
    // The polyfill's type says more than is used; what is used is the same.
    const port = browserPort as unknown as Port;
    const sender = (browserPort.sender ?? {}) as Sender & { id?: string; documentId?: string; tab?: { id?: number; title?: string } };
    if (sender.id !== ownId) {
      port.disconnect();
      return;
    }
    if (port.name === portNames.page) servePage(port, sender);
    else if (port.name === portNames.own && sender.url?.startsWith(ownUrl)) serveOwn(port);
    else port.disconnect();
  };

  function serveOwn(port: Port): void {
    const emit = (event: string, payload: unknown): void => emitTo(port, event, payload);
    port.onDisconnect.addListener(events.on(emit) as () => void);
    servePort(port, { kind: 'own', emit } satisfies OwnCaller, { table, services, log });
  }

  function servePage(port: Port, sender: Sender & { documentId?: string; tab?: { id?: number; title?: string } }): void {
    const tabId = sender.tab?.id ?? -1;
    let origin: string;
    try {
      const open = portsOfTab.get(tabId) ?? 0;
      if (open >= maxPagePorts) throw new RefusalError('too-many', 'too many connections from this tab', { retryAfterMs: 1000 });
      origin = pageOrigin(sender);
    } catch (error) {
      refuseAll(port, error);
      return;
    }
    portsOfTab.set(tabId, (portsOfTab.get(tabId) ?? 0) + 1);
    const gone = new AbortController();
    port.onDisconnect.addListener(() => {
      gone.abort();
      const left = (portsOfTab.get(tabId) ?? 1) - 1;
      if (left > 0) portsOfTab.set(tabId, left);
      else portsOfTab.delete(tabId);
    });
    const caller: PageCaller = {
      kind: 'page',
      origin,
      tabId,
      documentId: sender.documentId ?? crypto.randomUUID(),
      title: sender.tab?.title?.slice(0, 200) ?? '',
      gone: gone.signal,
      visible: () => tabShown(tabId),
      emit: (event, payload) => emitTo(port, event, payload),
    };
    services.then(({ sites }) => sites.attach(caller), log);
    servePort(port, caller, {
      table,
      services,
      admit: (_, { params }) => {
        if (JSON.stringify(params ?? null).length > maxPageRequest) throw new ParseError('params', 'at most 1 MiB');
        rates.take(origin);
      },
      log,
    });
  }

  /** A page that gets nothing gets an answer all the same: every promise settles. */
  function refuseAll(port: Port, error: unknown): void {
    port.onMessage.addListener((message) => {
      if (isRequest(message) && message.id > 0) port.postMessage({ id: message.id, error: toWireError(error, 'page', log) });
    });
  }
}
