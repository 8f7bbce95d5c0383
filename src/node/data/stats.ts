import { join } from 'node:path';
import { parseTopic } from '../../protocol/topic.ts';
import { withDatabase } from './inspect.ts';

export interface KindStats {
  readonly kind: string;
  topics: number;
  envelopes: number;
  bytes: number;
}

export interface Stats {
  readonly kinds: readonly KindStats[];
  /** When the oldest and the newest row were received, ms; null for an empty store. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly sequence: number;
  readonly id: string;
}

/** Counts what a store holds, by kind of topic; also while the node runs. @throws StoreError */
export function readStats(data: string): Stats {
  return withDatabase(join(data, 'node.db'), (database) => {
    const rows = database
      .prepare(
        'SELECT name, count(*) AS count, sum(length(message)) AS bytes FROM envelope JOIN topic ON topic.id = envelope.topic GROUP BY topic.id',
      )
      .all();
    const ends = database.prepare('SELECT min(received) AS oldest, max(received) AS newest, max(seq) AS seq FROM envelope').get();
    const time = (name: string): number | null => (ends?.[name] === null || ends?.[name] === undefined ? null : Number(ends[name]));
    const id = database.prepare("SELECT lower(hex(value)) AS id FROM meta WHERE name = 'id'").get()?.['id'];
    return {
      kinds: countByKind(rows.map(({ name, count, bytes }) => ({ topic: String(name), count: Number(count), bytes: Number(bytes) }))),
      oldestMs: time('oldest'),
      newestMs: time('newest'),
      sequence: Number(ends?.['seq'] ?? 0),
      id: String(id),
    };
  });
}

/** Adds up what there is of each topic. */
export function countByKind(topics: readonly { readonly topic: string; readonly count: number; readonly bytes: number }[]): KindStats[] {
  const kinds = new Map<string, KindStats>();
  for (const { topic, count, bytes } of topics) {
    const { kind } = parseTopic(topic);
    const stats = kinds.get(kind) ?? { kind, topics: 0, envelopes: 0, bytes: 0 };
    kinds.set(kind, stats);
    stats.topics += 1;
    stats.envelopes += count;
    stats.bytes += bytes;
  }
  return [...kinds.values()].sort((a, b) => b.envelopes - a.envelopes);
}
