import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QueryRequestSchema } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { getBlob } from '../../src/network/blobs.ts';
import { NodeError, toNodeError } from '../../src/network/errors.ts';
import { maxFrameLength, maxResponseLength } from '../../src/network/limited-fetch.ts';
import { createNodeClient } from '../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { contactEnvelope, messageEnvelope } from '../node/clients.ts';
import { alice, bob } from '../support/people.ts';

const now = Date.now();
const tokenOf = (person = alice) => createAuthToken(person.bundle);
const reason = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof NodeError) return error.reason;
    throw error;
  }
  return 'no error';
};
const gather = async (pages: AsyncIterable<readonly Envelope[]>): Promise<Envelope[]> => {
  const all: Envelope[] = [];
  for await (const page of pages) all.push(...page);
  return all;
};

describe('with a real node', () => {
  let node: RunningNode;
  beforeEach(async () => {
    node = await startNode();
  });
  afterEach(() => node.close());

  test('what is published comes back page by page, in both directions', async () => {
    const client = createNodeClient(`${node.url}/`, { authToken: () => tokenOf() });
    const sent = await Promise.all(Array.from({ length: 7 }, (_, index) => messageEnvelope(alice, bob, now + index, `hello ${index}`)));
    await client.publish(sent);
    const topics = [sent[0]?.contentTopic ?? ''];
    expect(await gather(client.pages({ topics, limit: 3 }))).toEqual(sent);
    expect(await gather(client.pages({ topics, limit: 3, direction: 'descending' }))).toEqual(sent.toReversed());
    const middle = { startNs: sent[2]?.timestampNs ?? 0n, endNs: sent[4]?.timestampNs ?? 0n };
    expect(await gather(client.pages({ topics, ...middle }))).toEqual(sent.slice(2, 5));
    const { envelopes, cursor } = await client.query({ topics, limit: 3 });
    expect([envelopes.length, cursor === null]).toEqual([3, false]);
  });

  test('the newest of each of several topics come by one request', async () => {
    const client = createNodeClient(`${node.url}/`, { authToken: () => tokenOf() });
    const loud = await Promise.all(Array.from({ length: 4 }, (_, index) => messageEnvelope(alice, bob, now + index, `hello ${index}`)));
    const contact = contactEnvelope(alice, 2, now - 1000);
    await client.publish([...loud, contact]);
    const topics = [loud[0]?.contentTopic ?? '', '/xmtp/0/m-nothing/proto', contact.contentTopic];
    expect(await client.newest(topics, 2)).toEqual([...loud.toReversed().slice(0, 2), contact]);
  });

  test('publishing without a good token is refused as such, and tried once more with a new one', async () => {
    const envelope = contactEnvelope(alice, 2, now);
    expect(await reason(() => createNodeClient(node.url).publish([envelope]))).toBe('unauthorised');
    let token = 'bm9uc2Vuc2U=';
    let renewed = 0;
    const client = createNodeClient(node.url, {
      authToken: () => token,
      onTokenRefused: () => {
        renewed++;
        token = tokenOf();
      },
    });
    await client.publish([envelope]);
    expect(renewed).toBe(1);
    expect((await client.query({ topics: [envelope.contentTopic] })).envelopes).toEqual([envelope]);
  });

  test('a file is left with a new token too, where the first is not taken', async () => {
    const data = await mkdtemp(join(tmpdir(), 'parley-client-'));
    await node.close();
    node = await startNode({ data });
    const bytes = new Uint8Array(1000).fill(7);
    const digest = toHex(sha256(bytes));
    const tokens = ['bm9uc2Vuc2U=', tokenOf()];
    const client = createNodeClient(node.url, { authToken: () => tokens[0] ?? null, onTokenRefused: () => tokens.shift() });
    const address = await client.putBlob(digest, bytes);
    expect(await getBlob(address, { bytes: 1000 })).toEqual(bytes);
    expect(client.clockSkewMs()).not.toBeNull();
    expect(await reason(() => getBlob(address, { bytes: 999 }))).toBe('wrong');
    expect(await getBlob(address.replace(/..$/, '00'), { bytes: 1000 })).toBeNull();
    await rm(data, { recursive: true });
  });

  test('what the node refuses for good is told from what may be tried again', async () => {
    const client = createNodeClient(node.url, { authToken: () => tokenOf(bob) });
    expect(await reason(() => client.publish([contactEnvelope(alice, 2, now)]))).toBe('refused');
    await node.close();
    expect(await reason(() => client.publish([contactEnvelope(bob, 2, now)]))).toBe('unreachable');
  });

  test('a stream opens, carries what comes, ends with its signal', async () => {
    const client = createNodeClient(node.url, { authToken: () => tokenOf() });
    const envelope = await messageEnvelope(alice, bob, now);
    const stop = new AbortController();
    const got: Envelope[] = [];
    for await (const next of client.subscribe([envelope.contentTopic], stop.signal, () => void client.publish([envelope]))) {
      got.push(next);
      stop.abort();
    }
    expect(got).toEqual([envelope]);
  });

  test('a stream that the node ends is an error, so that somebody begins another', async () => {
    const client = createNodeClient(node.url);
    const follow = async (): Promise<void> => {
      for await (const _ of client.subscribe(['/xmtp/0/m-x/proto'], new AbortController().signal, () => void node.close()));
    };
    expect(['failed', 'unreachable']).toContain(await reason(follow));
  });

  test('a probe tells version, time on the way and the difference of the clocks', async () => {
    const client = createNodeClient(node.url);
    expect(client.clockSkewMs()).toBeNull();
    const probe = await client.probe();
    expect(probe.version).toMatch(/^\d+\.\d+/);
    expect(probe.roundTripMs).toBeGreaterThanOrEqual(0);
    expect(Math.abs(probe.clockSkewMs ?? Number.NaN)).toBeLessThan(60_000);
    expect(client.clockSkewMs()).toBe(probe.clockSkewMs);
  });
});

