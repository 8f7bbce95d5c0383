import { load } from '../load.ts';
import type { Setting } from '../node.ts';
import { serveIn, serveNode } from '../processes.ts';
import { type Comparison, compare } from '../report.ts';
import { startPostgres } from './postgres.ts';
import { jsonPublish } from './requests.ts';

/** Durable publishes per second of 64 clients: our node, and the INSERT of the nodes that were on PostgreSQL behind the smallest front. */
export async function benchPublish({ rounds, folder, atEnd }: Setting): Promise<Comparison[]> {
  const node = await serveNode(['--data', folder(), '--compat']);
  atEnd(node.stop);
  const database = await startPostgres();
  atEnd(database.stop);
  const front = await serveIn('node/reference-front.ts', [database.url]);
  atEnd(front.stop);
  const make = jsonPublish(Array.from({ length: 1000 }, (_, n) => `/xmtp/0/m-bench-${n}/proto`));
  let failed = 0;
  const p99: { ours: number; theirs: number }[] = [];
  const against = async (port: number, seconds = 3) => {
    const found = await load(port, make, { connections: 64, seconds });
    failed += found.failed;
    return found;
  };
  // Once before it counts: code is compiled, files and pools have their size.
  await against(node.port, 1);
  await against(front.port, 1);
  const last = { ours: 0, theirs: 0 };
  const row = await compare({
    what: 'durable publishes, 64 clients',
    unit: '/s',
    opponent: 'INSERT on PostgreSQL',
    rounds,
    bar: 2.5,
    ours: async () => {
      const found = await against(node.port);
      last.ours = found.p99;
      return found.rate;
    },
    theirs: async () => {
      const found = await against(front.port);
      last.theirs = found.p99;
      p99.push({ ...last });
      return found.rate;
    },
  });
  if (failed > 0) throw new Error(`${failed} publishes failed`);
  const slowest = p99.at(-1);
  return [{ ...row, notes: `p99 ${slowest?.ours.toFixed(1)} and ${slowest?.theirs.toFixed(1)} ms at full load` }];
}
