import { beforeAll, describe, expect, test } from 'vitest';
import { saidBy } from '../../src/background/sites/asked.ts';
import { fromPage } from '../../src/content-types/index.ts';
import { saidInWords } from '../../src/popup/said.ts';
import { allWords } from '../../src/popup/t.tsx';

beforeAll(allWords);

/** What the prompt shows of a message as a page gives it. */
function shown(type: string, content: unknown): string | null {
  const said = saidBy(fromPage(`xmtp.org/${type}`, content, 'params'));
  return said && saidInWords(said);
}

describe('what a site wants to send', () => {
  const text = { contentType: 'xmtp.org/text:1.0', content: 'good' };

  test.each([
    ['text:1.0', 'hello', 'hello'],
    ['attachment:1.0', { filename: 'a.txt', mimeType: 'text/plain', data: { $bytes: 'AAAA' } }, 'A file “a.txt” of 3 bytes'],
    ['reaction:1.0', { reference: 'ab'.repeat(32), action: 'removed', content: '👍', schema: 'unicode' }, '“👍”, taken from a message'],
    ['reply:1.0', { reference: 'ab'.repeat(32), ...text }, 'An answer to a message: good'],
    ['readReceipt:1.0', {}, 'That you have read the messages up to now'],
  ])('is put in words: %s', (type, content, words) => expect(shown(type, content)).toBe(words));

  test('cannot hide behind marks that turn text', () => {
    expect(shown('text:1.0', 'pay \u202eevil')).not.toContain('\u202e');
    expect(saidInWords({ kind: 'file', name: 'a\u202etxt.exe\nb', size: 1 })).not.toMatch(/\u202e|\n/);
  });
});
