import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openLane } from '../../src/node/lane.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice } from '../support/people.ts';
import { bearer, gateway } from './clients.ts';

let node: RunningNode;
beforeAll(async () => {
  node = await startNode({ compat: true, limits: { walletPublishRate: 0, networkPublishRate: 0, networkReadRate: 0 } });
});
afterAll(() => node.close());
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const json = JSON.stringify;
const authorization = `authorization: ${bearer(alice)['authorization']}`;
const stamped = (topic: string): string => json({ envelopes: [{ contentTopic: topic, timestampNs: '1', message: 'YQ==' }] });
/** A publish, which leaves a row if anybody takes it for a request. */
const publish = (topic: string): string => {
  const body = stamped(topic);
  return `POST /message/v1/publish HTTP/1.1\r\nhost: x\r\n${authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
};
const queryBody = json({ contentTopics: ['a'] });
const query = `POST /message/v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: ${queryBody.length}\r\n\r\n${queryBody}`;
const rowsOf = async (topic: string): Promise<number> =>
  ((await gateway(node.url, 'query', { contentTopics: [topic] })).body['envelopes'] as unknown[]).length;

function open(): { socket: Socket; text: () => string } {
  const socket = connect({ port: node.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('error', () => {}); // its close follows
  return { socket, text: () => text };
}

/** Sends these pieces one by one, what follows a whole question once that is answered, and then its end; answers all that comes back. */
async function say(...pieces: string[]): Promise<string> {
  const { socket, text } = open();
  for (const piece of pieces) {
    const before = statuses(text()).length;
    if (socket.writable) socket.write(piece, 'latin1');
    await new Promise((resolve) => setTimeout(resolve, 15)); // so that they arrive one by one
    while (piece === query && socket.readable && statuses(text()).length === before)
      await Promise.race(['data', 'end', 'close'].map((event) => once(socket, event)));
  }
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]);
  if (socket.writable) socket.end();
  if (!socket.readableEnded && !socket.closed) await ended;
  return text();
}
const statuses = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

describe('a request that two readers could take for different things', () => {
  let count = 0;
  // What is hidden lies where one of the readers sees a body and another the next request.
  const ambiguous: readonly (readonly [string, (hidden: string) => string])[] = [
    ['a length and chunks', (hidden) => `content-length: ${5 + hidden.length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['chunks and a length', (hidden) => `transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n${hidden}`],
    ['two lengths', (hidden) => `content-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`],
    ['two lengths in one header', (hidden) => `content-length: 0, ${hidden.length}\r\n\r\n${hidden}`],
    ['a length with a sign', (hidden) => `content-length: +0\r\n\r\n${hidden}`],
    ['a negative length', (hidden) => `content-length: -1\r\n\r\n${hidden}`],
    ['a length in hexadecimal', (hidden) => `content-length: 0x0\r\n\r\n${hidden}`],
    ['a coding that is none', (hidden) => `transfer-encoding: xchunked\r\ncontent-length: 0\r\n\r\n${hidden}`],
    ['chunks that are not the last coding', (hidden) => `transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    ['a blank before the colon of its coding', (hidden) => `transfer-encoding : chunked\r\ncontent-length: 0\r\n\r\n${hidden}`],
    ['a lone line feed before its coding', (hidden) => `x: a\ntransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n${hidden}`],
    ['a lone carriage return before its coding', (hidden) => `x: a\rtransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n${hidden}`],
    ['a head that ends by line feeds alone', (hidden) => `content-length: ${hidden.length}\n\n${hidden}`],
    ['a null in a header', (hidden) => `x: a\0\r\ncontent-length: 0\r\n\r\n${hidden}`],
    ['chunks of a size that is none', (hidden) => `transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n${hidden}`],
    ['chunks that end by line feeds alone', (hidden) => `transfer-encoding: chunked\r\n\r\n0\n\n${hidden}`],
  ];

  test.each(ambiguous)('by %s is refused, and nothing behind it is read, as the first or after others', async (_what, rest) => {
    const topic = `hidden-${count++}`;
    const attack = `POST /message/v1/query HTTP/1.1\r\nhost: x\r\n${rest(publish(topic))}`;
    expect(statuses(await say(attack))).toEqual([400]);
    expect(statuses(await say(query, attack))).toEqual([200, 400]);
    expect(statuses(await say(query + attack)).at(-1)).toBe(400);
    expect(await rowsOf(topic)).toBe(0);
  });

  test('by a folded header has the length that the fold says, for one reader as for the other', async () => {
    const topic = 'hidden-folded';
    const hidden = publish(topic);
    const text = await say(
      query,
      `POST /message/v1/query HTTP/1.1\r\nhost: x\r\nx: a\r\n content-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
    );
    expect(statuses(text)[0]).toBe(200);
    expect(statuses(text)).toHaveLength(2);
    expect(await rowsOf(topic)).toBe(0);
  });
});

