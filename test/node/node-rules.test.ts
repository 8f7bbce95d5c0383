import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toRefusal } from '../../src/node/refusal.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { checkEnvelope } from '../../src/node/topic-rules.ts';
import type { Address } from '../../src/protocol/address.ts';
import { fromHex, toBase64 } from '../../src/protocol/bytes.ts';
import { envelopeDigest } from '../../src/protocol/envelope.ts';
import { alice } from '../support/people.ts';
import { bearer, gateway } from './clients.ts';

interface Case<In = Record<string, unknown>, Out = Record<string, unknown>> {
  readonly id: string;
  readonly category: string;
  readonly informative?: boolean;
  readonly in: In;
  readonly out: Out;
}
interface JsonEnvelope {
  readonly contentTopic: string;
  readonly timestampNs: string;
  readonly message: string;
}
interface Exchange {
  readonly path?: string;
  readonly body: unknown;
  readonly response?: unknown;
}

const read = (file: string): Case[] =>
  (JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8')) as { cases: Case[] }).cases.filter(
    ({ informative }) => !informative,
  );
const rules = read('node-rules');
const wire = read('wire-json');
/** The cases of these categories, whose members are as the caller says. */
const casesOf = <In, Out>(...categories: string[]) =>
  rules.filter(({ category }) => categories.includes(category)) as Case[] as Case<In, Out>[];

async function withNode(stored: readonly JsonEnvelope[], work: (node: RunningNode) => Promise<void>): Promise<void> {
  const node = await startNode({ compat: true });
  try {
    if (stored.length > 0) expect(await gateway(node.url, 'publish', { envelopes: stored }, bearer(alice))).toMatchObject({ status: 200 });
    await work(node);
  } finally {
    await node.close();
  }
}
const ask = async (node: RunningNode, path: string, request: unknown) => (await gateway(node.url, path, request)).body;

describe('the rules of existing nodes', () => {
  test.each(casesOf<{ topic: string; wallet: Address }, { allowed: boolean }>('publish-permission'))(
    '$id',
    ({ in: { topic, wallet }, out }) => {
      const publish = () => checkEnvelope({ topic, timestampNs: 1n, message: new Uint8Array(0) }, wallet, { compat: true, nowMs: 0 });
      if (out.allowed) expect(publish().topic).toBe(topic);
      else expect(publish).toThrow('publishing to restricted topic');
    },
  );

  test.each(casesOf<{ topic: string; messageBytes: number }, { ok: boolean; code?: number; message?: string }>('publish-size'))(
    '$id',
    ({ in: { topic, messageBytes }, out: { ok, code, message } }) => {
      let refused: { code: number; message: string } | undefined;
      try {
        checkEnvelope({ topic, timestampNs: 1n, message: new Uint8Array(messageBytes) }, alice.address, { compat: true, nowMs: 0 });
      } catch (error) {
        const { code: is, rawMessage } = toRefusal(error);
        refused = { code: is, message: rawMessage };
      }
      expect(refused).toEqual(ok ? undefined : { code, message });
    },
  );

  test.each(casesOf<JsonEnvelope, { digest: string }>('row-digest'))('$id', ({ in: { contentTopic, message }, out: { digest } }) => {
    expect(toBase64(envelopeDigest(contentTopic, Buffer.from(message, 'base64')))).toBe(digest);
  });

  const queries = [
    'query-default',
    'query-ascending',
    'query-window-inclusive',
    'query-two-topics',
    'query-exactly-full-page',
    'query-unknown-topic',
  ];
  test.each(casesOf<{ stored: JsonEnvelope[]; request: unknown }, { response: unknown }>(...queries))(
    '$id',
    ({ in: { stored, request }, out }) => withNode(stored, async (node) => expect(await ask(node, 'query', request)).toEqual(out.response)),
  );

  test.each(
    casesOf<{ stored: JsonEnvelope[] }, { pages: { request: unknown; response: unknown }[] }>(
      'query-pages-ascending',
      'query-pages-descending',
    ),
  )('$id', ({ in: { stored }, out: { pages } }) =>
    withNode(stored, async (node) => {
      for (const { request, response } of pages) expect(await ask(node, 'query', request)).toEqual(response);
    }),
  );

  const limits = ['query-without-topics', 'query-limit-101', 'query-preferences-limit-501', 'query-two-preference-topics-limit-101'];
  test.each(casesOf<{ request: unknown }, { code: number; message: string }>(...limits))(
    '$id',
    ({ in: { request }, out: { code, message } }) =>
      withNode([], async (node) => expect(await ask(node, 'query', request)).toEqual({ code, message, details: [] })),
  );

  test.each(
    casesOf<{ requests: number | unknown[] }, { code: number; message: string }>('batch-51-requests', 'batch-with-one-bad-request'),
  )('$id', ({ in: { requests }, out: { code, message } }) =>
    withNode([], async (node) => {
      const asked =
        typeof requests === 'number' ? Array.from({ length: requests }, () => ({ contentTopics: ['/xmtp/0/m-a/proto'] })) : requests;
      expect(await ask(node, 'batch-query', { requests: asked })).toEqual({ code, message, details: [] });
    }),
  );

  const repeats = casesOf<{ envelope?: JsonEnvelope; envelopes?: JsonEnvelope[] }, { storedRows: number }>(
    'publish-same-envelope-twice',
    'publish-same-message-other-timestamp',
  );
  test.each(repeats)('$id', ({ in: { envelope, envelopes = [envelope as JsonEnvelope, envelope as JsonEnvelope] }, out: { storedRows } }) =>
    withNode([], async (node) => {
      for (const each of envelopes) expect((await gateway(node.url, 'publish', { envelopes: [each] }, bearer(alice))).status).toBe(200);
      expect((await ask(node, 'query', { contentTopics: [envelopes[0]?.contentTopic] }))['envelopes']).toHaveLength(storedRows);
    }),
  );
});

