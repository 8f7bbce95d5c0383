import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import { type Clock, systemClock } from '../protocol/time.ts';
import { BlobCopies, blobSourcesAt } from './blob-copies.ts';
import { BlobParts } from './blob-parts.ts';
import { Blobs } from './blobs.ts';
import { Dispatcher } from './dispatcher.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { ListFile } from './lists.ts';
import { createLog, type LogForm } from './log.ts';
import { MessageService } from './message-service.ts';
import { Metrics, serveMetrics } from './metrics.ts';
import { createNodeApi, type NodeApiDeps } from './node-api.ts';
import { refuse } from './refusal.ts';
import { shelfOf } from './relay/blob-exchange.ts';
import { Relay, type RelaySettings } from './relay/relay.ts';
import { keepRetention } from './retention.ts';
import { SavedTopics } from './saved-topics.ts';
import { NodeServer } from './server.ts';
import { openPostgresStore } from './store/postgres/postgres.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { OnCommitted, OnMeasured } from './store/store.ts';
import { watched } from './store/watched.ts';

export interface NodeOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** A directory, or ':memory:' (the default). */
  readonly data?: string;
  /** Address of a PostgreSQL database; otherwise the store is SQLite in `data`. */
  readonly store?: string | undefined;
  /** Take what existing nodes take. */
  readonly compat?: boolean;
  /** Directory of static pages. */
  readonly pages?: string | undefined;
  /** Default silent. */
  readonly log?: LogForm;
  readonly trustedProxies?: readonly string[];
  /** A file of wallets and networks that are treated apart. */
  readonly lists?: string | undefined;
  readonly limits?: Partial<Limits>;
  /** Addresses of nodes to look for attachments at, beside the peers of the relay. */
  readonly blobPeers?: readonly string[];
  /** Files of a certificate and its key. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly metrics?: { readonly host: string; readonly port: number } | null;
  /** Days by kind of topic. */
  readonly retention?: ReadonlyMap<string, number>;
  /** The node's part in a network of nodes; null: it stands alone. */
  readonly relay?: RelaySettings | null;
  readonly clock?: Clock;
}

