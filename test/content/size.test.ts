import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createBuilder } from 'vite';
import { expect, test } from 'vitest';

/** What every page of the web carries for us. */
const scripts = ['content', 'inpage'];

test('the two scripts in every page are 8 kB together, packed, and import nothing', async () => {
  const builder = await createBuilder({
    configFile: resolve('vite.config.ts'),
    mode: 'chromium',
    logLevel: 'error',
    build: { write: false },
  });
  let packed = 0;
  for (const name of scripts) {
    const environment = builder.environments[name];
    if (!environment) throw new Error(`there is no script ${name}`);
    const { output } = (await builder.build(environment)) as { output: { type: string; code: string; imports: string[] }[] };
    expect(output.map(({ type, imports }) => [type, imports])).toEqual([['chunk', []]]);
    packed += gzipSync(output[0]?.code ?? '', { level: 9 }).length;
  }
  expect(packed).toBeGreaterThan(1_000);
  expect(packed).toBeLessThanOrEqual(8 * 1024);
});
