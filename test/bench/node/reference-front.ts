import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

/** The table of the nodes that the network ran on, with its keys and indexes. */
const schema = `
  CREATE TABLE IF NOT EXISTS message (
    id BYTEA NOT NULL,
    receiverTimestamp BIGINT NOT NULL,
    senderTimestamp BIGINT NOT NULL,
    contentTopic VARCHAR(300) NOT NULL,
    pubsubTopic VARCHAR(300) NOT NULL,
    payload BYTEA NOT NULL,
    version INTEGER NOT NULL,
    should_expire BOOLEAN NOT NULL DEFAULT FALSE,
    CONSTRAINT messageIndex PRIMARY KEY (senderTimestamp, id, pubsubTopic)
  );
  CREATE INDEX IF NOT EXISTS message_topic ON message (contentTopic, senderTimestamp, id);
  CREATE INDEX IF NOT EXISTS message_received ON message (receiverTimestamp);
  CREATE INDEX IF NOT EXISTS message_expiring ON message (should_expire) WHERE should_expire;
`;

interface JsonEnvelope {
  readonly contentTopic: string;
  readonly timestampNs: string;
  readonly message: string;
}
interface JsonQuery {
  readonly contentTopics: readonly string[];
  readonly pagingInfo?: { readonly limit?: number };
}

/** The smallest front that speaks the same JSON: whatever is slow then is the database. One INSERT a message, one SELECT a query, as those nodes did. */
export async function serve([url = '']: readonly string[]): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 64 });
  await pool.query(schema);
  const insert = {
    name: 'insert',
    text: 'INSERT INTO message (id, receiverTimestamp, senderTimestamp, contentTopic, pubsubTopic, payload, version, should_expire) VALUES ($1, $2, $3, $4, $5, $6, 0, FALSE)',
  };
  const select = {
    name: 'select',
    text: 'SELECT contentTopic, senderTimestamp, payload, id FROM message WHERE contentTopic = $1 ORDER BY senderTimestamp DESC, id DESC LIMIT $2',
  };
  const query = async ({ contentTopics, pagingInfo }: JsonQuery) => {
    const { rows } = await pool.query({ ...select, values: [contentTopics[0], pagingInfo?.limit ?? 100] });
    const envelopes = rows.map((row) => ({
      contentTopic: row.contenttopic,
      timestampNs: row.sendertimestamp,
      message: (row.payload as Buffer).toString('base64'),
    }));
    return { envelopes, pagingInfo: { limit: 0, cursor: null, direction: 'SORT_DIRECTION_DESCENDING' } };
  };
  const methods: Record<string, (body: never) => Promise<unknown>> = {
    async '/message/v1/publish'({ envelopes }: { envelopes: readonly JsonEnvelope[] }) {
      for (const { contentTopic, timestampNs, message } of envelopes) {
        const payload = Buffer.from(message, 'base64');
        const id = createHash('sha256').update(contentTopic).update(payload).digest();
        await pool.query({
          ...insert,
          values: [id, String(Date.now() * 1_000_000), timestampNs, contentTopic, '/waku/2/default-waku/proto', payload],
        });
      }
      return {};
    },
    '/message/v1/query': query,
    async '/message/v1/batch-query'({ requests }: { requests: readonly JsonQuery[] }) {
      const responses = [];
      for (const each of requests) responses.push(await query(each));
      return { responses };
    },
  };
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      const method = methods[request.url ?? ''];
      const answer = JSON.stringify(await method?.(JSON.parse(Buffer.concat(chunks).toString()) as never));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }).end(answer);
    } catch (error) {
      const answer = String(error);
      response.writeHead(500, { 'content-length': Buffer.byteLength(answer) }).end(answer);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
