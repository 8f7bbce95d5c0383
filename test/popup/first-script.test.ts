import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createBuilder } from 'vite';
import { expect, test } from 'vitest';
import { first } from '../../src/words/en/first.ts';
import { en } from '../../src/words/en/index.ts';
import { notices } from '../../src/words/en/notices.ts';
import { browsers } from '../../vite.config.ts';

interface Output {
  readonly type: 'chunk' | 'asset';
  readonly fileName: string;
  readonly code?: string;
  readonly source?: string;
  readonly imports?: readonly string[];
}

test.each(browsers)('the first script of the page is one file of 25 kB, packed: %s', async (browser) => {
  const configFile = resolve('vite.config.ts');
  const builder = await createBuilder({ configFile, mode: browser, logLevel: 'error', build: { write: false } });
  const page = builder.environments['client'];
  if (!page) throw new Error('there is no page');
  const { output } = (await builder.build(page)) as unknown as { readonly output: readonly Output[] };
  const html = output.find(({ fileName }) => fileName === 'popup.html')?.source ?? '';
  const scripts = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, file]) => file);
  expect(scripts).toHaveLength(1);
  const script = output.find(({ fileName }) => fileName === scripts[0]);
  expect(script?.imports).toEqual([]);
  const packed = gzipSync(script?.code ?? '', { level: 9 }).length;
  expect(packed).toBeGreaterThan(10_000);
  expect(packed).toBeLessThanOrEqual(25_000);
  // The development kind of JSX is larger, and carries the path of each file on the machine where it was built.
  expect(output.filter(({ code }) => code?.includes('lineNumber')).map(({ fileName }) => fileName)).toEqual([]);
});

/** All modules that a module brings with it, but for the words. */
function broughtBy(file: string, all = new Map<string, string>()): ReadonlyMap<string, string> {
  if (all.has(file) || /\/words\/..\//.test(file)) return all;
  const text = readFileSync(file, 'utf8');
  all.set(file, text);
  for (const [, type, names = '', path = ''] of text.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*'(\.[^']+)'/gm)) {
    const named = names.match(/[^{},]+/g) ?? [];
    if (type === undefined && !named.every((name) => name.trim() === '' || name.trim().startsWith('type ')))
      broughtBy(resolve(dirname(file), path), all);
  }
  return all;
}

test('the first script brings the words that it says, and no others', () => {
  const modules = broughtBy(resolve('src/popup/main.tsx'));
  expect(modules.size).toBeGreaterThan(30);
  const said = new Set([...modules.values()].flatMap((text) => [...text.matchAll(/'(\w+\.\w+)'/g)].map(([, key = '']) => key)));
  expect(Object.keys(en).filter((key) => said.has(key) && !(key in first))).toEqual([]);
  // Those of notices are put together from their parts.
  expect(Object.keys(first).filter((key) => !said.has(key) && !(key in notices))).toEqual([]);
});
