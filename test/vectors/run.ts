import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { kinds } from './kinds/index.ts';
import { Fields, readVector, type Vector } from './vector.ts';

/** What became of the cases of one file, or of several together. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** What became of one file, with a line for each case that failed. */
export interface KindResult extends Tally {
  readonly kind: string;
  readonly failures: string[];
}

/**
 * Checks every vector file of a folder against `src/protocol` and logs a line per kind, the failing cases below it, and a total.
 * Kinds, categories and shapes without a check yet, and cases that only inform, count as skipped.
 * @throws when the folder or a file in it cannot be read as vectors, or when there is no file with cases.
 */
export const runVectors = async (dir: string, log: (line: string) => void = console.log): Promise<Tally> => {
  const total: Tally = { passed: 0, failed: 0, skipped: 0 };
  let files = 0;
  for (const name of (await readdir(dir)).filter((file) => file.endsWith('.json')).sort()) {
    const result = await runFile(join(dir, name));
    if (result === undefined) continue;
    files += 1;
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped;
    log(`${result.kind}: ${summary(result)}`);
    for (const failure of result.failures) log(`  ${failure}`);
  }
  if (files === 0) throw new Error(`no vectors in ${dir}`);
  log(summary(total));
  return total;
};

/** Checks one vector file; `undefined` for a file without cases, such as the list of actors. */
export const runFile = async (path: string): Promise<KindResult | undefined> => {
  const file = new Fields(JSON.parse(await readFile(path, 'utf8')));
  if (!file.has('cases')) return undefined;
  const result: KindResult = { kind: file.text('kind'), passed: 0, failed: 0, skipped: 0, failures: [] };
  const cases = file.list('cases');
  const checks = Object.hasOwn(kinds, result.kind) ? kinds[result.kind] : undefined;
  if (checks === undefined) return { ...result, skipped: cases.length };
  const actors = await readActors(join(dirname(path), 'actors.json'));
  for (const entry of cases) {
    const vector = readVector(entry, actors);
    const check = checks.find(({ needs, when }) => needs.every((name) => vector.in.has(name)) && (when?.(vector) ?? true));
    if (check === undefined || vector.informative) {
      result.skipped += 1;
      continue;
    }
    const problem = await attempt(check.run, vector);
    if (problem === undefined) {
      result.passed += 1;
    } else {
      result.failed += 1;
      result.failures.push(`${vector.id}: ${problem}`);
    }
  }
  return result;
};

/** The people that cases speak of by name; a folder may do without. */
const readActors = async (path: string): Promise<Fields[]> => {
  try {
    return new Fields(JSON.parse(await readFile(path, 'utf8'))).list('actors').map((actor) => new Fields(actor));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

const attempt = async (run: (vector: Vector) => void | Promise<void>, vector: Vector): Promise<string | undefined> => {
  try {
    await run(vector);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.split('\n')[0]?.slice(0, 300) || 'failed without a message';
  }
};

const summary = ({ passed, failed, skipped }: Tally): string => `${passed} passed, ${failed} failed, ${skipped} skipped`;
