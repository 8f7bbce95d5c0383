import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { told } from '../../src/popup/told.ts';
import { told as messages } from '../../src/words/en/told.ts';

const src = new URL('../../src', import.meta.url).pathname;
const sources = ['background', 'keystore']
  .flatMap((folder) => readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(src, folder, name)))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

/** Places as they stand in the sources. */
const shapeOf = (text: string): string =>
  text
    .replace(/\$?\{[^}]*\}/g, '…')
    .replace(/\.$/, '')
    .toLowerCase();

describe('what the background says', () => {
  test('is found again, with what is filled in', () => {
    expect(told('A recovery phrase has 12, 15, 18, 21 or 24 words, not 13.')).toBe(
      'A recovery phrase has 12, 15, 18, 21 or 24 words, not 13.',
    );
    expect(told("A derivation path looks like m/44'/60'/0'/0/0.")).toBe("A derivation path looks like m/44'/60'/0'/0/0.");
  });

  test('stays as it is where nobody knows it', () => {
    expect(told('Something new happened.')).toBe('Something new happened.');
  });

  test('is what the catalogue has, word for word', () => {
    const said = new Set(
      [...sources.matchAll(/'((?:[^'\\\n]|\\.)+)'|`([^`]+)`|"([^"\n]+)"/g)].map(([, a, b, c]) => shapeOf(a ?? b ?? c ?? '')),
    );
    expect(Object.values(messages).filter((text) => !said.has(shapeOf(text)))).toEqual([]);
  });
});
