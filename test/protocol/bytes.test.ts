import { expect, test } from 'vitest';
import {
  concat,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from '../../src/protocol/bytes.ts';
import { fc } from '../support/fast-check.ts';

const bytes = fc.uint8Array({ maxLength: 200 });

test('hex, base64 and URL-safe base64 give back what they were given', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      expect(fromHex(toHex(data))).toEqual(data);
      expect(fromBase64(toBase64(data))).toEqual(data);
      expect(fromBase64Url(toBase64Url(data))).toEqual(data);
      expect(toHex(data)).toBe(Buffer.from(data).toString('hex'));
      expect(toBase64(data)).toBe(Buffer.from(data).toString('base64'));
      expect(toBase64Url(data)).toBe(Buffer.from(data).toString('base64url'));
    }),
  );
});

test('text survives UTF-8, except that a lone surrogate becomes the replacement character and a leading byte order mark goes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(fromUtf8(utf8(`.${text}`))).toBe(`.${text}`);
    }),
  );
  expect(fromUtf8(utf8('x\ud83ey'))).toBe('x\ufffdy');
  expect(fromUtf8(utf8('\ufefftext'))).toBe('text');
});

test('more bytes than one call takes as arguments become base64', () => {
  const data = new Uint8Array(1_000_000).fill(7);
  expect(toBase64(data)).toBe(Buffer.from(data).toString('base64'));
});

test.each(['0', 'zz', '0x1', '12 4', '١٢'])('refuses %j as hex', (text) => expect(() => fromHex(text)).toThrow(RangeError));

test.each(['a', 'ab=c', 'a b', '====', 'a*bc'])('refuses %j as base64', (text) => expect(() => fromBase64(text)).toThrow(RangeError));

test('one differing byte is seen wherever it is', () => {
  const a = Uint8Array.from({ length: 32 }, (_, place) => place);
  for (const place of a.keys()) expect(equalBytes(a, a.with(place, 255))).toBe(false);
});

test('equality compares length and every byte', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b));
      expect(equalBytes(a, a.slice())).toBe(true);
      expect(equalBytes(a, concat(a, Uint8Array.of(0)))).toBe(false);
    }),
  );
});
