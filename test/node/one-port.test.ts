import { readFileSync } from 'node:fs';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice, bob, carol } from '../support/people.ts';
import {
  api,
  bearer,
  contactEnvelope,
  gateway,
  invitationEnvelopes,
  jsonEnvelope,
  messageEnvelope,
  openByHand,
  plain,
  transports,
} from './clients.ts';

const packageVersion = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
let node: RunningNode;
const now = Date.now();
beforeAll(async () => {
  node = await startNode({ pages: 'public' });
});
afterAll(() => node.close());

describe.each(Object.keys(transports) as (keyof typeof transports)[])('%s', (name) => {
  test('publishes and queries', async () => {
    const client = api(node.url, name);
    const envelope = await messageEnvelope(alice, bob, now + name.length, name);
    await client.publish({ envelopes: [envelope] }, { headers: bearer(alice) });
    const { envelopes } = await client.query({ contentTopics: [envelope.contentTopic] });
    expect(envelopes.map(plain)).toContainEqual(envelope);
  });

  test('streams what is published from now on, once', async () => {
    const client = api(node.url, name);
    const envelope = await messageEnvelope(bob, carol, now + 1000 + name.length, name);
    const stop = new AbortController();
    let opened: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const stream = client.subscribe({ contentTopics: [envelope.contentTopic] }, { signal: stop.signal, onHeader: () => opened() });
    const first = stream[Symbol.asyncIterator]().next();
    await open;
    await api(node.url).publish({ envelopes: [envelope] }, { headers: bearer(bob) });
    const { value } = await first;
    expect(plain(value)).toEqual(envelope);
    stop.abort();
  });

  test('says why it refuses', async () => {
    const envelope = await messageEnvelope(alice, bob, now);
    const refused = await api(node.url, name)
      .publish({ envelopes: [envelope] })
      .catch((error: unknown) => ConnectError.from(error));
    expect(refused).toMatchObject({ code: Code.Unauthenticated });
    const unknown = await api(node.url, name)
      .query({ contentTopics: [] })
      .catch((error: unknown) => ConnectError.from(error));
    expect(unknown).toMatchObject({ code: Code.InvalidArgument, rawMessage: 'content topics required' });
  });
});

describe('the JSON gateway', () => {
  test('publishes and queries, with numbers as texts and unset members written out', async () => {
    const envelope = await messageEnvelope(alice, carol, now);
    expect(await gateway(node.url, 'publish', { envelopes: [jsonEnvelope(envelope)] }, bearer(alice))).toMatchObject({
      status: 200,
      body: {},
    });
    const { body } = await gateway(node.url, 'query', {
      contentTopics: [envelope.contentTopic],
      pagingInfo: { direction: 'SORT_DIRECTION_ASCENDING' },
    });
    expect(body['envelopes']).toContainEqual(jsonEnvelope(envelope));
    expect(body['pagingInfo']).toEqual({ limit: 0, cursor: null, direction: 'SORT_DIRECTION_ASCENDING' });
  });

  test('answers an empty topic with an empty list', async () => {
    expect((await gateway(node.url, 'query', { contentTopics: ['/xmtp/0/m-none/proto'] })).body['envelopes']).toEqual([]);
  });

  test('says no with code, message and details', async () => {
    expect(await gateway(node.url, 'query', {})).toMatchObject({
      status: 400,
      body: { code: 3, message: 'content topics required', details: [] },
    });
    expect(await gateway(node.url, 'nothing', {})).toMatchObject({ status: 404, body: { code: 5, details: [] } });
    expect(await gateway(node.url, 'publish', { envelopes: [] })).toMatchObject({ status: 401, body: { code: 16 } });
  });

  test('opens a stream at once and sends a line for each envelope', async () => {
    const envelope = await messageEnvelope(carol, alice, now + 5000);
    const stop = new AbortController();
    const response = await fetch(`${node.url}/message/v1/subscribe`, {
      method: 'POST',
      body: JSON.stringify({ contentTopics: [envelope.contentTopic] }),
      signal: stop.signal,
    });
    await api(node.url).publish({ envelopes: [envelope] }, { headers: bearer(carol) });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\n')) text += (await reader?.read())?.value ?? '';
    expect(JSON.parse(text)).toEqual({ result: jsonEnvelope(envelope) });
    stop.abort();
  });
});

