import { checkEnvelope } from '../../../src/node/topic-rules.ts';
import type { Address } from '../../../src/protocol/address.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { fromBase64, toBase64 } from '../../../src/protocol/bytes.ts';
import { envelopeDigest } from '../../../src/protocol/envelope.ts';
import { decodePrivateBundle } from '../../../src/protocol/private-keys.ts';
import { bearer } from '../../node/clients.ts';
import { alice } from '../../support/people.ts';
import { type Check, Fields, same, type Vector } from '../vector.ts';
import { exchange, withNode } from './node-exchange.ts';

/** The digest by which a node orders rows of equal time and finds repetitions; this file writes bytes in base64, as the wire does. */
const rowDigest = ({ in: given, out }: Vector): void => {
  const digest = envelopeDigest(given.text('contentTopic'), fromBase64(given.text('message')));
  same(toBase64(digest), out.text('digest'), 'digest');
};

/** Whether a wallet may publish to a topic, whether it is then kept, and how many rows a page of it may have. */
const permission = async ({ in: given, out, actors }: Vector): Promise<void> => {
  const topic = given.text('topic');
  const wallet = given.text('wallet');
  const actor = actors.find((each) => each.text('address') === wallet && each.has('privateKeyBundle'));
  if (!actor) {
    // Without the wallet's keys there is no token: the rule itself has to answer.
    let allowed = true;
    try {
      checkEnvelope({ topic, timestampNs: 1n, message: new Uint8Array(0) }, wallet as Address, { compat: true, nowMs: 0 });
    } catch {
      allowed = false;
    }
    same(allowed, out.flag('allowed'), 'allowed');
    return;
  }
  const authorization = `Bearer ${createAuthToken(decodePrivateBundle(actor.bytes('privateKeyBundle')))}`;
  await withNode([], async (node) => {
    const envelope = { contentTopic: topic, timestampNs: '1669852800112000000', message: 'YQ==' };
    const answer = await exchange(node, 'publish', { envelopes: [envelope] }, { authorization });
    same(!answer.has('code'), out.flag('allowed'), 'allowed');
    if (!out.flag('allowed')) same(answer.raw('message'), 'publishing to restricted topic', 'message');
    const kept = await exchange(node, 'query', { contentTopics: [topic] });
    same(kept.list('envelopes').length, out.flag('allowed') && out.flag('stored') ? 1 : 0, 'rows kept');
    const most = Number(out.raw('maxRowsPerQuery'));
    for (const limit of [most, most + 1]) {
      const page = await exchange(node, 'query', { contentTopics: [topic], pagingInfo: { limit } });
      same(page.has('code'), limit > most, `a page of ${limit} is refused`);
    }
  });
};

const size = async ({ in: given, out }: Vector): Promise<void> =>
  withNode([], async (node) => {
    const message = toBase64(new Uint8Array(Number(given.raw('messageBytes'))));
    const envelope = { contentTopic: given.text('topic'), timestampNs: '1669852800112000000', message };
    const answer = await exchange(node, 'publish', { envelopes: [envelope] }, bearer(alice));
    if (out.flag('ok')) same(answer.has('code'), false, 'refused');
    else refusedAs(answer, out);
  });

const refusedAs = (answer: Fields, out: Fields): void => {
  same(answer.raw('code'), out.raw('code'), 'code');
  same(answer.raw('message'), out.raw('message'), 'message');
};

const query = async ({ in: given, out }: Vector): Promise<void> =>
  withNode(given.has('stored') ? given.list('stored') : [], async (node) => {
    const answer = await exchange(node, 'query', given.raw('request'));
    if (out.has('response')) same(answer.all, out.raw('response'), 'response');
    else refusedAs(answer, out);
  });

const pages = async ({ in: given, out }: Vector): Promise<void> =>
  withNode(given.list('stored'), async (node) => {
    for (const [index, page] of out.list('pages').entries()) {
      const { request, response } = new Fields(page).all;
      same((await exchange(node, 'query', request)).all, response, `page ${index}`);
    }
  });

const batch = async ({ in: given, out }: Vector): Promise<void> =>
  withNode([], async (node) => {
    const asked = given.raw('requests');
    // A plain number stands for that many queries that are good each.
    const requests =
      typeof asked === 'number' ? Array.from({ length: asked }, () => ({ contentTopics: ['/xmtp/0/m-a/proto'] })) : given.list('requests');
    refusedAs(await exchange(node, 'batch-query', { requests }), out);
  });

const repeats = async ({ in: given, out }: Vector): Promise<void> =>
  withNode([], async (node) => {
    const envelopes = given.has('envelopes') ? given.list('envelopes') : [given.raw('envelope'), given.raw('envelope')];
    for (const envelope of envelopes) same((await exchange(node, 'publish', { envelopes: [envelope] }, bearer(alice))).all, {}, 'answer');
    const topics = [...new Set(envelopes.map((envelope) => new Fields(envelope).text('contentTopic')))];
    const rows = await exchange(node, 'query', { contentTopics: topics });
    same(rows.list('envelopes').length, out.raw('storedRows'), 'storedRows');
  });

/** What a node permits, limits and answers, asked of our node as it runs with `--compat`. */
export const nodeRules: readonly Check[] = [
  { needs: ['contentTopic', 'timestampNs', 'message'], run: rowDigest },
  { needs: ['topic', 'wallet'], run: permission },
  { needs: ['topic', 'messageBytes'], run: size },
  { needs: ['request'], run: query },
  { needs: ['stored'], when: ({ out }) => out.has('pages'), run: pages },
  { needs: ['requests'], run: batch },
  { needs: ['envelope'], run: repeats },
  { needs: ['envelopes'], run: repeats },
];
