import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../../src/sdk/conformance.ts';
import { root } from '../cli/processes.ts';
import type { Run } from './run.ts';

export const tablePath = join(root, 'docs/provider-conformance.md');
const marks = ['<!-- table -->', '<!-- end of table -->'] as const;
const signs = { passed: '✓', failed: '✗', skipped: '–' };

/** For a terminal: a line for each check, what went wrong below it, and counts. */
export function tableOf(runs: readonly Run[]): string {
  const lines = checks.flatMap(({ id, says }) => {
    const rows = runs.map((run) => run.rows.find((row) => row.id === id));
    const outcomes = rows.map((row) => (row ? signs[row.outcome] : '?').padEnd(4)).join('');
    const whys = rows.flatMap((row, index) => (row?.why === undefined ? [] : [`${' '.repeat(8)}${runs[index]?.browser}: ${row.why}`]));
    return [`${outcomes}${id.padEnd(44)}${says}`, ...whys];
  });
  const counts = runs.map(({ browser, rows }) => {
    const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length;
    return `${browser}: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
  });
  return ['', ...lines, '', ...counts].join('\n');
}

/** Puts the outcomes into the page of the docs. */
export function writeTable(runs: readonly Run[]): void {
  const page = readFileSync(tablePath, 'utf8');
  const [before = ''] = page.split(marks[0]);
  const [, after = ''] = page.split(marks[1]);
  const head = [
    `| check | what is checked | ${runs.map(({ browser }) => browser).join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(runs.length)}`,
  ];
  const rows = checks.map(({ id, says }) => {
    const outcomes = runs.map((run) => signs[run.rows.find((row) => row.id === id)?.outcome ?? 'skipped']);
    return `| ${id} | ${says} | ${outcomes.join(' | ')} |`;
  });
  writeFileSync(tablePath, `${before}${marks[0]}\n${[...head, ...rows].join('\n')}\n${marks[1]}${after}`);
}
