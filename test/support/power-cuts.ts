import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/node/store/driver.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import { topics } from './node-program.ts';
import { type Luck, leaveFiles, type Step } from './power-cut.ts';
import { generator } from './random.ts';

export interface Cuts {
  readonly states: number;
  /** Acknowledged and gone, of publishes to two topics only one, files that do not open or are not whole: with the state in which it was so. */
  readonly faults: readonly string[];
  /** Rows that were found in all states together. */
  readonly rows: number;
}

/** Opens so many of the states that power cuts during a recorded run may leave, spread over the run, and compares each with what had been acknowledged. */
export async function cutPower(
  folder: string,
  steps: readonly Step[],
  states: number,
  seed: number,
  tell = (_state: number, _faults: number): void => {},
): Promise<Cuts> {
  const faults: string[] = [];
  let rows = 0;
  for (let state = 0; state < states; state++) {
    // Every place in the run in turn, the same one with another luck in each round.
    const round = Math.floor(state / steps.length);
    const cut = states >= steps.length ? (state % steps.length) + 1 : Math.floor(((state + 0.5) / states) * steps.length) + 1;
    const kind = states >= steps.length ? round % 3 : state % 3;
    const random = generator(seed * 1_000_003 + state);
    const luck: Luck = kind === 0 && round < 3 ? 'nothing' : kind === 1 && round < 3 ? 'everything' : random;
    const data = join(folder, 'state');
    leaveFiles(data, steps, cut, luck);
    try {
      rows += await judge(data, steps.slice(0, cut), (why) =>
        faults.push(`after ${cut} of ${steps.length} steps, ${typeof luck === 'string' ? luck : `luck ${seed} ${state}`}: ${why}`),
      );
    } catch (error) {
      faults.push(`after ${cut} of ${steps.length} steps, ${typeof luck === 'string' ? luck : `luck ${seed} ${state}`}: ${String(error)}`);
    }
    rmSync(data, { recursive: true, force: true });
    tell(state, faults.length);
  }
  return { states, faults, rows };
}

/** What is wrong with one state; answers how many rows there are. */
async function judge(data: string, steps: readonly Step[], fault: (why: string) => void): Promise<number> {
  const store = openSqliteStore({ data, thread: null });
  const found = await store.page(0, 100_000);
  // It goes on as if nothing had been.
  const [seq] = await store.append([{ topic: 'after', timestampNs: 1n, message: new Uint8Array(10) }]);
  await store.close();
  if (typeof seq !== 'number') fault('takes nothing any more');
  const names = topics.map(
    (topic) => new Set(found.filter((row) => row.topic === topic).map(({ message }) => Buffer.from(message).toString().trim())),
  );
  const [one, two] = names as [Set<string>, Set<string>];
  for (const step of steps)
    if (step.what === 'acknowledged' && !(one.has(step.name) && two.has(step.name))) fault(`${step.name} was acknowledged and is gone`);
  for (const name of one) if (!two.has(name)) fault(`of ${name} there is a half`);
  for (const name of two) if (!one.has(name)) fault(`of ${name} there is a half`);
  const database = openDatabase(join(data, 'node.db'));
  const [check] = database.prepare('PRAGMA integrity_check').all();
  database.close();
  if (check?.['integrity_check'] !== 'ok') fault(`the file is damaged: ${String(check?.['integrity_check'])}`);
  return found.length;
}
