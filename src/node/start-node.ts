import { Code } from '@connectrpc/connect';
import { type Clock, systemClock } from '../protocol/time.ts';
import { Dispatcher } from './dispatcher.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { createLog, type LogForm } from './log.ts';
import { MessageService } from './message-service.ts';
import { createNodeApi, type NodeApiDeps } from './node-api.ts';
import { refuse } from './refusal.ts';
import { SavedTopics } from './saved-topics.ts';
import { NodeServer } from './server.ts';
import { openSqliteStore } from './store/sqlite.ts';

export interface NodeOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** A directory, or ':memory:' (the default). */
  readonly data?: string;
  /** Take what existing nodes take. */
  readonly compat?: boolean;
  /** Directory of static pages. */
  readonly pages?: string | undefined;
  /** Default silent. */
  readonly log?: LogForm;
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
}

export interface RunningNode {
  readonly url: string;
  readonly port: number;
  /** Ends the streams, lets requests come to their end, closes the store. */
  close(): Promise<void>;
}

/** How often the log tells what went on. */
const reportMs = 60_000;

/** Starts a node in this process. @throws StoreError, or the system's error when it cannot listen */
export async function startNode({
  host = '127.0.0.1',
  port = 0,
  data = ':memory:',
  compat = false,
  pages,
  log: form = 'silent',
  trustedProxies = [],
  limits,
  clock = systemClock,
}: NodeOptions = {}): Promise<RunningNode> {
  const log = createLog(form);
  const store = openSqliteStore({
    data,
    clock,
    onCommitted: (envelopes) => {
      for (const envelope of envelopes) dispatcher.dispatch(envelope);
    },
  });
  const tooSlow = () => {
    log.warn('ended a stream whose reader was too slow');
    return refuse(Code.ResourceExhausted, 'too slow: more is waiting than this node keeps; query for what was missed and subscribe again');
  };
  const dispatcher = new Dispatcher(tooSlow, store.head());
  const bounds = { ...defaultLimits, ...limits };
  const service = new MessageService({ store, dispatcher, compat, limits: bounds, log, clock });
  const nodeApi = (callerOf: NodeApiDeps['callerOf']) =>
    createNodeApi({
      service,
      store,
      dispatcher,
      saved: new SavedTopics(clock),
      clock,
      callerOf,
      maxTopics: bounds.subscriptionTopics,
      maxBlobLength: 0,
    });
  const server = new NodeServer({ service, nodeApi, log, pages, trustedProxies, ready: () => store.check() });
  let listening: number;
  try {
    listening = await server.listen(host, port);
  } catch (error) {
    await store.close();
    throw error;
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${listening}`;
  log.info(`listening at ${url}`, { data, store: store.description, mode: compat ? 'compat' : 'strict' });

  let last = { ...service.counts };
  const report = setInterval(() => {
    const { published, queries, refused } = service.counts;
    const news = { published: published - last.published, queries: queries - last.queries, refused: refused - last.refused };
    if (Object.values(news).some((count) => count > 0)) log.info('in the last minute', { ...news, streams: dispatcher.size });
    last = { published, queries, refused };
  }, reportMs);
  report.unref();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(report);
    const drained = server.close();
    dispatcher.endAll(() => refuse(Code.Unavailable, 'this node is stopping; subscribe again in a moment'));
    await drained;
    await store.close();
    log.info('stopped');
  };
  return {
    url,
    port: listening,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
