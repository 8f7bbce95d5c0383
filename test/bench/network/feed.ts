import { openPool } from '../../../src/node/store/postgres/client.ts';
import { openPostgresStore } from '../../../src/node/store/postgres/postgres.ts';
import { startPostgres } from '../../support/postgres.ts';
import type { Setting } from '../network.ts';
import { type Comparison, figure } from '../report.ts';

const seconds = 5;

/** Rows per second that 8 writers on two nodes bring to a third, and what a reader misses that polls by number, at the same time and on the same server. */
export async function benchFeed({ atEnd }: Setting): Promise<Comparison[]> {
  const server = await startPostgres({ durable: true });
  atEnd(() => server.stop());
  const url = server.database();
  let heard = 0;
  const nodes = await Promise.all([openPostgresStore({ url }), openPostgresStore({ url })]);
  const reader = await openPostgresStore({
    url,
    onCommitted(rows) {
      heard += rows.length;
    },
  });
  let written = 0;
  const begun = performance.now();
  const running = (): boolean => performance.now() - begun < seconds * 1000;
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      while (running()) {
        const rows = Array.from({ length: 10 }, () => {
          const message = Buffer.alloc(400, 7);
          message.writeUInt32BE(written++);
          return { topic: `/xmtp/0/m-${written % 100}/proto`, timestampNs: BigInt(written), message };
        });
        await nodes[writer % 2]?.append(rows);
      }
    }),
  );
  for (const deadline = Date.now() + 10_000; heard < written && Date.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 10));
  const tookS = (performance.now() - begun) / 1000;
  await Promise.all([...nodes, reader].map((store) => store.close()));

  const pool = openPool(url, 12);
  await pool.query('CREATE TABLE plain (seq bigserial PRIMARY KEY, message bytea)');
  let [polled, last, writing] = [0, 0, true];
  const polling = (async () => {
    while (writing) {
      const { rows } = await pool.query('SELECT seq FROM plain WHERE seq > $1 ORDER BY seq', [last]);
      polled += rows.length;
      last = Number(rows.at(-1)?.['seq'] ?? last);
    }
  })();
  const until = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (performance.now() < until)
        await pool.query('INSERT INTO plain (message) SELECT $1 FROM generate_series(1, 10)', [Buffer.alloc(400, 7)]);
    }),
  );
  writing = false;
  await polling;
  const { rows } = await pool.query('SELECT count(*) AS count FROM plain WHERE seq <= $1', [last]);
  const count = Number(rows[0]?.['count']);
  await pool.end();
  return [
    figure('rows from 8 writers on two nodes to a third, PostgreSQL', heard / tookS, '/s', null),
    figure('of them missed', written - heard, 'rows', 0, `a reader that polls by number missed ${count - polled} of ${count}`),
  ];
}
