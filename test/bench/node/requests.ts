import { randomBytes } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { PublishRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { alice } from '../../support/people.ts';
import { request } from '../load.ts';

/** Bytes of a message, as most messages have. */
export const messageLength = 400;

export const authorization = (): string => `Bearer ${createAuthToken(alice.bundle)}`;

/**
 * Publishes by JSON to these topics in turn, each with a message like no other. The bytes lie ready but for the digits that differ, and are used again: what drives two
 * servers on their own machine takes from the faster one more than from the other.
 */
export function jsonPublish(topics: readonly string[]): () => Buffer {
  const token = authorization();
  const filler = Buffer.alloc(messageLength - 18, 7).toString('base64');
  const second = String(Math.floor(Date.now() / 1000));
  // Base64 as it stands: eighteen bytes, of this run and of each message.
  const run = randomBytes(8)
    .toString('hex')
    .slice(0, 24 - digits);
  const blank = '0'.repeat(digits);
  const made = topics.map((topic) => {
    const body = `{"envelopes":[{"contentTopic":"${topic}","timestampNs":"${second}${blank}","message":"${run}${blank}${filler}"}]}`;
    const bytes = request('/message/v1/publish', { authorization: token, 'content-type': 'application/json' }, Buffer.from(body));
    const time = bytes.indexOf(`"${second}${blank}"`) + 1 + second.length;
    return { bytes, time, head: bytes.indexOf(run + blank, time) + run.length };
  });
  let sent = 0; // and not those of one load: there may be several
  return () => {
    const { bytes, time, head } = made[sent % made.length] as (typeof made)[number];
    for (let [at, left] = [digits - 1, ++sent]; at >= 0; at--, left = Math.floor(left / 10))
      bytes[time + at] = bytes[head + at] = 48 + (left % 10);
    return bytes;
  };
}

/** Of the number of a message, and of the nanoseconds of a second. */
const digits = 9;

/** A publish to a topic that is not kept, as protobuf. */
export const ephemeralPublish = (topic = '/xmtp/0/mE-bench/proto'): Uint8Array =>
  toBinary(
    PublishRequestSchema,
    create(PublishRequestSchema, {
      envelopes: [{ contentTopic: topic, timestampNs: 1_700_000_000_000_000_000n, message: new Uint8Array(messageLength).fill(7) }],
    }),
  );