describe('the port', () => {
  test('answers a gRPC subscription with headers before anything was published', async () => {
    const stream = await openByHand(
      node.url,
      '/xmtp.message_api.v1.MessageApi/SubscribeAll',
      { 'content-type': 'application/grpc', te: 'trailers' },
      new Uint8Array(5),
    );
    expect(stream.headers).toMatchObject({ ':status': 200, subscribed: 'true' });
    stream.close();
  });

  test('lets browsers in from every origin, and tells them the time', async () => {
    const preflight = await fetch(`${node.url}/xmtp.message_api.v1.MessageApi/Publish`, {
      method: 'OPTIONS',
      headers: {
        origin: 'chrome-extension://x',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-grpc-web,x-client-version',
      },
    });
    expect(preflight.ok).toBe(true);
    const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase() ?? '';
    for (const header of ['authorization', 'x-grpc-web', 'x-client-version', 'content-type', 'connect-protocol-version', 'grpc-timeout'])
      expect(allowed).toContain(header);
    const answer = await fetch(`${node.url}/healthz`, { headers: { origin: 'https://a.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('date');
  });

  test('says that it is well, and which version it is', async () => {
    expect(await (await fetch(`${node.url}/healthz`)).json()).toEqual({ status: 'ok', name: 'parley', version: packageVersion });
    expect((await fetch(`${node.url}/readyz`)).ok).toBe(true);
  });

  test('serves the sample page under a strict policy, and nothing outside its folder', async () => {
    const page = await fetch(`${node.url}/demo`);
    expect(page.ok).toBe(true);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const path of ['/demo/../../package.json', '/demo/%2e%2e/%2e%2e/package.json', '/demo/nothing.js'])
      expect((await fetch(node.url + path)).status).toBe(404);
  });
});

test('everybody hears what everybody publishes', async () => {
  const stop = new AbortController();
  const heard: string[] = [];
  const listeners = await Promise.all(
    (Object.keys(transports) as (keyof typeof transports)[]).map(async (name) => {
      let opened: () => void = () => undefined;
      const open = new Promise<void>((resolve) => {
        opened = resolve;
      });
      const stream = api(node.url, name).subscribeAll({}, { signal: stop.signal, onHeader: () => opened() });
      const first = stream[Symbol.asyncIterator]()
        .next()
        .then(({ value }) => heard.push(`${name} ${value.contentTopic}`));
      await open;
      return { first };
    }),
  );
  const [envelope] = await invitationEnvelopes(alice, bob, now + 9000);
  if (!envelope) throw new Error('no envelope');
  await api(node.url).publish({ envelopes: [envelope] }, { headers: bearer(alice) });
  await Promise.all(listeners.map(({ first }) => first));
  expect(heard.toSorted()).toEqual(
    Object.keys(transports)
      .map((name) => `${name} ${envelope.contentTopic}`)
      .toSorted(),
  );
  stop.abort();
});

test('a batch answers in its own order', async () => {
  const envelopes = [contactEnvelope(alice, 1, now), contactEnvelope(alice, 2, now + 1)];
  for (const envelope of envelopes) await api(node.url).publish({ envelopes: [envelope] }, { headers: bearer(alice) });
  const topic = envelopes[0]?.contentTopic ?? '';
  const ask = (direction: SortDirection) => ({ contentTopics: [topic], pagingInfo: { limit: 1, direction } });
  const { responses } = await api(node.url).batchQuery({
    requests: [ask(SortDirection.ASCENDING), ask(SortDirection.DESCENDING), ask(SortDirection.UNSPECIFIED)],
  });
  expect(responses.map(({ envelopes: [first] }) => first?.timestampNs)).toEqual(
    [envelopes[0], envelopes[1], envelopes[1]].map((envelope) => envelope?.timestampNs),
  );
});
