import { buildIfStale } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { ask } from '../e2e/ask.ts';
import { type BrowserName, browserNames, World } from '../e2e/world.ts';
import { button, field } from '../support/browsers/person.ts';
import { connectTo, contactOf, Writer } from '../support/crowd.ts';
import { toFirstRowAsleep, toUnlocked, toUnlockedByCall } from './inbox/places.ts';
import { type Comparison, figure, median, spread, writeReport } from './report.ts';

/** What two cores are to need for it. */
const mostMs = 1000;

/** `npm run bench -- unlock --browser B --rounds N --pre-keys N --json FILE`: what a person waits for who has typed the passphrase, and what a start of the background costs one with many pre-keys. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { browser: 'text', rounds: 'text', 'pre-keys': 'text', json: 'text' });
  const [rounds, preKeys] = [Number(options.rounds ?? 9), Number(options['pre-keys'] ?? 50)];
  if (![rounds, preKeys].every((each) => Number.isInteger(each) && each >= 1))
    throw new CommandError('--rounds and --pre-keys are whole numbers from 1 on');
  const names = browserNames.filter((name) => options.browser === undefined || name === options.browser);
  if (names.length === 0) throw new CommandError(`--browser is ${browserNames.join(' or ')}`);
  ensureBrowsers(names);
  await buildIfStale();
  const started = cleanup();
  const rows: Comparison[] = [];
  try {
    for (const name of names) {
      const outcome = await Promise.race([unlocks(name, rounds, preKeys, started.add), started.interrupted]);
      if (outcome === 'interrupted') return 130;
      rows.push(...outcome);
    }
  } finally {
    await started.run();
  }
  writeReport('unlock', rows, options.json);
  return rows.every(({ reached }) => reached) ? 0 : 1;
}

async function unlocks(name: BrowserName, rounds: number, preKeys: number, atEnd: (stop: () => unknown) => void): Promise<Comparison[]> {
  const world = await World.start(`bench-unlock-${name}`);
  atEnd(() => world.end());
  const me = await world.person('Bench', name);
  const api = connectTo(world.node.url);
  const writer = new Writer('a peer', api);
  await writer.publishContact();
  await (await writer.invite(await contactOf(api, me.address as `0x${string}`)))(['hello']);
  await me.page.see({ role: 'listitem', within: { role: 'list', name: 'Conversations' } }, 60_000);

  const round = async (times: number[], measure: () => Promise<number>): Promise<void> => {
    await me.page.see(field('Passphrase'));
    times.push(await measure());
    await me.page.see({ role: 'listitem', within: { role: 'list', name: 'Conversations' } });
  };
  const [shown, answered, first]: [number[], number[], number[]] = [[], [], []];
  const press = async (): Promise<number> => {
    await me.page.fill(field('Passphrase'), me.passphrase);
    return toUnlocked(me.page);
  };
  const call = (): Promise<number> => toUnlockedByCall(me.page, me.passphrase);
  for (let i = 0; i < rounds; i++) {
    await me.page.click(button('Lock'));
    await round(shown, press);
    await me.page.click(button('Lock'));
    await round(answered, call);
  }
  for (let i = 0; i < Math.ceil(rounds / 3); i++) {
    await me.browser.restart();
    await me.open('/');
    await round(first, press);
  }
  const wakes = async (): Promise<number[]> => {
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) {
      times.push(await toFirstRowAsleep(me.browser, me.page));
    }
    return times;
  };
  const few = await wakes();
  for (let i = 1; i < preKeys; i++) await ask(me.page, 'rotatePreKey');
  const many = await wakes();
  await world.end();
  return [
    figure(`${name}: Unlock pressed to the first row drawn`, median(shown), 'ms', mostMs, spread(shown)),
    figure(`${name}: the same, first in a browser just started`, median(first), 'ms', mostMs, spread(first)),
    figure(`${name}: Unlock to the answer of the background`, median(answered), 'ms', null, spread(answered)),
    figure(`${name}: page opened to first row, background asleep`, median(few), 'ms', null, spread(few)),
    figure(`${name}: the same with ${preKeys} pre-keys`, median(many), 'ms', null, spread(many)),
  ];
}
