import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Prompt } from '../../rpc/views/sites.ts';

/** Where refusals are kept while the background sleeps. */
export interface RefusalMemory {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

export interface Refusals {
  /** @throws RefusalError muted, not-granted when it was refused to this document before */
  check(origin: string, documentId: string, question: Prompt['question']): Promise<void>;
  /** Notes a no. Answers whether the origin is muted from now on. */
  note(origin: string, documents: ReadonlySet<string>, question: Prompt['question']): boolean;
}

interface Kept {
  /** Times of refusals by origin, ms. */
  readonly times: Record<string, readonly number[]>;
  readonly mutedUntil: Record<string, number>;
  /** What was refused, by document. */
  readonly refused: Record<string, readonly string[]>;
}

const refusalsToMute = 3;
const refusalWindow = 10 * 60_000;
const muteFor = 60 * 60_000;
const mostOrigins = 500;
const mostDocuments = 200;
const key = 'refusals';

/** Remembers what the user said no to, so that no page can wear the user out: neither by asking again nor by letting the background fall asleep. */
export function createRefusals(clock: Clock, memory?: RefusalMemory): Refusals {
  let kept: Kept = { times: {}, mutedUntil: {}, refused: {} };
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> => {
    loading ??= (async () => {
      const before = (await memory?.get(key).catch(() => undefined)) as Kept | undefined;
      if (before) kept = before;
    })();
    return loading;
  };

  return {
    async check(origin, documentId, question) {
      await load();
      if (clock() < (own(kept.mutedUntil, origin) ?? 0))
        throw new RefusalError('muted', 'this site has been refused too often; it may ask again in an hour');
      const refused = own(kept.refused, documentId) ?? [];
      if (subjects(question).some((subject) => refused.includes(subject)))
        throw new RefusalError('not-granted', 'this was refused before; reload the page to ask again');
    },
    note(origin, documents, question) {
      const now = clock();
      const times = [...(own(kept.times, origin) ?? []).filter((at) => now - at < refusalWindow), now];
      const muted = times.length >= refusalsToMute;
      const refused = { ...kept.refused };
      for (const document of documents) refused[document] = [...new Set([...(own(refused, document) ?? []), ...subjects(question)])];
      kept = {
        times: newest({ ...kept.times, [origin]: muted ? [] : times }, mostOrigins),
        mutedUntil: newest(muted ? { ...kept.mutedUntil, [origin]: now + muteFor } : kept.mutedUntil, mostOrigins),
        refused: newest(refused, mostDocuments),
      };
      memory?.set(key, kept).catch(() => undefined); // it holds as long as we live
      return muted;
    },
  };
}

/** What a question is about. Its wording (the text to be sent) is not part of it: changed words are the same question. */
function subjects(question: Prompt['question']): string[] {
  if (question.kind !== 'send') return [question.kind];
  return [...question.peers.map((peer) => `send ${peer}`), ...(question.connects ? ['connect'] : [])];
}

const own = <T>(record: Record<string, T>, name: string): T | undefined => (Object.hasOwn(record, name) ? record[name] : undefined);

const newest = <T>(record: Record<string, T>, most: number): Record<string, T> => Object.fromEntries(Object.entries(record).slice(-most));