describe('with a hostile or broken node', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });

  const serve = async (listener: RequestListener): Promise<string> => {
    server = createServer(listener);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const head = { 'content-type': 'application/grpc-web+proto' };
  const topics = ['/xmtp/0/m-x/proto'];
  /** Field 1 of a message, twice in the same way: envelopes of a response, cursors of a paging. */
  const field = (number: number, body: Uint8Array): Buffer => Buffer.concat([Buffer.of((number << 3) | 2, body.length), body]);
  const frame = (flags: number, body: Uint8Array): Buffer => {
    const lead = Buffer.alloc(5);
    lead[0] = flags;
    lead.writeUInt32BE(body.length, 1);
    return Buffer.concat([lead, body]);
  };
  const ok = frame(0x80, Buffer.from('grpc-status: 0\r\n'));

  test('an answer without end is cut off', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, head);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20)));
      };
      response.on('drain', more);
      response.write(frame(0, new Uint8Array(0)).fill(0x7f, 1));
      more();
    });
    expect(await reason(() => createNodeClient(url).query({ topics }))).toBe('wrong');
  });

  test('an answer that announces too much is not read', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { ...head, 'content-length': maxResponseLength + 1 });
      response.flushHeaders();
    });
    expect(await reason(() => createNodeClient(url).query({ topics }))).toBe('wrong');
  });

  test('a frame of a stream that announces too much is not waited for', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, head);
      const lead = Buffer.alloc(5);
      lead.writeUInt32BE(maxFrameLength + 1, 1);
      // Split where it hurts: within the length, behind a whole frame.
      response.write(Buffer.concat([frame(0, field(1, Buffer.from(topics[0] ?? ''))), lead.subarray(0, 3)]), () => {
        setTimeout(() => response.write(lead.subarray(3)), 20);
      });
    });
    const got: Envelope[] = [];
    const follow = async (): Promise<void> => {
      for await (const envelope of createNodeClient(url).subscribe(topics, new AbortController().signal)) got.push(envelope);
    };
    expect(await reason(follow)).toBe('wrong');
    expect(got.map(({ contentTopic }) => contentTopic)).toEqual(topics);
  });

  test('a cursor that stands still ends the reading', async () => {
    let asked = 0;
    // QueryResponse { paging_info (2): { cursor (2): { index (1): { digest (1) } } } }
    const answer = field(2, field(2, field(1, field(1, Buffer.of(7)))));
    const url = await serve((_, response) => {
      asked++;
      response.writeHead(200, head);
      response.end(Buffer.concat([frame(0, answer), ok]));
    });
    expect(await reason(() => gather(createNodeClient(url).pages({ topics })))).toBe('wrong');
    expect(asked).toBe(2);
  });

  test('a cursor that goes back ends the reading, in either direction', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      const digest = Buffer.of(1 + (asked++ % 3));
      response.writeHead(200, head);
      response.end(Buffer.concat([frame(0, field(2, field(2, field(1, field(1, digest))))), ok]));
    });
    expect(await reason(() => gather(createNodeClient(url).pages({ topics })))).toBe('wrong');
    expect(asked).toBe(4);
    asked = 0;
    expect(await reason(() => gather(createNodeClient(url).pages({ topics, direction: 'descending' })))).toBe('wrong');
    expect(asked).toBe(2);
  });

  test('an answer that is too long is asked for in smaller pages', async () => {
    const limits: number[] = [];
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { pagingInfo } = fromBinary(QueryRequestSchema, Buffer.concat(chunks).subarray(5));
      const limit = pagingInfo?.limit ?? 0;
      limits.push(limit);
      response.writeHead(200, { ...head, ...(limit > 6 && { 'content-length': maxResponseLength + 1 }) });
      if (limit > 6) return response.flushHeaders();
      const digest = field(1, Buffer.of(limits.length));
      const paging = limits.length < 8 ? field(2, field(2, field(1, digest))) : Buffer.alloc(0);
      response.end(Buffer.concat([frame(0, Buffer.concat([field(1, field(1, Buffer.from(topics[0] ?? ''))), paging])), ok]));
    });
    expect(await gather(createNodeClient(url).pages({ topics }))).toHaveLength(4);
    expect(limits).toEqual([100, 50, 25, 12, 6, 6, 6, 6]);
  });

  test('envelopes of topics that nobody asked for are left out', async () => {
    const answer = Buffer.concat(['/xmtp/0/m-y/proto', topics[0] ?? ''].map((topic) => field(1, field(1, Buffer.from(topic)))));
    const url = await serve((_, response) => {
      response.writeHead(200, head);
      response.end(Buffer.concat([frame(0, answer), ok]));
    });
    const { envelopes } = await createNodeClient(url).query({ topics });
    expect(envelopes.map(({ contentTopic }) => contentTopic)).toEqual(topics);
  });

  test('silence ends at the deadline', async () => {
    const url = await serve(() => {});
    expect(await reason(() => createNodeClient(url, { timeoutMs: 100 }).query({ topics }))).toBe('unreachable');
    expect(await reason(() => createNodeClient(url, { timeoutMs: 100 }).probe())).toBe('unreachable');
  });

  test('what is no node is known as none, and no redirect is followed', async () => {
    const paths: string[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url ?? '');
      if (request.url?.endsWith('/elsewhere')) response.end('gotcha');
      else if (request.url === '/healthz') response.end('{"version":"1"}');
      else response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await reason(() => createNodeClient(url).query({ topics }))).not.toBe('no error');
    expect(await reason(() => createNodeClient(url).probe())).not.toBe('no error');
    expect(paths).not.toContain('/elsewhere');
  });

  test.each([
    [200, 'wrong'],
    [403, 'wrong'],
    [404, 'wrong'],
    [429, 'limited'],
    [502, 'failed'],
  ] as const)('a page of status %i in between is never a refusal for good', async (status, expected) => {
    const url = await serve((_, response) => response.writeHead(status, { 'content-type': 'text/html' }).end('<html>'));
    const client = createNodeClient(url, { authToken: () => tokenOf() });
    expect(await reason(() => client.publish([contactEnvelope(alice, 2, now)]))).toBe(expected);
  });
});

describe('what a call threw', () => {
  test.each([
    [Code.Unauthenticated, 'unauthorised'],
    [Code.InvalidArgument, 'refused'],
    [Code.PermissionDenied, 'refused'],
    [Code.ResourceExhausted, 'limited'],
    [Code.Unavailable, 'failed'],
    [Code.Internal, 'failed'],
    [Code.DeadlineExceeded, 'unreachable'],
    [Code.Unimplemented, 'wrong'],
  ] as const)('with code %i is %s', (code, expected) => {
    expect(toNodeError(new ConnectError('x', code)).reason).toBe(expected);
  });

  test('says when to come again, within an hour', () => {
    const limited = (value: string) => toNodeError(new ConnectError('x', Code.ResourceExhausted, { 'retry-after': value })).retryAfterMs;
    expect([limited('7'), limited('999999'), limited('-1'), limited('soon')]).toEqual([7_000, 3_600_000, null, null]);
  });

  test('by a broken connection is unreachable', () => {
    expect(toNodeError(new TypeError('Failed to fetch')).reason).toBe('unreachable');
  });
});
