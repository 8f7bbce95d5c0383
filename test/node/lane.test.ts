import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRequest } from '../../src/node/lane.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';

const request = (text: string): Buffer => Buffer.from(text, 'latin1');
const post = (headers: string, body = ''): string => `POST /a HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`;

describe('what a lane takes for a request', () => {
  test('is one with a length, whole', () => {
    expect(parseRequest(request(post('Content-Length: 2\r\nX-Some:  thing \t\r\n', '{}')))).toEqual({
      method: 'POST',
      target: '/a',
      headers: { host: 'x', 'content-length': '2', 'x-some': 'thing' },
      body: Buffer.from('{}'),
    });
    expect(parseRequest(request('OPTIONS /a?b HTTP/1.1\r\nhost: x\r\n\r\n'))).toMatchObject({ method: 'OPTIONS', target: '/a?b' });
  });

  test.each([
    ['no end of its head', 'POST /a HTTP/1.1\r\nhost: x\r\n'],
    ['less than its length', post('content-length: 3\r\n', '{}')],
  ])('is waited for with %s', (_what, text) => {
    expect(parseRequest(request(text))).toBe('part');
  });

  test.each([
    ['another method', 'GET /a HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['another version', 'POST /a HTTP/1.0\r\nhost: x\r\ncontent-length: 0\r\n\r\n'],
    ['something that is no HTTP', '\x16\x03\x01\x02'],
    ['no host', 'POST /a HTTP/1.1\r\ncontent-length: 0\r\n\r\n'],
    ['no length', post('')],
    ['two lengths', post('content-length: 2\r\ncontent-length: 2\r\n', '{}')],
    ['a length that is no number', post('content-length: +2\r\n', '{}')],
    ['chunks', post('transfer-encoding: chunked\r\n', '0\r\n\r\n')],
    ['chunks and a length', post('content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n')],
    ['an upgrade', post('content-length: 0\r\nupgrade: h2c\r\nconnection: upgrade\r\n')],
    ['an end of its connection', post('content-length: 0\r\nconnection: close\r\n')],
    ['a wish to be told to go on', post('content-length: 2\r\nexpect: 100-continue\r\n')],
    ['a line that is folded', post('x: a\r\n b\r\ncontent-length: 0\r\n')],
    ['a blank before the colon', post('x : a\r\ncontent-length: 0\r\n')],
    ['a line without a colon', post('x\r\ncontent-length: 0\r\n')],
    ['a lone line feed', post('x: a\ncontent-length: 0\r\n')],
    ['a control character', post('x: a\0\r\ncontent-length: 0\r\n')],
    ['more behind it', post('content-length: 2\r\n', '{}POST')],
    ['a head that is too long', post(`x: ${'a'.repeat(20_000)}\r\ncontent-length: 0\r\n`)],
    ['a head that does not end', `POST /a HTTP/1.1\r\nx: ${'a'.repeat(20_000)}`],
    ['a body that is too long', post('content-length: 100000\r\n')],
    ['a header that objects have', post('constructor: x\r\ncontent-length: 0\r\n')],
  ])('is not one with %s', (_what, text) => {
    expect(parseRequest(request(text))).toBe('other');
  });
});

describe('a connection', () => {
  let node: RunningNode;
  beforeAll(async () => {
    node = await startNode({ compat: true });
  });
  afterAll(() => node.close());

  const body = '{"contentTopics":["a"]}';
  const query = `POST /message/v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const answer = '"envelopes":[]';

  /** Everything that comes after these pieces, until these marks are in it, in order. */
  async function talk(pieces: readonly string[], marks: readonly string[]): Promise<string> {
    const socket: Socket = connect(node.port, '127.0.0.1');
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
    });
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20)); // so that they arrive one by one
    }
    const inOrder = (): boolean => {
      let at = 0;
      return marks.every((mark) => {
        at = text.indexOf(mark, at) + mark.length;
        return at >= mark.length;
      });
    };
    while (!inOrder() && !socket.closed) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.destroy();
    return text;
  }

  test('is answered as often as it asks, also about what it may', async () => {
    const preflight = 'OPTIONS /message/v1/query HTTP/1.1\r\nhost: x\r\naccess-control-request-private-network: true\r\n\r\n';
    const text = await talk([query, preflight, query], [answer, '204 No Content', answer]);
    expect(text).toMatch(/access-control-allow-private-network: true/);
    expect(text).toMatch(/date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/i);
  });

  test('has every head read for what it is, also after one that is nearly the same', async () => {
    const unknown = query.replace('v1/query', 'v1/quern');
    const longer = query.replace(`content-length: ${body.length}`, `content-length: ${body.length + 1}`).replace(body, ` ${body}`);
    await talk([query, query, unknown, query, longer, longer, query], [answer, answer, '404', answer, answer, answer, answer]);
  });

  test('may send its requests in pieces, or before the answers', async () => {
    await talk([query.slice(0, 40), query.slice(40, 90), query.slice(90)], [answer]);
    await talk([...query], [answer]);
    await talk([query + query + query], [answer, answer, answer]);
    await talk([query, query + query.slice(0, 30), query.slice(30)], [answer, answer, answer]);
  });

  test('goes on with whatever else there is: chunks, pages, streams, large bodies', async () => {
    const chunked = `POST /message/v1/query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const page = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
    await talk([query, page, chunked, query], [answer, '"ok"', answer, answer]);
    const topics = JSON.stringify({ contentTopics: Array.from({ length: 90 }, (_, index) => `${index}`.padEnd(290, '-')) });
    const large = JSON.stringify({ contentTopics: ['a'], more: topics.repeat(10) });
    await talk(
      [query, `POST /message/v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: ${large.length}\r\n\r\n`, large, query],
      [answer, answer, answer],
    );
    await talk(
      [query, `POST /message/v1/subscribe HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`],
      [answer, 'grpc-metadata-subscribed: true'],
    );
    expect(await talk([query, query.replace('host', 'connection: close\r\nhost')], [answer, answer, 'never'])).toContain(
      'onnection: close',
    );
  });

  test('that stops to send is answered, and closed', async () => {
    const socket = connect({ port: node.port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
    });
    socket.end(query);
    await once(socket, 'end');
    expect(text).toContain(answer);
    socket.destroy();
  });
});
