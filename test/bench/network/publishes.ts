import { create, toBinary } from '@bufbuild/protobuf';
import { PublishRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { bearer } from '../../node/clients.ts';
import { alice } from '../../support/people.ts';
import { request } from '../load.ts';

/** The topics of publishes of so many envelopes, one of each. */
export const topicsOf = (atOnce: number): string[] => Array.from({ length: atOnce }, (_, n) => `/xmtp/0/groupInvite-${n}/proto`);

/**
 * Publishes of so many envelopes like no others, over HTTP/1.1 as protobuf; the number of an envelope is in the first four bytes of its message. The bytes lie ready but for numbers: what drives our nodes
 * takes from them what js-waku's, which drives itself, does not lose, and a client as people have it costs as much as a node.
 */
export function publishes(atOnce: number): () => Buffer {
  const envelopes = topicsOf(atOnce).map((contentTopic, n) => {
    const message = Buffer.alloc(400, 7);
    message.writeUInt32BE(mark + n);
    return { contentTopic, timestampNs: BigInt(firstTime), message };
  });
  const body = Buffer.from(toBinary(PublishRequestSchema, create(PublishRequestSchema, { envelopes })));
  const headers = { ...bearer(alice), 'content-type': 'application/proto' };
  const bytes = request('/xmtp.message_api.v1.MessageApi/Publish', headers, body);
  const places = envelopes.map(({ message }) => bytes.indexOf(message.subarray(0, 4)));
  let sent = 0;
  return () => {
    for (const place of places) {
      const n = sent++;
      bytes.writeUInt32BE(n, place);
      // The time stands before the head of the message, which has three bytes: five of seven bits each, the least first.
      for (let [at, left] = [place - 8, firstTime + n]; at < place - 3; at++, left = Math.floor(left / 128))
        bytes[at] = (left % 128) | (at < place - 4 ? 128 : 0);
    }
    return bytes;
  };
}

/** No other bytes of a request are like it, with the few numbers that follow. */
const mark = 0xf1f2f300;
/** Has five bytes, and so have some thousand million numbers after it. */
const firstTime = 2 ** 28;
