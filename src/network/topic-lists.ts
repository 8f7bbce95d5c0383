import { Code, ConnectError } from '@connectrpc/connect';
import { utf8 } from '../protocol/bytes.ts';

/** Topics as a request names them: one by one, or by the name of a list that was left with the node, or both. */
export interface TopicList {
  readonly topics: string[];
  readonly savedTopics: Uint8Array;
}

/** Names topics in a request, and leaves the list with the node where it does not have it. */
export type TopicLists = <T>(topics: readonly string[], signal: AbortSignal, ask: (list: TopicList) => Promise<T>) => Promise<T>;

/** So many are named one by one. */
const shortList = 200;

/** A list that was left stays in use while topics are only added, until those are many. */
export function createTopicLists(save: (topics: readonly string[], signal: AbortSignal) => Promise<unknown>): TopicLists {
  let left: { readonly name: Uint8Array; readonly topics: ReadonlySet<string> } | null = null;

  const listOf = async (named: readonly string[]): Promise<TopicList> => {
    const topics = new Set(named);
    if (topics.size <= shortList) return { topics: [...topics], savedTopics: new Uint8Array() };
    if (left && topics.size - left.topics.size <= shortList && isWithin(left.topics, topics)) {
      const { name, topics: known } = left;
      return { topics: [...topics].filter((topic) => !known.has(topic)), savedTopics: name };
    }
    left = { name: await nameOf(topics), topics };
    return { topics: [], savedTopics: left.name };
  };

  return async (named, signal, ask) => {
    const list = await listOf(named);
    try {
      return await ask(list);
    } catch (error) {
      if (!left || list.savedTopics !== left.name || ConnectError.from(error).code !== Code.NotFound) throw error;
      await save([...left.topics], signal);
      return ask(list);
    }
  };
}

const isWithin = (some: ReadonlySet<string>, all: ReadonlySet<string>): boolean => {
  for (const topic of some) if (!all.has(topic)) return false;
  return true;
};

/** What a node calls a list of topics: SHA-256 of the sorted topics, each ended by a line feed. */
async function nameOf(topics: ReadonlySet<string>): Promise<Uint8Array> {
  const lines = [...topics].sort().map((topic) => `${topic}\n`);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(lines.join(''))));
}
