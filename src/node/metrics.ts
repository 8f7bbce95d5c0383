import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { version } from './version.ts';

type Labels = Readonly<Record<string, string>>;
const noLabels: Labels = {};

/** Seconds from a fast call to a stuck one. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

class Counter {
  readonly #values = new Map<string, number>();

  add(amount = 1, labels: Labels = noLabels): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  lines(name: string): string[] {
    return [...(this.#values.size > 0 ? this.#values : [['', 0] as const])].map(([labels, value]) => `${name}${labels} ${value}`);
  }
}

class Histogram {
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly buckets: number[]; sum: number; count: number }>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = noLabels): void {
    const key = labelText(labels);
    let series = this.#series.get(key);
    if (!series) {
      series = { buckets: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#series.set(key, series);
    }
    for (let index = this.#bounds.length - 1; index >= 0 && value <= (this.#bounds[index] as number); index--)
      series.buckets[index] = (series.buckets[index] as number) + 1;
    series.sum += value;
    series.count += 1;
  }

  lines(name: string): string[] {
    return [...this.#series].flatMap(([labels, { buckets, sum, count }]) => [
      ...this.#bounds.map((bound, index) => `${name}_bucket${withLabel(labels, 'le', String(bound))} ${buckets[index]}`),
      `${name}_bucket${withLabel(labels, 'le', '+Inf')} ${count}`,
      `${name}_sum${labels} ${sum}`,
      `${name}_count${labels} ${count}`,
    ]);
  }
}

/** What is measured while the node runs. The names are documented in docs/operating.md; content, topics and addresses are in none of them. */
export class Metrics {
  readonly requests = new Counter();
  readonly requestSeconds = new Histogram(seconds);
  readonly envelopes = new Counter();
  readonly envelopeBytes = new Counter();
  readonly duplicates = new Counter();
  readonly slowReaders = new Counter();
  readonly storeFaults = new Counter();
  readonly refusals = new Counter();
  readonly silenceEnds = new Counter();
  readonly relayed = new Counter();
  readonly syncs = new Counter();
  readonly sentAway = new Counter();
  readonly blobLooks = new Counter();
  readonly commitSeconds = new Histogram(seconds);
  readonly commitEnvelopes = new Histogram(sizes);
  readonly #lag = monitorEventLoopDelay({ resolution: 20 });
  readonly #startedMs = Date.now();
  readonly #gauges = new Map<string, { readonly help: string; read(): number }>();

  readonly #gaugeSets = new Map<string, { readonly help: string; read(): readonly (readonly [Labels, number])[] }>();

  constructor() {
    this.#lag.enable();
  }

  /** Something that is looked up when it is asked for. */
  gauge(name: string, help: string, read: () => number): void {
    this.#gauges.set(name, { help, read });
  }

  /** The same for several at once, told apart by labels. */
  gauges(name: string, help: string, read: () => readonly (readonly [Labels, number])[]): void {
    this.#gaugeSets.set(name, { help, read });
  }

  /** Everything, as Prometheus reads it. */
  text(): string {
    const lines: string[] = [];
    const put = (name: string, type: string, help: string, values: readonly string[]): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values);
    };
    const counter = (name: string, help: string, each: Counter): void => put(name, 'counter', help, each.lines(name));
    const histogram = (name: string, help: string, each: Histogram): void => put(name, 'histogram', help, each.lines(name));
    counter('parley_requests_total', 'Calls by method and code.', this.requests);
    histogram('parley_request_seconds', 'Time of calls by method, streams apart.', this.requestSeconds);
    counter('parley_published_envelopes_total', 'Envelopes taken, those that were there already included.', this.envelopes);
    counter('parley_published_bytes_total', 'Bytes of their messages.', this.envelopeBytes);
    counter('parley_duplicate_envelopes_total', 'Envelopes that were there already.', this.duplicates);
    counter('parley_slow_readers_total', 'Streams ended because their reader was too slow.', this.slowReaders);
    counter('parley_refusals_total', 'What was refused by a limit or a list, by the option or the list.', this.refusals);
    counter('parley_silent_connections_total', 'Connections that were ended because they asked nothing.', this.silenceEnds);
    counter('parley_store_faults_total', 'What the store could not do, by reason.', this.storeFaults);
    counter('parley_relay_messages_total', 'Messages of the relay by what became of them.', this.relayed);
    counter('parley_blob_looks_total', 'Attachments that were looked for at other nodes.', this.blobLooks);
    counter('parley_peers_sent_away_total', 'Peers of the relay that were sent away for what they hand on.', this.sentAway);
    counter('parley_relay_comparisons_total', 'Comparisons of the store with that of a peer.', this.syncs);
    histogram('parley_commit_seconds', 'Time of a commit until it is durable.', this.commitSeconds);
    histogram('parley_commit_envelopes', 'Envelopes of a commit.', this.commitEnvelopes);
    for (const [name, { help, read }] of this.#gauges) put(name, 'gauge', help, [`${name} ${read()}`]);
    for (const [name, { help, read }] of this.#gaugeSets)
      put(
        name,
        'gauge',
        help,
        read().map(([labels, value]) => `${name}${labelText(labels)} ${value}`),
      );
    put('parley_info', 'gauge', 'The version of the node.', [`parley_info{version="${version}",node="${process.version}"} 1`]);
    put('process_resident_memory_bytes', 'gauge', 'Memory of the process.', [`process_resident_memory_bytes ${process.memoryUsage.rss()}`]);
    put('process_start_time_seconds', 'gauge', 'When it was started.', [`process_start_time_seconds ${this.#startedMs / 1000}`]);
    put('nodejs_eventloop_lag_p99_seconds', 'gauge', 'Delay of the event loop, 99th percentile since it was last asked for.', [
      `nodejs_eventloop_lag_p99_seconds ${this.#lag.percentile(99) / 1e9}`,
    ]);
    this.#lag.reset();
    return `${lines.join('\n')}\n`;
  }

  close(): void {
    this.#lag.disable();
  }
}

/** Serves the metrics, and what is known of the peers, on a port of their own, which nobody but the operator should reach. @throws the system's error when it cannot listen */
export async function serveMetrics(
  metrics: Metrics,
  host: string,
  port: number,
  peers: () => readonly object[] | null = () => null,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const known = request.url === '/peers' ? peers() : null;
    if (known) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(known));
      return;
    }
    if (request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metrics.text());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Labels that are kept by whoever measures are written once. */
const labelTexts = new WeakMap<Labels, string>();

function labelText(labels: Labels): string {
  let text = labelTexts.get(labels);
  if (text === undefined) {
    const entries = Object.entries(labels);
    text = entries.length === 0 ? '' : `{${entries.map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, '_')}"`).join(',')}}`;
    labelTexts.set(labels, text);
  }
  return text;
}

const withLabel = (labels: string, name: string, value: string): string =>
  labels === '' ? `{${name}="${value}"}` : `${labels.slice(0, -1)},${name}="${value}"}`;
