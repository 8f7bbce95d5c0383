import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingForRecording, recordRun, type Step } from '../support/power-cut.ts';
import { cutPower } from '../support/power-cuts.ts';

const missing = missingForRecording();
const folder = mkdtempSync(join(tmpdir(), 'parley-power-'));
let steps: Step[] = [];
beforeAll(async () => {
  if (missing === null) steps = recordRun(folder, 3, 12);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing !== null)(`after a power cut${missing === null ? '' : ` (${missing})`}`, () => {
  test('at any moment of a run nothing acknowledged is lost, nothing is there by halves, and the file opens', {
    timeout: 240_000,
  }, async () => {
    expect(steps.filter(({ what }) => what === 'acknowledged')).toHaveLength(36);
    const { faults, rows } = await cutPower(folder, steps, 300, 1);
    expect(faults).toEqual([]);
    expect(rows).toBeGreaterThan(300);
  });

  test('a publish that was acknowledged before it was on the disk would be found out', { timeout: 240_000 }, async () => {
    const early: Step[] = [];
    for (const step of steps) {
      // As if the word had been given before the sync.
      if (step.what === 'acknowledged')
        early.splice(
          early.findLastIndex(({ what }) => what === 'sync'),
          0,
          step,
        );
      else early.push(step);
    }
    const { faults } = await cutPower(folder, early, 90, 1);
    expect(faults.filter((fault) => fault.includes('was acknowledged and is gone')).length).toBeGreaterThan(0);
  });
});
