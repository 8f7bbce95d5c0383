import { gzipSync } from 'node:zlib';
import { Code } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { FrameReader, frame, inflate } from '../../src/node/framing.ts';
import { parseBody } from '../../src/node/gateway-json.ts';
import { fc } from '../support/fast-check.ts';

describe('frames', () => {
  test('come out as they went in, wherever the bytes are cut', () => {
    const message = fc.record({ flags: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(({ flags, payload }) => frame(flags, payload)));
        const reader = new FrameReader(1000);
        const read: { flags: number; payload: Uint8Array }[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = cuts[turn % cuts.length] as number;
          for (const { flags, payload } of reader.push(bytes.subarray(at, at + length)))
            read.push({ flags, payload: Uint8Array.from(payload) });
          at += length;
        }
        expect(read).toEqual(messages.map(({ flags, payload }) => ({ flags, payload: Uint8Array.from(payload) })));
        expect(reader.isEmpty).toBe(true);
      }),
    );
  });

  test('of more than the limit are refused by their length alone', () => {
    expect(() => new FrameReader(100).push(frame(0, new Uint8Array(101)).subarray(0, 5))).toThrow(
      expect.objectContaining({ code: Code.ResourceExhausted }),
    );
  });

  test('unpack gzip up to the limit and nothing else', () => {
    expect(inflate(gzipSync('hello'), 'gzip', 100).toString()).toBe('hello');
    expect(() => inflate(gzipSync(Buffer.alloc(1000)), 'gzip', 100)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }));
    expect(() => inflate(Buffer.from('hello'), 'gzip', 100)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }));
    expect(() => inflate(Buffer.from('hello'), 'br', 100)).toThrow(expect.objectContaining({ code: Code.Unimplemented }));
  });
});

describe('a JSON body', () => {
  test('keeps every digit of a time that is written as a number', () => {
    expect(parseBody('{"startTimeNs": 1669852800112000001, "a":[{"sender_time_ns":18446744073709551615}],"timestampNs":12}')).toEqual({
      startTimeNs: '1669852800112000001',
      a: [{ sender_time_ns: '18446744073709551615' }],
      timestampNs: 12,
    });
  });

  test('is not changed where text only looks like a time', () => {
    const text = JSON.stringify({ contentTopic: '"timestampNs":1669852800112000001,' });
    expect(parseBody(text)).toEqual(JSON.parse(text));
  });

  test('may be missing', () => {
    expect(parseBody(' ')).toEqual({});
    expect(() => parseBody('{')).toThrow(SyntaxError);
  });
});
