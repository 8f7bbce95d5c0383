import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root, runTool } from './processes.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, for the closing lines: the output of a long run is seldom read from its beginning. */
  failures?: Failure[];
}

export interface Failure {
  readonly title: string;
  readonly message: string;
}

/** Runs one project of test/vitest.config.ts, its progress on our terminal, and counts its tests. */
export async function runSuite(project: string, args: readonly string[] = []): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-report-'));
  const report = join(folder, 'report.json');
  try {
    const code = await runTool('vitest/vitest.mjs', [
      'run',
      '--config',
      'test/vitest.config.ts',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ]);
    const found = readReport(report);
    // A file that does not even load, or a runner that dies, has no failed test of its own and must count all the same.
    const counts = found ?? { passed: 0, failed: 0, skipped: 0 };
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults?: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

function readReport(path: string): Counts | null {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
    return {
      passed: report.numPassedTests ?? 0,
      failed: report.numFailedTests ?? 0,
      skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
      failures: (report.testResults ?? []).flatMap(failuresOf),
    };
  } catch {
    return null;
  }
}

function failuresOf(file: NonNullable<Report['testResults']>[number]): Failure[] {
  const where = relative(root, file.name);
  const failed = (file.assertionResults ?? []).filter(({ status }) => status === 'failed');
  if (failed.length === 0 && file.status === 'failed') return [{ title: where, message: file.message ?? '' }];
  return failed.map(({ fullName, failureMessages }) => ({ title: `${where}: ${fullName}`, message: failureMessages?.[0] ?? '' }));
}
