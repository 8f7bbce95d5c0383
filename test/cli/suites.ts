import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './processes.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
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

function readReport(path: string): Counts | null {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
    return {
      passed: report['numPassedTests'] ?? 0,
      failed: report['numFailedTests'] ?? 0,
      skipped: (report['numPendingTests'] ?? 0) + (report['numTodoTests'] ?? 0),
    };
  } catch {
    return null;
  }
}
