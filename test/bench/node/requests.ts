import { create, toBinary } from '@bufbuild/protobuf';
import { PublishRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { alice } from '../../support/people.ts';
import { request } from '../load.ts';

/** Bytes of a message, as most messages have. */
export const messageLength = 400;

export const authorization = (): string => `Bearer ${createAuthToken(alice.bundle)}`;

/**
 * A publish by JSON whose n-th message is like no other. The bytes lie ready but for the few that differ: what drives two servers on their own machine takes from the
 * faster one more than from the other.
 */
export function jsonPublish(topicOf: (n: number) => string): () => Buffer {
  const token = authorization();
  const filler = Buffer.alloc(messageLength - 18, 7).toString('base64');
  const start = BigInt(Date.now()) * 1_000_000n;
  const run = Math.floor(Math.random() * 2 ** 40);
  const made = new Map<string, { readonly bytes: Buffer; readonly time: number; readonly head: number }>();
  const madeFor = (topic: string) => {
    const before = '{"envelopes":[{"contentTopic":"';
    const body = `${before}${topic}","timestampNs":"${start}","message":"${'A'.repeat(24)}${filler}"}]}`;
    const bytes = request('/message/v1/publish', { authorization: token, 'content-type': 'application/json' }, Buffer.from(body));
    const time = bytes.indexOf(String(start));
    return { bytes, time, head: bytes.indexOf('A'.repeat(24), time) };
  };
  const unlike = Buffer.alloc(18);
  unlike.writeDoubleBE(run, 0);
  let n = 0;
  return () => {
    n++;
    const topic = topicOf(n);
    const found = made.get(topic) ?? madeFor(topic);
    made.set(topic, found);
    const bytes = Buffer.from(found.bytes);
    bytes.write(String(start + BigInt(n)), found.time, 'latin1');
    unlike.writeDoubleBE(n, 8);
    bytes.write(unlike.toString('base64'), found.head, 'latin1');
    return bytes;
  };
}

/** A publish to a topic that is not kept, as protobuf. */
export const ephemeralPublish = (topic = '/xmtp/0/mE-bench/proto'): Uint8Array =>
  toBinary(
    PublishRequestSchema,
    create(PublishRequestSchema, {
      envelopes: [{ contentTopic: topic, timestampNs: 1_700_000_000_000_000_000n, message: new Uint8Array(messageLength).fill(7) }],
    }),
  );
