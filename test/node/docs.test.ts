import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../../src/node/commands.ts';
import { settingsTable } from '../../src/node/config.ts';
import { Metrics } from '../../src/node/metrics.ts';

const text = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');

test('the page for operators has every setting as it is', () => {
  const [, table] = /<!-- settings -->\n([\s\S]*?)\n?<!-- \/settings -->/.exec(text) ?? [];
  expect(table?.trim()).toBe(settingsTable().trim());
});

test('the page for operators names every command and every metric', () => {
  for (const name of Object.keys(commands)) expect(text).toContain(`main.js ${name}`);
  const metrics = new Metrics();
  const names = [...metrics.text().matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name ?? '');
  metrics.close();
  for (const name of names) expect(text).toContain(name);
});
