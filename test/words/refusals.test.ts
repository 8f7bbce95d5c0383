import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { refused } from '../../src/background/refuse.ts';
import { readPath, readPhrase } from '../../src/keystore/wallet.ts';
import { explain } from '../../src/popup/explain.ts';
import { allWords } from '../../src/popup/t.tsx';
import { codes, RpcError, toWireError } from '../../src/rpc/errors.ts';
import { refusals } from '../../src/words/en/refusals.ts';

beforeAll(allWords);

const wire = (error: unknown, audience: 'own' | 'page') => toWireError(error, audience, () => expect.unreachable());

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.unreachable();
}

test('what is wrong reaches our own pages as data, and others in English', () => {
  const error = refused('bad-params', 'refusals.backupTooLarge', { most: 100_000, number: 123_456 });
  const sentence = 'A backup file takes 100,000 messages at most; there are 123,456.';
  expect(wire(error, 'page')).toEqual({ code: codes.invalidParams, message: sentence });
  expect(wire(error, 'own').data).toEqual({
    reason: 'bad-params',
    why: { key: 'refusals.backupTooLarge', values: { most: 100_000, number: 123_456 } },
  });
  expect(explain(new RpcError(wire(error, 'own')))).toBe(sentence);
});

test('the keystore says exactly what is wrong with a phrase or a path, and no word of it', () => {
  const said = (work: () => unknown): string => explain(new RpcError(wire(thrown(work), 'own')));
  expect(said(() => readPhrase('one two'))).toBe('A recovery phrase has 12, 15, 18, 21 or 24 words, not 2.');
  expect(said(() => readPhrase(`${'abandon '.repeat(11)}abuot`))).toBe('Word 12 is not one that recovery phrases are made of.');
  expect(said(() => readPath('m/x'))).toBe("A derivation path looks like m/44'/60'/0'/0/0.");
});

test('nothing in the catalogue is said by nobody', () => {
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const sources = ['background', 'keystore']
    .flatMap((folder) => readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(src, folder, name)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  expect(Object.keys(refusals).filter((key) => !sources.includes(`'${key}'`))).toEqual([]);
});
