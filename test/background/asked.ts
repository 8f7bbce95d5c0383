import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { FollowRequestSchema } from '../../src/gen/parley/node/v1/node_pb.ts';
import {
  BatchQueryRequestSchema,
  PublishRequestSchema,
  QueryRequestSchema,
  SubscribeRequestSchema,
} from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { parseTopic } from '../../src/protocol/topic.ts';

/** What was asked of nodes, by name and in order: the last part of the path, and the kinds of topics, such as `Query contact`. */
export interface Asked {
  readonly fetch: typeof fetch;
  /** What was asked since it was forgotten last. */
  readonly names: readonly string[];
  forget(): void;
  /** From now on the node hears of what this names alone; the rest waits until it is called anew. */
  only(heard: (name: string) => boolean): void;
}

const readers: Record<string, (bytes: Uint8Array) => readonly string[]> = {
  Query: (bytes) => read(QueryRequestSchema, bytes).contentTopics,
  BatchQuery: (bytes) => read(BatchQueryRequestSchema, bytes).requests.flatMap(({ contentTopics }) => contentTopics),
  Publish: (bytes) => read(PublishRequestSchema, bytes).envelopes.map(({ contentTopic }) => contentTopic),
  Subscribe: (bytes) => read(SubscribeRequestSchema, bytes).contentTopics,
  Follow: (bytes) => read(FollowRequestSchema, bytes).topics,
};

const read = <D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> => fromBinary(schema, bytes.subarray(5));

/** A network that notes what is asked of it. */
export function noteAsked(network: typeof fetch = fetch): Asked {
  const names: string[] = [];
  let isHeard = (_: string): boolean => true;
  let held: { readonly name: string; readonly go: () => void }[] = [];
  return {
    names,
    async fetch(input, init) {
      const method = String(input).slice(String(input).lastIndexOf('/') + 1);
      const topics = readers[method]?.(new Uint8Array(await new Response(init?.body).arrayBuffer())) ?? [];
      const name = [method, ...new Set(topics.map((topic) => parseTopic(topic).kind))].join(' ');
      names.push(name);
      if (!isHeard(name)) await new Promise<void>((go) => held.push({ name, go }));
      return network(input, init);
    },
    forget() {
      names.length = 0;
    },
    only(heard) {
      isHeard = heard;
      const waiting = held;
      held = waiting.filter(({ name }) => !heard(name));
      for (const { name, go } of waiting) if (heard(name)) go();
    },
  };
}
