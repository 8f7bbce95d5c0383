import { create, fromJson, fromJsonString, toBinary } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import {
  BatchQueryRequestSchema,
  CursorSchema,
  type Envelope,
  EnvelopeSchema,
  PagingInfoSchema,
  PublishRequestSchema,
  QueryResponseSchema,
  SortDirection,
} from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { FrameReader, frame } from '../../src/node/framing.ts';
import { parseBody, queryResponseJson, readBatchQuery, readPlainPublish, readPublish } from '../../src/node/gateway-json.ts';
import { conversationTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { bytes, exactly, text, timeNs, topicName } from './arbitraries.ts';
import { property } from './property.ts';

const envelope: fc.Arbitrary<Envelope> = fc
  .record({ contentTopic: text(), timestampNs: timeNs, message: bytes(40) })
  .map((each) => create(EnvelopeSchema, each));
const cursor = fc.option(
  fc.record({ digest: exactly(32), senderTimeNs: timeNs }).map((value) => create(CursorSchema, { cursor: { case: 'index', value } })),
  { nil: undefined },
);
const direction = fc.constantFrom(SortDirection.ASCENDING, SortDirection.DESCENDING);

property(
  'an answer in JSON says what the answer in protobuf says',
  [fc.array(envelope, { maxLength: 4 }), cursor, direction, fc.nat(100)],
  (envelopes, after, order, limit) => {
    const pagingInfo = create(PagingInfoSchema, { limit, direction: order, ...(after && { cursor: after }) });
    const answer = create(QueryResponseSchema, { envelopes, pagingInfo });
    expect(fromJsonString(QueryResponseSchema, queryResponseJson(answer))).toEqual(answer);
  },
);

property(
  'a body in JSON is read as it is, but for long times, which keep every digit',
  [fc.jsonValue(), fc.bigInt(10n ** 15n, 2n ** 64n - 1n), fc.constantFrom(' ', '', '\n')],
  (value, time, space) => {
    const holdsLongTime = /ime\w*"\s*:\s*\d{16}/.test(JSON.stringify(value));
    if (!holdsLongTime) expect(parseBody(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    const body = `{"startTimeNs"${space}:${space}${time}${space},"rest":[{"timestampNs":${time}}]}`;
    expect(parseBody(body)).toEqual({ startTimeNs: String(time), rest: [{ timestampNs: String(time) }] });
  },
);

property(
  'a body is JSON or a SyntaxError',
  [
    fc.oneof(
      text(),
      fc.json().map((json) => json.slice(1)),
    ),
  ],
  (body) => {
    try {
      parseBody(body);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
  },
);

const publishJson = fc.record(
  {
    contentTopic: fc.oneof(text(30), topicName.map(conversationTopic)),
    timestampNs: fc.oneof(
      timeNs.map(String),
      fc.constantFrom('', '-1', '99999999999999999999', '18446744073709551616', ' 1', '1e3', '007'),
    ),
    message: fc.oneof(
      bytes(60).map((each) => Buffer.from(each).toString('base64')),
      bytes(20).map((each) => Buffer.from(each).toString('base64url')),
      fc.constantFrom('=', 'A', 'AB', 'ABC=', 'AB==', 'AA=A', 'A A=', '====', 'AAA=AAAA'),
    ),
  },
  { requiredKeys: [] },
);

property(
  'a publish that is read by the short way is the one that the general way reads',
  [fc.array(publishJson, { maxLength: 4 })],
  (envelopes) => {
    const short = readPublish({ envelopes });
    if (short === null) return;
    const general = fromJson(PublishRequestSchema, { envelopes });
    expect(
      short.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message: new Uint8Array(message) })),
    ).toEqual(general.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message })));
  },
);

const plainPublish = fc
  .tuple(
    fc.oneof(
      publishJson.map((envelope) => [envelope]),
      fc.array(publishJson, { maxLength: 2 }),
    ),
    fc.option(fc.constantFrom('\\', '"', '":"', ',', '}', 'ü', '\\u0041', ' ', ''), { nil: undefined }),
    fc.nat(400),
    fc.nat(3),
  )
  .map(([envelopes, piece, at, gone]) => {
    const body = JSON.stringify({ envelopes });
    return piece === undefined ? body : body.slice(0, at % (body.length + 1)) + piece + body.slice((at % (body.length + 1)) + gone);
  });

property('a body that is read as a plain publish is the JSON of that publish, whatever was changed in it', [plainPublish], (body) => {
  const short = readPlainPublish(Buffer.from(body));
  if (short === null) return;
  const general = fromJson(PublishRequestSchema, JSON.parse(body));
  expect(
    short.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message: new Uint8Array(message) })),
  ).toEqual(general.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message })));
});

property(
  'a publish of one good envelope is a plain one as JSON.stringify writes it',
  [fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,40}$/), fc.bigInt(0n, 2n ** 63n - 1n), bytes(60)],
  (contentTopic, timestampNs, message) => {
    const envelope = { contentTopic, timestampNs: String(timestampNs), message: Buffer.from(message).toString('base64') };
    const [read, ...more] = readPlainPublish(Buffer.from(JSON.stringify({ envelopes: [envelope] })))?.envelopes ?? [];
    expect({ ...read, message: new Uint8Array(read?.message ?? []) }).toEqual({ contentTopic, timestampNs, message });
    expect(more).toEqual([]);
  },
);

const time = fc.oneof(timeNs.map(String), fc.constantFrom('', '-1', '99999999999999999999', '18446744073709551616', ' 1', '1e3', '007', 7));

const queryJson = fc.record(
  {
    contentTopics: fc.array(fc.oneof(text(30), topicName.map(conversationTopic)), { maxLength: 3 }),
    startTimeNs: time,
    endTimeNs: time,
    pagingInfo: fc.record(
      {
        limit: fc.oneof(fc.nat(200), fc.constantFrom(-1, 1.5, 2 ** 31, 2 ** 32 - 1, 2 ** 32, '20')),
        direction: fc.constantFrom('SORT_DIRECTION_ASCENDING', 'SORT_DIRECTION_DESCENDING', 'SORT_DIRECTION_UNSPECIFIED', 1, 'toString'),
        cursor: fc.constantFrom(null, {}, { index: { senderTimeNs: '7' } }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['contentTopics'] },
);

property(
  'a query that is read by the short way is the one that the general way reads',
  [fc.array(queryJson, { maxLength: 2 })],
  (requests) => {
    const short = readBatchQuery({ requests });
    if (short === null) return;
    const general = fromJson(BatchQueryRequestSchema, { requests });
    const asked = requests.map(({ pagingInfo }, index) => (pagingInfo ? short : general).requests[index]?.pagingInfo);
    expect(short.requests.map(({ pagingInfo: _, ...each }) => each)).toEqual(
      general.requests.map(({ contentTopics, startTimeNs, endTimeNs, $typeName }) => ({
        contentTopics,
        startTimeNs,
        endTimeNs,
        $typeName,
      })),
    );
    expect(asked).toEqual(general.requests.map(({ pagingInfo }) => pagingInfo));
  },
);

property('an envelope has the same length in a frame as the frame says', [envelope], (each) => {
  const encoded = toBinary(EnvelopeSchema, each);
  const [read, ...more] = new FrameReader(10_000).push(frame(0, encoded));
  expect(new Uint8Array(read?.payload ?? [])).toEqual(encoded);
  expect(more).toEqual([]);
});