export interface RunningNode {
  readonly url: string;
  readonly port: number;
  /** Where the metrics are, if they are served. */
  readonly metricsPort: number | null;
  /** The node's part in the network, if it has one. */
  readonly relay: Relay | null;
  /** Reads the lists and the certificate again. @throws the system's error; the one before stays then */
  reload(): void;
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
  store: database,
  compat = false,
  pages,
  log: form = 'silent',
  trustedProxies = [],
  lists: listFile,
  limits,
  blobPeers = [],
  tls,
  metrics: metricsAt = null,
  retention = new Map(),
  relay: relaySettings = null,
  clock = systemClock,
}: NodeOptions = {}): Promise<RunningNode> {
  const log = createLog(form);
  const lists = new ListFile(listFile, log);
  const metrics = new Metrics();
  const onMeasured: OnMeasured = (stored, repeated, tookMs) => {
    metrics.commitSeconds.observe(tookMs / 1000);
    metrics.commitEnvelopes.observe(stored + repeated);
    metrics.duplicates.add(repeated);
  };
  const onCommitted: OnCommitted = (envelopes) => {
    for (const envelope of envelopes) dispatcher.dispatch(envelope);
  };
  const opened =
    database === undefined
      ? openSqliteStore({ data, clock, onMeasured, onCommitted })
      : await openPostgresStore({ url: database, clock, onMeasured, onCommitted });
  const store = watched(opened, { log, onFault: (reason) => metrics.storeFaults.add(1, { reason }), clock });
  const tooSlow = () => {
    metrics.slowReaders.add();
    log.warn('ended a stream whose reader was too slow');
    return refuse(Code.ResourceExhausted, 'too slow: more is waiting than this node keeps; query for what was missed and subscribe again');
  };
  const dispatcher = new Dispatcher(tooSlow, store.head());
  const bounds = { ...defaultLimits, ...limits };
  // In memory nothing is kept, least of all files.
  const blobs = data === ':memory:' ? null : new Blobs(data, bounds, log, clock, (barrier) => metrics.refusals.add(1, { barrier }));
  const parts = blobs && new BlobParts(data, blobs, log, clock, () => metrics.refusals.add(1, { barrier: 'blob-uploads' }));
  const fixed = blobSourcesAt(blobPeers);
  const copies =
    blobs && bounds.blobCopyBytes > 0 && (fixed.length > 0 || relaySettings)
      ? new BlobCopies({
          folder: join(data, 'blob-copies'),
          blobBytes: bounds.blobBytes,
          copyBytes: bounds.blobCopyBytes,
          days: bounds.blobDays,
          sources: () => [...fixed, ...(relay?.blobSources() ?? [])],
          log,
          clock,
          onAsked: (outcome) => metrics.blobLooks.add(1, { outcome }),
        })
      : null;
  const service = new MessageService({
    store,
    dispatcher,
    compat,
    limits: bounds,
    log,
    metrics,
    lists,
    onTaken: (envelopes, seqs) => relay?.announce(envelopes, seqs),
    clock,
  });
  const nodeApi = (callerOf: NodeApiDeps['callerOf']) =>
    createNodeApi({
      service,
      store,
      dispatcher,
      saved: new SavedTopics(clock),
      clock,
      callerOf,
      maxTopics: bounds.subscriptionTopics,
      maxBlobLength: blobs?.maxBytes ?? 0,
    });
  metrics.gauge('parley_streams', 'Open streams.', () => dispatcher.size);
  metrics.gauge('parley_connections', 'Open connections.', () => server?.connections().all ?? 0);
  metrics.gauge('parley_silent_connections', 'Those of them that ask nothing.', () => server?.connections().silent ?? 0);
  metrics.gauge('parley_subscribed_topics', 'Topics that somebody follows.', () => dispatcher.topics);
  metrics.gauge('parley_store_sequence', 'The newest sequence number of the store.', () => dispatcher.head);
  metrics.gauge('parley_store_bytes', 'Size of the files of the store.', () => sizeOf(data));
  metrics.gauge('parley_blob_bytes', 'Bytes of the attachments that are kept.', () => blobs?.bytes ?? 0);
  metrics.gauge('parley_blob_uploads', 'Attachments that are coming in parts.', () => parts?.count ?? 0);
  metrics.gauge('parley_blob_copy_bytes', 'Bytes of the attachments that were fetched from other nodes.', () => copies?.bytes ?? 0);
  const readTls = () => tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
  let listening: number;
  let relay: Relay | null = null;
  let server: NodeServer | undefined;
  let served: Awaited<ReturnType<typeof serveMetrics>> | null = null;
  try {
    relay =
      relaySettings &&
      (await Relay.start({
        settings: relaySettings,
        data,
        store,
        dispatcher,
        compat,
        retention,
        lists,
        log,
        metrics,
        clock,
        blobs: blobs && shelfOf(blobs, copies),
      }));
    server = new NodeServer({
      service,
      nodeApi,
      blobs: blobs && parts && { blobs, parts, copies },
      log,
      pages,
      trustedProxies,
      tls: readTls(),
      ready: () => store.check(),
      silence: {
        most: bounds.networkSilent,
        mostInAll: bounds.allSilent,
        seconds: bounds.silentSeconds,
        onEnded(ended) {
          metrics.silenceEnds.add(1, { ended });
          if (ended !== 'late') metrics.refusals.add(1, { barrier: ended === 'full' ? 'all-silent' : 'network-silent' });
        },
      },
    });
    listening = await server.listen(host, port);
    served = metricsAt && (await serveMetrics(metrics, metricsAt.host, metricsAt.port, () => relay?.peers() ?? null));
  } catch (error) {
    metrics.close();
    await server?.close();
    await relay?.close();
    await store.close();
    throw error;
  }
  const listener = server;
  const url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${listening}`;
  log.info(`listening at ${url}`, { data, store: store.description, mode: compat ? 'compat' : 'strict' });
  if (served) log.info(`metrics at port ${served.port}`);
  const stopRetention = keepRetention(retention, store, log, clock);

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
    stopRetention();
    blobs?.close();
    parts?.close();
    copies?.close();
    lists.close();
    const drained = listener.close();
    dispatcher.endAll(() => refuse(Code.Unavailable, 'this node is stopping; subscribe again in a moment'));
    await drained;
    await relay?.close();
    await store.close();
    await served?.close();
    metrics.close();
    log.info('stopped');
  };
  return {
    url,
    port: listening,
    metricsPort: served?.port ?? null,
    relay,
    reload() {
      lists.reload();
      const files = readTls();
      if (files) listener.renewTls(files);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Bytes of the database and its log; 0 where there are none. */
function sizeOf(data: string): number {
  if (data === ':memory:') return 0;
  return ['node.db', 'node.db-wal'].reduce((sum, name) => sum + (statSync(join(data, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
