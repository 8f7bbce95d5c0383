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
  /** What failed and then passed. */
  unsure?: Failure[];
  /** What passed, by name. */
  titles?: string[];
}

export interface Failure {
  readonly file: string;
  readonly title: string;
  readonly message: string;
}

/**
 * Runs a project whose files wait for real browsers. A file that fails is run once more by itself, on a machine that does nothing else; what passes then
 * has passed, and is named, so that nobody takes it for sound.
 */
export async function runPatiently(project: string): Promise<Counts> {
  const first = await runSuite(project);
  const files = [...new Set((first.failures ?? []).map(({ file }) => file))];
  if (first.failed === 0 || files.length === 0 || files.length > mostTriedAgain) return first;
  console.log(`\nOnce more: ${files.join(', ')}`);
  return afterSecondTry(first, await runSuite(project, ['--no-file-parallelism', ...files]));
}

/** What a run comes to when the files that failed in it were run again. */
export function afterSecondTry(first: Counts, again: Counts): Counts {
  const known = new Set(first.titles);
  const failures = again.failures ?? [];
  return {
    // A file that could not even begin has tests now that were counted nowhere.
    passed: first.passed + (again.titles ?? []).filter((title) => !known.has(title)).length,
    failed: again.failed,
    skipped: first.skipped,
    failures,
    unsure: (first.failures ?? []).filter(({ title }) => !failures.some((failure) => failure.title === title)),
  };
}

/** More files than this do not fail by chance. */
const mostTriedAgain = 3;

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
      titles: (report.testResults ?? []).flatMap(passedIn),
    };
  } catch {
    return null;
  }
}

type FileReport = NonNullable<Report['testResults']>[number];

const nameOf = ({ name }: FileReport): string => relative(root, name);

function failuresOf(report: FileReport): Failure[] {
  const file = nameOf(report);
  const failed = (report.assertionResults ?? []).filter(({ status }) => status === 'failed');
  if (failed.length === 0 && report.status === 'failed') return [{ file, title: file, message: report.message ?? '' }];
  return failed.map(({ fullName, failureMessages }) => ({ file, title: `${file}: ${fullName}`, message: failureMessages?.[0] ?? '' }));
}

const passedIn = (report: FileReport): string[] =>
  (report.assertionResults ?? []).filter(({ status }) => status === 'passed').map(({ fullName }) => `${nameOf(report)}: ${fullName}`);