describe('what existing clients send is answered as they expect it', () => {
  const familyOf = ({ id }: Case): string => id.split('/').at(-1) ?? '';

  // The cases of one family tell one story: what was published before is there for those after it.
  test.each([...new Set(wire.map(familyOf))])('family %s', async (family) => {
    const story = wire.filter((each) => familyOf(each) === family);
    const publish = story.find(({ category }) => category === 'publish') as Case<{ nowMs: string }, { headers: Record<string, string> }>;
    const node = await startNode({ compat: true, clock: () => Number(publish.in.nowMs) + 1000 });
    try {
      let answered = 0;
      for (const { in: input, out } of story) {
        for (const envelope of storedBefore(input['contentTopic'] as string, out['pages']))
          expect(await exchange(node, publish, { path: '/message/v1/publish', body: { envelopes: [envelope] } })).toEqual({});
        for (const call of (out['calls'] as Exchange[] | undefined) ?? [out as unknown as Exchange]) {
          if (call.response === undefined) continue;
          expect(await exchange(node, publish, call)).toEqual(call.response);
          answered++;
        }
      }
      expect(answered).toBeGreaterThan(5);
    } finally {
      await node.close();
    }
  });

  const exchange = async (
    node: RunningNode,
    publish: Case<unknown, { headers: Record<string, string> }>,
    { path = '/message/v1/query', body }: Exchange,
  ) => {
    const authorization = publish.out.headers['authorization'] ?? '';
    return (await gateway(node.url, path.slice('/message/v1/'.length), body, path.endsWith('publish') ? { authorization } : {})).body;
  };

  /** What a case reads page by page was there before; its bytes are in hex. */
  const storedBefore = (contentTopic: string, pages: unknown): JsonEnvelope[] =>
    ((pages as { timestampNs: string; message: string }[][] | undefined) ?? [])
      .flat()
      .map(({ timestampNs, message }) => ({ contentTopic, timestampNs, message: toBase64(fromHex(message)) }));
});