describe('a request that is not plainly whole', () => {
  const withHeader = (header: string): string => query.replace('host', `${header}\r\nhost`);

  test('and wants to be told to go on is told so', async () => {
    const [head, body] = withHeader('expect: 100-continue').split('\r\n\r\n') as [string, string];
    expect(statuses(await say(query, `${head}\r\n\r\n`, body, query))).toEqual([200, 100, 200, 200]);
  });

  test('and wants another protocol gets its answer by this one', async () => {
    for (const wish of [
      'connection: upgrade\r\nupgrade: websocket',
      'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk',
    ])
      expect(statuses(await say(query, withHeader(wish), query))).toEqual([200, 200, 200]);
  });

  test('and has a head without end, or of many headers, is cut short', async () => {
    expect(statuses(await say(query, `POST /a HTTP/1.1\r\nx: ${'a'.repeat(70_000)}`))).toEqual([200, 431]);
    expect(statuses(await say(query, `POST /a HTTP/1.1\r\n${'x: a\r\n'.repeat(10_000)}`))).toEqual([200, 431]);
  });

  test('and comes byte by byte is for Node, which has a limit for its time', async () => {
    expect(statuses(await say(...query.slice(0, 20), query.slice(20), query))).toEqual([200, 200]);
  });
});

test('thousands of requests at once from one who reads no answers keep nobody else from theirs', async () => {
  const socket = connect({ port: node.port, host: '127.0.0.1' });
  sockets.push(socket);
  socket.pause();
  socket.on('error', () => {});
  for (let n = 0; n < 20; n++) socket.write(query.repeat(1000));
  const before = process.memoryUsage().rss;
  for (let n = 0; n < 20; n++) expect((await gateway(node.url, 'query', { contentTopics: ['a'] })).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
  expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
});

describe('a lane', () => {
  /** A socket that never was one. */
  class Stub extends EventEmitter {
    destroyed = false;
    writable = true;
    readableEnded = false;
    writableNeedDrain = false;
    ended = 0;
    paused = false;
    setTimeout(): this {
      return this;
    }
    pause(): void {
      this.paused = true;
    }
    resume(): void {
      this.paused = false;
    }
    end(): void {
      this.ended += 1;
    }
    destroy(): void {
      this.destroyed = true;
    }
  }
  const lane = (serve: () => Promise<void> | null): { stub: Stub; handed: Buffer[] } => {
    const stub = new Stub();
    const handed: Buffer[] = [];
    openLane(stub as unknown as Socket, { serve, handOver: (unread) => handed.push(unread) });
    return { stub, handed };
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('is closed when nothing comes for a while, also in the middle of a request, and not while it answers', async () => {
    const idle = lane(() => null);
    idle.stub.emit('data', Buffer.from(query.slice(0, 50)));
    idle.stub.emit('timeout');
    expect(idle.stub.destroyed).toBe(true);
    const busy = lane(() => new Promise(() => {}));
    busy.stub.emit('data', Buffer.from(query));
    busy.stub.emit('timeout');
    expect(busy.stub.destroyed).toBe(false);
  });

  test('reads nothing more while it answers, nor while answers are not read', async () => {
    let done = (): void => {};
    const { stub, handed } = lane(
      () =>
        new Promise((resolve) => {
          done = resolve;
        }),
    );
    stub.emit('data', Buffer.from(query));
    stub.emit('data', Buffer.from(query));
    expect([stub.paused, handed.length]).toEqual([true, 0]);
    done();
    await turn();
    expect(handed.map(String)).toEqual([query]);

    const slow = lane(() => Promise.resolve());
    slow.stub.writableNeedDrain = true;
    slow.stub.emit('data', Buffer.from(query));
    await turn();
    expect(slow.stub.paused).toBe(true);
    slow.stub.writableNeedDrain = false;
    slow.stub.emit('drain');
    expect(slow.stub.paused).toBe(false);
  });

  test('answers what came before the end of its connection, and cannot hand over any more', async () => {
    for (const [second, answers] of [
      [query, 2],
      [query.slice(0, 40), 1],
      ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', 1],
    ] as const) {
      let served = 0;
      const { stub, handed } = lane(async () => {
        served += 1;
      });
      stub.emit('data', Buffer.from(query));
      stub.emit('data', Buffer.from(second));
      stub.readableEnded = true;
      stub.emit('end');
      await turn();
      expect({ served, handed, ended: stub.ended }).toEqual({ served: answers, handed: [], ended: 1 });
    }
  });

  test('ends with its connection, and nothing else, when answering fails', async () => {
    const { stub } = lane(() => Promise.reject(new Error('unforeseen')));
    stub.emit('data', Buffer.from(query));
    await turn();
    expect(stub.destroyed).toBe(true);
  });

  test('holds no more than it would read for one request', () => {
    const { stub, handed } = lane(() => null);
    stub.emit('data', Buffer.from(`POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 65000\r\n\r\n`));
    stub.emit('data', Buffer.alloc(60_000));
    stub.emit('data', Buffer.alloc(1));
    expect(handed.map(({ length }) => length)).toEqual([60_000 + 1 + 52]);
  });
});
