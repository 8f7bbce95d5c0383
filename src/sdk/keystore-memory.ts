import Long from 'long';
import type { CallKeystore } from './keystore-wire.ts';
import type { Plain } from './plain.ts';

interface Reference {
  readonly topic: string;
}
interface Invited {
  readonly responses: readonly { readonly result?: { readonly conversation?: Reference } }[];
}
interface Batch {
  readonly requests: readonly Plain[];
}
interface Answers {
  readonly responses: readonly { readonly error?: { readonly code: number } }[];
}

/** The code of a keystore that has no key for a topic. */
const noKey = 2;

/**
 * The extension's background may be stopped at any time, and forgets then what calls have told it. So the page keeps by which call each topic became
 * known, tells it again where the keystore does not know it any more, and asks again; and how far a client has read is the client's own matter,
 * so that a new one reads everything once.
 */
export function keepTelling(call: CallKeystore): CallKeystore {
  const invites = new Map<string, Plain>();
  const begun = new Map<string, Plain>();
  const jobs = new Map<unknown, Long>();

  /** Whether there was anything to tell. */
  async function tellAgain(topics: readonly string[]): Promise<boolean> {
    const kept = (calls: ReadonlyMap<string, Plain>): Plain[] =>
      topics.flatMap((topic) => (calls.has(topic) ? [calls.get(topic) as Plain] : []));
    const requests = kept(invites);
    if (requests.length > 0) await call('saveInvites', { requests });
    const own = kept(begun);
    for (const request of own) await call('createInvite', request);
    return requests.length + own.length > 0;
  }

  async function batch(method: 'encryptV2' | 'decryptV2', request: Plain): Promise<Plain> {
    const answer = await call(method, request);
    const { requests } = request as unknown as Batch;
    const { responses } = answer as unknown as Answers;
    const unknown = [...requests.keys()].filter((index) => responses[index]?.error?.code === noKey);
    if (unknown.length === 0) return answer;
    const topics = new Set(unknown.map((index) => String(requests[index]?.['contentTopic'])));
    if (!(await tellAgain([...topics]))) return answer;
    const again = (await call(method, { requests: unknown.map((index) => requests[index]) })) as unknown as Answers;
    const mended = [...responses];
    for (const [place, index] of unknown.entries())
      mended[index] = again.responses[place] ?? (responses[index] as (typeof responses)[number]);
    return { responses: mended };
  }

  return async (method, request = {}) => {
    switch (method) {
      case 'getRefreshJob':
        return { lastRunNs: jobs.get(request['jobType']) ?? Long.ZERO };
      case 'setRefreshJob':
        jobs.set(request['jobType'], request['lastRunNs'] as Long);
        return {};
      case 'saveInvites': {
        const answer = await call(method, request);
        const { requests } = request as unknown as Batch;
        for (const [index, { result }] of (answer as unknown as Invited).responses.entries())
          if (result?.conversation && !invites.has(result.conversation.topic))
            invites.set(result.conversation.topic, requests[index] as Plain);
        return answer;
      }
      case 'createInvite': {
        const answer = await call(method, request);
        const { conversation } = answer as { readonly conversation?: Reference };
        if (conversation) begun.set(conversation.topic, request);
        return answer;
      }
      case 'encryptV2':
      case 'decryptV2':
        return batch(method, request);
      default:
        return call(method, request);
    }
  };
}
