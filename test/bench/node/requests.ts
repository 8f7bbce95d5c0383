import { create, toBinary } from '@bufbuild/protobuf';
import { PublishRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { alice } from '../../support/people.ts';
import { request } from '../load.ts';

/** Bytes of a message, as most messages have. */
export const messageLength = 400;

export const authorization = (): string => `Bearer ${createAuthToken(alice.bundle)}`;

/** A publish by JSON whose n-th message is like no other. */
export function jsonPublish(topicOf: (n: number) => string): () => Buffer {
  const token = authorization();
  const filler = Buffer.alloc(messageLength - 16, 7);
  const start = BigInt(Date.now()) * 1_000_000n;
  const run = Math.floor(Math.random() * 2 ** 40);
  let n = 0;
  return () => {
    n++;
    const head = Buffer.alloc(16);
    head.writeDoubleBE(run, 0);
    head.writeDoubleBE(n, 8);
    const message = Buffer.concat([head, filler]).toString('base64');
    const body = `{"envelopes":[{"contentTopic":"${topicOf(n)}","timestampNs":"${start + BigInt(n)}","message":"${message}"}]}`;
    return request('/message/v1/publish', { authorization: token, 'content-type': 'application/json' }, Buffer.from(body));
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
