import { boolean, integer, object, parse } from '../../parse.ts';
import type { Clock } from '../../protocol/time.ts';
import type { PageCaller } from '../../rpc/caller.ts';
import { RefusalError, toWireError } from '../../rpc/errors.ts';
import { redact, type Trace, type TracedSubscription } from '../../rpc/trace.ts';
import type { Port, WireError } from '../../rpc/wire.ts';
import type { Approvals } from './approvals.ts';

/** How a call ended. */
export type Outcome = { readonly result: unknown } | { readonly error: WireError };

/**
 * What happens between pages and Parley, for who looks at a tab in the developer tools. Nothing is kept but which subscriptions there are: what happens
 * while nobody looks is told to nobody.
 */
export interface Traces {
  /** A panel has connected. */
  serve(port: Port): void;
  /** A page has connected. */
  page(caller: PageCaller): void;
  /** A page calls; returns what takes the outcome. */
  call(caller: PageCaller, method: string, params: unknown): (outcome: Outcome) => void;
  /** A page is told something. */
  event(caller: PageCaller, event: string, payload: unknown): void;
  /** The same questions, of which those who look hear. */
  watching(approvals: Approvals): Approvals;
}

const watched = object({ tab: integer(), content: boolean });
/** Ours, and of no interest to who looks at a page. */
const unseen = new Set(['resume']);

interface Page {
  accounts: unknown;
  permissions: unknown;
  readonly subscriptions: Map<string, TracedSubscription>;
}

export function createTraces(clock: Clock): Traces {
  const watchers = new Set<{ readonly port: Port; tab: number | null; content: boolean }>();
  const pages = new Map<PageCaller, Page>();
  let lastId = 0;

  function tell(tab: number, make: (show: (value: unknown) => unknown) => Trace): void {
    for (const { port, tab: theirs, content } of watchers) {
      if (theirs !== tab) continue;
      try {
        port.postMessage(make(content ? (value) => value : redact));
      } catch {
        // Gone; its disconnection is told separately.
      }
    }
  }

  const tellPage = (caller: PageCaller): void => {
    const page = pages.get(caller);
    if (!page) return;
    const { accounts, permissions, subscriptions } = page;
    tell(caller.tabId, () => ({
      what: 'page',
      document: caller.documentId,
      origin: caller.origin,
      accounts,
      permissions,
      subscriptions: [...subscriptions.values()],
    }));
  };

  const subscribed = (caller: PageCaller, { subscription, kind, conversation }: TracedSubscription): void => {
    pages.get(caller)?.subscriptions.set(subscription, { subscription, kind, conversation });
    tellPage(caller);
  };

  const unsubscribed = (caller: PageCaller, subscription: unknown): void => {
    if (pages.get(caller)?.subscriptions.delete(String(subscription))) tellPage(caller);
  };

  return {
    serve(port) {
      const watcher = { port, tab: null as number | null, content: false };
      watchers.add(watcher);
      port.onDisconnect.addListener(() => watchers.delete(watcher));
      port.onMessage.addListener((message) => {
        const { tab, content } = parse(watched, message);
        Object.assign(watcher, { tab, content });
        for (const caller of pages.keys()) if (caller.tabId === tab) tellPage(caller);
      });
    },
    page(caller) {
      pages.set(caller, { accounts: [], permissions: [], subscriptions: new Map() });
      tellPage(caller);
      const leave = (): void => {
        pages.delete(caller);
        tell(caller.tabId, () => ({ what: 'left', document: caller.documentId }));
      };
      caller.gone.addEventListener('abort', leave, { once: true });
    },
    call(caller, method, params) {
      if (method === 'resume') {
        const { subscriptions = [] } = (params ?? {}) as { subscriptions?: readonly TracedSubscription[] };
        if (Array.isArray(subscriptions)) for (const each of subscriptions) subscribed(caller, each);
      }
      if (unseen.has(method)) return () => undefined;
      const [id, at] = [++lastId, clock()];
      tell(caller.tabId, (show) => ({ what: 'call', id, at, method: method.slice(0, 64), params: show(params) }));
      return (outcome) => {
        const { error } = outcome as { error?: WireError };
        if (method === 'xmtp_unsubscribe' && !error) unsubscribed(caller, (params as { subscription?: unknown } | undefined)?.subscription);
        const tookMs = clock() - at;
        tell(caller.tabId, (show) => ({
          what: 'answer',
          id,
          tookMs,
          ...(error ? { error } : { result: show((outcome as { result: unknown }).result) }),
        }));
      };
    },
    event(caller, event, payload) {
      if (event === 'state') {
        Object.assign(pages.get(caller) ?? {}, payload);
        return tellPage(caller);
      }
      const news = payload as TracedSubscription & { event?: string; payload?: unknown; ended?: true };
      if (news.ended) unsubscribed(caller, news.subscription);
      else if (news.event === undefined) subscribed(caller, news);
      else tell(caller.tabId, (show) => ({ what: 'event', at: clock(), event: String(news.event), payload: show(news.payload) }));
    },
    watching: (approvals) => ({
      ...approvals,
      async ask(caller, account, question, holds) {
        const [id, at] = [++lastId, clock()];
        tell(caller.tabId, (show) => ({ what: 'prompt', id, at, question: show(question) }));
        const done = (outcome: string): void => tell(caller.tabId, () => ({ what: 'prompted', id, tookMs: clock() - at, outcome }));
        try {
          const answer = await approvals.ask(caller, account, question, holds);
          done(answer ? 'allowed' : 'not needed any more');
          return answer;
        } catch (error) {
          done(error instanceof RefusalError ? `${error.reason} (${toWireError(error, 'page', () => undefined).code})` : 'failed');
          throw error;
        }
      },
    }),
  };
}
