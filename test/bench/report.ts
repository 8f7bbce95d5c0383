import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { root } from '../cli/processes.ts';

/** One comparison: the same work by two in turn, round by round. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs: number;
  readonly opponent: string;
  /** How many times better ours is: the median over the rounds. */
  readonly ratio: number;
  /** What is asked of the ratio, or of the value itself. */
  readonly bar: string;
  readonly reached: boolean;
  readonly notes?: string;
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The middle half of the values, in words. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(1);
  return `half of ${sorted.length} within ${at(0.25)} and ${at(0.75)} ms`;
}

/** Runs both in turn for so many rounds and compares them; `better` says which way is up. */
export async function compare({
  what,
  unit,
  opponent,
  ours,
  theirs,
  rounds,
  bar,
  better = 'more',
  notes,
}: {
  readonly what: string;
  readonly unit: string;
  readonly opponent: string;
  readonly ours: () => Promise<number>;
  readonly theirs: () => Promise<number>;
  readonly rounds: number;
  /** The ratio to reach; null only reports. */
  readonly bar: number | null;
  readonly better?: 'more' | 'less';
  readonly notes?: string;
}): Promise<Comparison> {
  const [a, b, ratios]: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const [mine, other] =
      round % 2 === 0 ? [await ours(), await theirs()] : await Promise.resolve(theirs()).then(async (t) => [await ours(), t]);
    a?.push(mine as number);
    b?.push(other as number);
    ratios?.push(better === 'more' ? (mine as number) / (other as number) : (other as number) / (mine as number));
  }
  const ratio = median(ratios ?? []);
  const row: Comparison = {
    what,
    unit,
    opponent,
    ours: median(a ?? []),
    theirs: median(b ?? []),
    ratio,
    bar: bar === null ? '' : `>= ${bar}x`,
    reached: bar === null || ratio >= bar,
    ...(notes !== undefined && { notes }),
  };
  print(row);
  return row;
}

/** A comparison whose rounds were run elsewhere. */
export function report(row: Omit<Comparison, 'bar' | 'reached'> & { readonly bar: number | null }): Comparison {
  const { bar } = row;
  const whole: Comparison = { ...row, bar: bar === null ? '' : `>= ${bar}x`, reached: bar === null || row.ratio >= bar };
  print(whole);
  return whole;
}

/** A figure that stands for itself, with a limit that it must not pass. */
export function figure(what: string, value: number, unit: string, limit: number | null, notes?: string): Comparison {
  const row: Comparison = {
    what,
    unit,
    opponent: '',
    ours: value,
    theirs: Number.NaN,
    ratio: Number.NaN,
    bar: limit === null ? '' : `<= ${limit}`,
    reached: limit === null || value <= limit,
    ...(notes !== undefined && { notes }),
  };
  print(row);
  return row;
}

/** Beside the opponent, if it runs. */
export const against = (alone: boolean, row: Parameters<typeof report>[0]): Comparison =>
  alone ? figure(row.what, row.ours, row.unit, null, row.notes) : report(row);

const number = (value: number): string =>
  Number.isNaN(value) ? '' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);

function print({ what, unit, ours, theirs, opponent, ratio, bar, reached, notes }: Comparison): void {
  const against = opponent ? `${number(theirs).padStart(10)} ${opponent.padEnd(34)}${number(ratio).padStart(7)}x` : ''.padEnd(53);
  console.log(
    `  ${what.padEnd(52)}${number(ours).padStart(10)} ${unit.padEnd(12)}${against}  ${bar.padEnd(8)}${bar ? (reached ? 'reached' : 'MISSED') : ''}${notes ? `  (${notes})` : ''}`,
  );
}

/** Writes the rows as JSON beside what machine they are of, and says where. */
export function writeReport(name: string, rows: readonly Comparison[], path?: string): void {
  const file = path === undefined ? join(root, 'bench-output', `${name}.json`) : resolve(process.env['INIT_CWD'] ?? root, path);
  mkdirSync(dirname(file), { recursive: true });
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model, cores: cpus().length, node: process.version, platform: process.platform };
  writeFileSync(file, `${JSON.stringify({ name, machine, rows }, null, 2)}\n`);
  console.log(`\nWritten to ${file}`);
}
