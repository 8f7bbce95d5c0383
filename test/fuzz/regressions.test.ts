import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { generator } from '../support/random.ts';
import { attempt } from './attempt.ts';
import { minimise, mutate } from './mutate.ts';
import { isOurs, targets } from './targets.ts';

const folder = fileURLToPath(new URL('regressions', import.meta.url));
const finds = existsSync(folder)
  ? readdirSync(folder).flatMap((name) => readdirSync(`${folder}/${name}`).map((file) => ({ name, file })))
  : [];

test('everything that reads foreign bytes is a target: ten at least', () => {
  expect(Object.keys(targets).length).toBeGreaterThanOrEqual(10);
});

describe.each(Object.entries(targets))('the reader "%s"', (name, target) => {
  test('takes its good inputs, or refuses them for a reason of ours', async () => {
    for (const seed of target.seeds) expect(await attempt(target, seed)).toBeNull();
  });

  test('takes or refuses what was made of them', async () => {
    const random = generator(1);
    for (let n = 0; n < 150; n++) {
      const [one, other] = [0, 0].map(() => target.seeds[Math.floor(random() * target.seeds.length)] ?? new Uint8Array(0));
      const bytes = mutate(one as Uint8Array, other as Uint8Array, random);
      // Time is not judged here: a busy machine is slow.
      expect((await attempt(target, bytes))?.replace(/^took more.*/, '') || null, Buffer.from(bytes).toString('hex')).toBeNull();
    }
  });

  test('takes or refuses what once was a find', async () => {
    for (const find of finds.filter((each) => each.name === name)) {
      const bytes = new Uint8Array(readFileSync(`${folder}/${find.name}/${find.file}`));
      expect((await attempt(target, bytes))?.replace(/^took more.*/, '') || null, find.file).toBeNull();
    }
  });
});

describe('the fuzzer', () => {
  test('sees an error that is none of ours, and nothing where there is none', async () => {
    const run = (bytes: Uint8Array): void => {
      if (bytes.includes(7)) throw new TypeError('a fault');
    };
    expect(await attempt({ seeds: [], run }, Uint8Array.of(1, 7))).toBe('TypeError: a fault');
    expect(await attempt({ seeds: [], run }, Uint8Array.of(1))).toBeNull();
    expect(isOurs(new TypeError('x'))).toBe(false);
  });
  test('makes a find small', async () => {
    const input = Uint8Array.from({ length: 500 }, (_, index) => index & 255);
    const small = await minimise(input, async (bytes) => bytes.includes(200) && bytes.includes(3));
    expect([...small].sort()).toEqual([200, 3].sort());
  });
  test('makes the same inputs of the same seed', () => {
    const make = (): string => {
      const random = generator(5);
      return Array.from({ length: 50 }, () => Buffer.from(mutate(Uint8Array.of(1, 2, 3), Uint8Array.of(9), random)).toString('hex')).join();
    };
    expect(make()).toBe(make());
  });
});
