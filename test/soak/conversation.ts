import { buildIfStale } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions, sleep } from '../cli/processes.ts';
import { World } from '../e2e/world.ts';
import type { Person } from '../support/browsers/person.ts';
import { generator } from '../support/random.ts';

interface Row {
  readonly what: string;
  rounds: number;
  lost: number;
  twice: number;
  slowestMs: number;
}

/** `npm run soak -- conversation --rounds N --seed S`: backgrounds and the node die again and again while two people write; what arrives is counted. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { rounds: 'text', seed: 'text' });
  const rounds = Number(options.rounds ?? 40);
  const seed = Number(options.seed ?? 1);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 10_000) throw new CommandError('--rounds is a number from 1 to 10000');
  if (!Number.isInteger(seed)) throw new CommandError('--seed is a whole number');
  ensureBrowsers();
  await buildIfStale();
  const started = cleanup();
  try {
    const outcome = await Promise.race([soak(rounds, seed, started.add), started.interrupted]);
    if (outcome === 'interrupted') return 130;
    return outcome ? 0 : 1;
  } finally {
    await started.run();
  }
}

async function soak(rounds: number, seed: number, atEnd: (stop: () => unknown) => void): Promise<boolean> {
  const random = generator(seed);
  const world = await World.start('soak');
  atEnd(() => world.end());
  const [alice, bob] = await world.aliceAndBob();
  await alice.startConversation(bob.address);
  const written = ['hello'];
  await alice.write('hello');
  await bob.openConversation();

  const rows: Row[] = [];
  const play = async (what: string, round: (from: Person, to: Person, text: string) => Promise<void>): Promise<void> => {
    const row: Row = { what, rounds, lost: 0, twice: 0, slowestMs: 0 };
    for (let i = 0; i < rounds; i++) {
      const [from, to] = random() < 0.5 ? [alice, bob] : [bob, alice];
      const text = `${what} ${i}`;
      written.push(text);
      const begun = Date.now();
      await round(from, to, text);
      await to.waitForMessages(Math.min(written.length, 50), 120_000).catch(() => {}); // counted below
      await seenLast(to, text);
      row.slowestMs = Math.max(row.slowestMs, Date.now() - begun);
    }
    for (const person of [alice, bob]) {
      await person.page.reload();
      await seenLast(person, written.at(-1) ?? '');
      const shown = (await person.messages()).map(({ text }) => text);
      const expected = written.slice(-shown.length);
      row.lost += expected.filter((text) => !shown.includes(text)).length;
      row.twice += shown.length - new Set(shown).size;
    }
    rows.push(row);
    console.log(`${what}: ${rounds} rounds, ${row.lost} lost, ${row.twice} twice, slowest ${row.slowestMs} ms`);
  };

  await play('sender dies during a send', async (from, _, text) => {
    await from.write(text);
    await sleep(random() * 150);
    await from.browser.stopBackground();
    await from.page.reload();
  });
  await play('receiver dies while receiving', async (from, to, text) => {
    await from.write(text);
    await sleep(random() * 150);
    await to.browser.stopBackground();
    await to.page.reload();
  });
  await play('node is killed during a send', async (from, _, text) => {
    await from.write(text);
    await sleep(random() * 60);
    await world.node.kill();
    await world.node.start();
  });

  console.log(`\n${'what'.padEnd(34)}${'rounds'.padStart(8)}${'lost'.padStart(6)}${'twice'.padStart(7)}${'slowest ms'.padStart(12)}`);
  for (const { what, lost, twice, slowestMs } of rows) {
    console.log(
      `${what.padEnd(34)}${String(rounds).padStart(8)}${String(lost).padStart(6)}${String(twice).padStart(7)}${String(slowestMs).padStart(12)}`,
    );
  }
  console.log(`seed ${seed}, ${written.length} messages`);
  return rows.every(({ lost, twice }) => lost === 0 && twice === 0);
}

async function seenLast(person: Person, text: string): Promise<void> {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(100)) {
    if ((await person.messages()).some((message) => message.text === text)) return;
  }
}
