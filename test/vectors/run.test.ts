import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { runVectors } from './run.ts';
import { mustRefuse, readVector } from './vector.ts';

interface Case {
  id: string;
  in: Record<string, unknown>;
  out: Record<string, unknown>;
  informative?: boolean;
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vectors-'));
});
afterEach(() => rm(dir, { recursive: true }));

const cipherCases = async (): Promise<Case[]> =>
  JSON.parse(await readFile(new URL('cipher.json', import.meta.url), 'utf8')).cases.filter(({ id }: Case) => id.endsWith('/1'));

const write = (name: string, content: unknown): Promise<void> => writeFile(join(dir, name), JSON.stringify(content));

const run = async () => {
  const lines: string[] = [];
  return { tally: await runVectors(dir, (line) => lines.push(line)), lines };
};

test('a wrong result, an accepted forgery and a refused good one fail, each by its id', async () => {
  const [good, other, third, ...rest] = await cipherCases();
  if (good === undefined || other === undefined || third === undefined) throw new Error('too few cases');
  good.out['plaintext'] = '00';
  other.out = { ok: false };
  third.in['payload'] = '00';
  await write('cipher.json', { kind: 'cipher', cases: [good, other, third, ...rest] });
  const { tally, lines } = await run();
  expect(tally).toEqual({ passed: rest.length, failed: 3, skipped: 0 });
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe(`cipher: ${rest.length} passed, 3 failed, 0 skipped`);
  expect(lines[1]).toMatch(/^ {2}cipher\/with-additional-data\/1: plaintext: expected "00", got "68656c6c6f"/);
  expect(lines[2]).toMatch(/accepted what must be refused/);
  expect(lines.at(-1)).toBe(`${rest.length} passed, 3 failed, 0 skipped`);
});

test('a case that only informs, a shape without check and a kind that is not built are skipped; files without cases do not count', async () => {
  const [first, second] = await cipherCases();
  await write('a.json', {
    kind: 'cipher',
    cases: [
      { ...first, informative: true },
      { ...second, in: { other: '' } },
    ],
  });
  await write('b.json', { kind: 'never-heard-of', cases: [first] });
  await write('actors.json', { kind: 'actors', actors: [] });
  expect(await run()).toEqual({
    tally: { passed: 0, failed: 0, skipped: 3 },
    lines: ['cipher: 0 passed, 0 failed, 2 skipped', 'never-heard-of: 0 passed, 0 failed, 1 skipped', '0 passed, 0 failed, 3 skipped'],
  });
});

test('a folder without vectors is an error, not a success', async () => {
  await expect(run()).rejects.toThrow('no vectors');
  await writeFile(join(dir, 'broken.json'), '{');
  await expect(run()).rejects.toThrow();
});

test.each([
  [{ ok: true }, false],
  [{ ok: false }, true],
  [{ topic: 'x' }, false],
  [{ ok: true, recommended: 'reject' }, true],
  [{ ok: false, recommended: 'accept' }, false],
  [{ ok: false, recommended: 'show fallback' }, false],
  [{ ok: false, recommended: 'skip the entry', expect: { ok: true } }, false],
  [{ ok: true, recommended: 'accept', expect: { ok: false } }, true],
])('%j means refused: %j', (out, refused) => {
  expect(readVector({ id: 'a', category: 'b', in: {}, out }).refused).toBe(refused);
});

test('only an error of the protocol counts as a refusal', async () => {
  const refusal = new ProtocolError('malformed', 'bad');
  expect(
    await mustRefuse(() => {
      throw refusal;
    }),
  ).toBe(refusal);
  await expect(mustRefuse(() => Promise.reject(new RangeError('index out of range')))).rejects.toThrow('instead of a ProtocolError');
  await expect(mustRefuse(() => 1)).rejects.toThrow('accepted what must be refused');
});
