import { expect, test } from 'vitest';
import { encodeText, show } from '../../src/content-types/index.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { decodeContent, encodeContent } from '../../src/protocol/content.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';

const text = encodeText('a text');

test.each(['', 'hello', 'Grüße 🌍', 'two\nlines', '\u202eright to left', 'x'.repeat(100_000)])(
  'the text %j arrives as it was written',
  async (words) => {
    expect(show(await decodeContent(encodeContent(encodeText(words))))).toEqual({ form: 'text', text: words });
  },
);

test('a lone surrogate and bytes that are no UTF-8 become the replacement character', () => {
  expect(show(encodeText('x\ud83ey'))).toEqual({ form: 'text', text: 'x\ufffdy' });
  expect(show({ ...text, content: Uint8Array.of(0x61, 0xff) })).toEqual({ form: 'text', text: 'a\ufffd' });
});

test('the encoding may be left out, but none other than UTF-8 is taken', () => {
  expect(show({ ...text, parameters: new Map() })).toEqual({ form: 'text', text: 'a text' });
  for (const encoding of ['latin1', 'utf-8', ''])
    expect(() => show({ ...text, parameters: new Map([['encoding', encoding]]) })).toThrow(ProtocolError);
});

test('lower major and any minor versions are read, a higher major version is unknown', () => {
  for (const type of ['xmtp.org/text:0.9', 'xmtp.org/text:1.7']) expect(show({ ...text, type })).toEqual({ form: 'text', text: 'a text' });
  expect(show({ ...text, type: 'xmtp.org/text:2.0', fallback: 'newer' })).toEqual({
    form: 'unknown',
    type: 'xmtp.org/text:2.0',
    fallback: 'newer',
  });
});

test('an unknown type shows its fallback and never its bytes', () => {
  for (const type of ['other.org/text:1.0', 'example.com/poll:1.0', 'xmtp.org/constructor:1.0'])
    expect(show({ type, parameters: new Map(), content: utf8('secret') })).toEqual({ form: 'unknown', type });
});
