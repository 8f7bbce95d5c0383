import { createHash } from 'node:crypto';

/** Which pubsub topic carries which content topic. */
export interface Shards {
  /** Full pubsub topics, all of which this node is subscribed to. */
  readonly topics: readonly string[];
  of(contentTopic: string): string;
}

/**
 * Reads `/waku/2/…` (one topic) or `/waku/2/rs/CLUSTER/FIRST-LAST` (static shards); null when it is neither. Waku's own sharding by content topic would put all
 * of XMTP into one shard, since it looks at application and version alone; here the shard is a hash of the whole content topic.
 */
export function parseShards(text: string): Shards | null {
  const [, prefix, first, last] = /^(\/waku\/2\/rs\/\d{1,5}\/)(\d{1,4})-(\d{1,4})$/.exec(text) ?? [];
  if (prefix === undefined) {
    if (!/^\/waku\/2\/[\x21-\x7e]{1,200}$/.test(text)) return null;
    return { topics: [text], of: () => text };
  }
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > 1024) return null;
  const topics = Array.from({ length: count }, (_, index) => `${prefix}${Number(first) + index}`);
  const of = (contentTopic: string): string => topics[createHash('sha256').update(contentTopic).digest().readUInt32BE() % count] as string;
  return { topics, of };
}
