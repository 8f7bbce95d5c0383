import type { RunningNode } from '../../../src/node/start-node.ts';
import { fromHex, toBase64 } from '../../../src/protocol/bytes.ts';
import { bearer } from '../../node/clients.ts';
import { alice } from '../../support/people.ts';
import { type Check, Fields, same, type Vector } from '../vector.ts';
import { envelopesOf, exchange, withNode } from './node-exchange.ts';

const pathOf = (call: Fields): string => (call.has('path') ? call.text('path').replace('/message/v1/', '') : 'query');

/** What an existing client publishes, with its own token at its own time, is taken and can be read again. */
const publish = async ({ in: given, out }: Vector): Promise<void> => {
  const nowMs = Number(given.long('nowMs'));
  const asked = out.fields('body').list('envelopes');
  await withNode(
    [],
    async (node) => {
      const authorization = out.fields('headers').text('authorization');
      same((await exchange(node, pathOf(out), out.raw('body'), { authorization })).all, out.raw('response'), 'response');
      for (const envelope of asked) {
        const rows = await exchange(node, 'query', { contentTopics: [new Fields(envelope).text('contentTopic')] });
        same(rows.list('envelopes'), [envelope], 'what was kept');
      }
    },
    () => nowMs + 1000,
  );
};

/** What an existing client asks is answered as it expects it, from a node that holds what the answer tells of. */
const ask = async ({ out }: Vector): Promise<void> => {
  const response = out.fields('response');
  const parts = response.has('responses') ? response.list('responses').map((part) => new Fields(part)) : [response];
  await withNode(parts.flatMap(envelopesOf), async (node) => {
    same((await exchange(node, pathOf(out), out.raw('body'))).all, out.raw('response'), 'response');
  });
};

/** All pages of a topic, from a node that holds what they hold. */
const pages = async ({ in: given, out }: Vector): Promise<void> => {
  const contentTopic = given.text('contentTopic');
  const rows = out.list('pages').flatMap((page) => (Array.isArray(page) ? page : [page]) as unknown[]);
  const stored = rows.map((row) => {
    const fields = new Fields(row);
    return { contentTopic, timestampNs: fields.text('timestampNs'), message: toBase64(fromHex(fields.text('message'))) };
  });
  await withNode(stored, async (node) => {
    for (const [index, each] of out.list('calls').entries()) {
      const call = new Fields(each);
      same((await exchange(node, pathOf(call), call.raw('body'))).all, call.raw('response'), `call ${index}`);
    }
  });
};

/** The stream of an existing client: what is published after it opened comes as the very lines that it reads. */
const subscribe = async ({ in: given, out }: Vector): Promise<void> =>
  withNode([], async (node) => {
    const expected = given.text('streamedBody');
    const lines = expected.trim().split('\n');
    const stop = new AbortController();
    const opened = await fetch(`${node.url}${out.text('path')}`, {
      method: 'POST',
      body: JSON.stringify(out.raw('body')),
      signal: stop.signal,
    });
    for (const line of lines) await publishLine(node, line);
    let received = '';
    const decoder = new TextDecoder();
    for await (const chunk of opened.body as unknown as AsyncIterable<Uint8Array>) {
      received += decoder.decode(chunk, { stream: true });
      if (received.split('\n').length > lines.length) break;
    }
    stop.abort();
    same(received, expected, 'streamedBody');
  });

const publishLine = async (node: RunningNode, line: string): Promise<void> => {
  const envelope = new Fields(JSON.parse(line)).raw('result');
  same((await exchange(node, 'publish', { envelopes: [envelope] }, bearer(alice))).all, {}, 'answer');
};

/** The JSON of existing clients, asked of our node as it runs with `--compat`. */
export const wireJson: readonly Check[] = [
  { needs: ['privateKeyBundle', 'envelopes'], run: publish },
  { needs: ['streamedBody'], run: subscribe },
  { needs: ['contentTopic'], when: ({ out }) => out.has('calls'), run: pages },
  { needs: [], when: ({ out }) => out.has('body') && out.has('response'), run: ask },
];
