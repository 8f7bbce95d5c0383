import { expect, test } from 'vitest';
import { imageTypeOf, readContent, safeFilename, writeContent } from '../../src/content-types/index.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { fc } from '../support/fast-check.ts';

test('an empty name and type are kept, absent ones stay absent', () => {
  const named = { kind: 'attachment', filename: '', mimeType: '', data: utf8('x') } as const;
  expect(readContent(writeContent(named).content)).toEqual(named);
  const bare = { kind: 'attachment', data: utf8('x') } as const;
  const { content } = writeContent(bare);
  expect(content.parameters.size).toBe(0);
  expect(content.fallback).toBe('Can’t display "". This app doesn’t support attachments.');
  expect(readContent(content)).toEqual(bare);
});

test.each([
  ['report.pdf', 'report.pdf'],
  ['Grüße 🌍.txt', 'Grüße 🌍.txt'],
  ['../../etc/passwd', '_.._etc_passwd'],
  ['C:\\Windows\\x.dll', 'C__Windows_x.dll'],
  ['.bashrc', 'bashrc'],
  ['...', 'file'],
  ['', 'file'],
  [undefined, 'file'],
  ['a\u202egpj.exe', 'agpj.exe'],
  ['a\u200b\u0000\nb.txt\u2028', 'ab.txt'],
  ['\ud83d.txt', 'txt'],
  ['a \t  b.txt. ', 'a b.txt'],
  ['nul', '_nul'],
  ['nul .txt', '_nul .txt'],
  [`${'x'.repeat(119)}. y`, 'x'.repeat(119)],
  ['a\u3164\ufe0fb', 'ab'],
  ['COM1.txt', '_COM1.txt'],
  ['console.txt', 'console.txt'],
  [`${'x'.repeat(300)}.tar.gz`, `${'x'.repeat(117)}.gz`],
  ['🌍'.repeat(300), '🌍'.repeat(120)],
  ['a<b>|c?.png', 'a_b__c_.png'],
])('the file %j is saved as %j', (given, expected) => {
  expect(safeFilename(given)).toBe(expected);
});

test('whatever a file is called, it is saved under one visible name of bounded length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      const safe = safeFilename(name);
      expect(safe).not.toMatch(/[/\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|^[.\s]|[.\s]$|^$/u);
      expect([...safe].length).toBeLessThanOrEqual(120);
      expect(safeFilename(safe)).toBe(safe);
    }),
    { numRuns: 500 },
  );
});

test('only the bytes tell an image, and only four kinds may be drawn', () => {
  const start = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Array<number>(20).fill(1)]);
  expect(imageTypeOf(start(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).toBe('image/png');
  expect(imageTypeOf(start(0xff, 0xd8, 0xff))).toBe('image/jpeg');
  expect(imageTypeOf(utf8('GIF89a…'))).toBe('image/gif');
  expect(imageTypeOf(utf8('RIFF1234WEBPVP8 '))).toBe('image/webp');
  for (const other of ['<svg xmlns=', '<html>', '%PDF-1.7', 'RIFF1234WAVE', 'GIF', '']) expect(imageTypeOf(utf8(other))).toBeUndefined();
});
