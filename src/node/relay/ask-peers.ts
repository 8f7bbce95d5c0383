import { ConfigError, type NodeConfig } from '../config.ts';
import { HealthError, reachable } from '../health.ts';
import type { PeerReport } from './peers.ts';

/** Asks the running node of this configuration about its peers, at the port of its metrics. @throws ConfigError, HealthError */
export async function askPeers({ metrics }: Pick<NodeConfig, 'metrics'>): Promise<string> {
  if (!metrics) throw new ConfigError('The peers are told at the port of the metrics: start the node, and this, with --metrics-port.');
  const host = reachable(metrics.host);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${metrics.port}/peers`;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(3000) });
  } catch (cause) {
    throw new HealthError(`The node at ${url} does not answer.`, { cause });
  }
  if (!response.ok) throw new HealthError(`The node at ${url} takes no part in a network.`);
  const peers = (await response.json()) as PeerReport[];
  if (peers.length === 0) return 'No peers.';
  const heads = ['peer', 'state', 'score', 'taken', 'ignored', 'rejected', 'missing', 'repaired', 'lag', 'compared', ''];
  const rows = peers.map((peer) => [
    peer.peer,
    peer.relaying ? (peer.trusted ? 'relays, trusted' : 'relays') : peer.connected ? 'connected' : 'away',
    peer.score.toFixed(1),
    ...[peer.taken, peer.ignored, peer.rejected, peer.missing, peer.repaired, peer.lag].map(String),
    peer.comparedMs === null ? '-' : new Date(peer.comparedMs).toISOString(),
    peer.fault ?? '',
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [heads, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
