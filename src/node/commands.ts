import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, type NodeConfig, readConfig } from './config.ts';
import { backup, compact, restore } from './data/backup.ts';
import { checkDatabase } from './data/inspect.ts';
import { checkPostgres, readPostgresStats } from './data/postgres.ts';
import { readStats } from './data/stats.ts';
import { exportEnvelopes, importEnvelopes } from './data/transfer.ts';
import { verifyAgainst } from './data/verify.ts';
import { askHealth } from './health.ts';
import { askPeers } from './relay/ask-peers.ts';

interface Command {
  readonly usage: string;
  readonly about: string;
  /** How many words it takes beside the options. */
  readonly words: number;
  /** Whether it works on the data of a node; it does unless it says no. */
  readonly data?: false;
  /** Whether it also works on a store in PostgreSQL. */
  readonly anyStore?: true;
  run(words: readonly string[], config: NodeConfig): Promise<string> | string;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const date = (ms: number | null): string => (ms === null ? '-' : new Date(ms).toISOString());

/** What can be done with a node and its data beside running it. */
export const commands: Readonly<Record<string, Command>> = {
  health: {
    usage: 'health',
    about: 'asks the running node of these options whether it is ready',
    words: 0,
    data: false,
    run: (_, config) => askHealth(config),
  },
  peers: {
    usage: 'peers',
    about: 'tells how the running node of these options stands with each of its peers; needs --metrics-port',
    words: 0,
    data: false,
    run: (_, config) => askPeers(config),
  },
  verify: {
    usage: 'verify --against URL',
    about: 'compares the store with what another node answers, topic by topic; both nodes may run',
    words: 1,
    anyStore: true,
    async run([url = ''], config) {
      const kinds = await verifyAgainst(url, config);
      const cells = (...row: (string | number)[]): string =>
        row.map((cell, at) => (at === 0 ? String(cell).padEnd(18) : String(cell).padStart(14))).join('');
      const different = kinds.reduce((sum, { missingThere, missingHere }) => sum + missingThere + missingHere, 0);
      if (different > 0) process.exitCode = 1;
      return [
        cells('kind of topic', 'topics', 'equal', 'missing there', 'missing here'),
        ...kinds.map(({ kind, topics, equal, missingThere, missingHere }) => cells(kind, topics, equal, missingThere, missingHere)),
        '',
        different === 0 ? 'The same, in the topics that are here.' : `${different} envelopes are on one side only.`,
      ].join('\n');
    },
  },
  backup: {
    usage: 'backup FILE',
    about: 'copies the store to a file and checks the copy; the node may run',
    words: 1,
    run([file = ''], { data }) {
      const { envelopes, topics } = backup(data, resolve(file));
      return `Backed up ${envelopes} envelopes of ${topics} topics to ${file}, checked.`;
    },
  },
  restore: {
    usage: 'restore FILE',
    about: 'checks a backup and makes it the store; the node must not run',
    words: 1,
    run([file = ''], { data }) {
      const { envelopes, topics, kept } = restore(resolve(file), data);
      return `Restored ${envelopes} envelopes of ${topics} topics.${kept === null ? '' : ` What was there before is ${kept}.`}`;
    },
  },
  check: {
    usage: 'check [FILE]',
    about: 'checks the store, or a backup; the node may run',
    words: 0,
    anyStore: true,
    async run([file], { data, store }) {
      const { envelopes, topics } =
        file === undefined && store !== undefined
          ? await checkPostgres(store)
          : checkDatabase(file === undefined ? join(data, 'node.db') : resolve(file));
      return `In order: ${envelopes} envelopes of ${topics} topics.`;
    },
  },
  compact: {
    usage: 'compact',
    about: 'gives back the room of what was deleted; the node must not run',
    words: 0,
    run(_, { data }) {
      const { before, after } = compact(data, sizeOf);
      return `Compacted from ${megabytes(before)} to ${megabytes(after)}.`;
    },
  },
  stats: {
    usage: 'stats',
    about: 'counts what the store holds; the node may run',
    words: 0,
    anyStore: true,
    async run(_, { data, store }) {
      const { kinds, oldestMs, newestMs, sequence, id } = store === undefined ? readStats(data) : await readPostgresStats(store);
      const rows = kinds.map(
        ({ kind, topics, envelopes, bytes }) =>
          `${kind.padEnd(18)}${String(topics).padStart(10)}${String(envelopes).padStart(12)}${megabytes(bytes).padStart(14)}`,
      );
      const head = `${'kind of topic'.padEnd(18)}${'topics'.padStart(10)}${'envelopes'.padStart(12)}${'messages'.padStart(14)}`;
      return [head, ...rows, '', `sequence ${sequence}, store ${id}`, `received from ${date(oldestMs)} to ${date(newestMs)}`].join('\n');
    },
  },
  export: {
    usage: 'export FILE [PREFIX …]',
    about: 'writes envelopes as lines of JSON, of topics that begin so; - is standard output; the node may run',
    words: 1,
    anyStore: true,
    async run([file = '', ...prefixes], config) {
      const count = await exportEnvelopes(config, prefixes, file === '-' ? file : resolve(file));
      return file === '-' ? '' : `Wrote ${count} envelopes to ${file}.`;
    },
  },
  import: {
    usage: 'import FILE',
    about: 'takes such lines, checked as if they were published; - is standard input; the node must not run, unless it is on PostgreSQL',
    words: 1,
    anyStore: true,
    async run([file = ''], config) {
      const report = (line: number, why: string): void => console.error(`line ${line}: ${why}`);
      const { taken, repeated, overtaken, refused } = await importEnvelopes(config, file === '-' ? file : resolve(file), {
        compat: config.compat,
        nowMs: Date.now(),
        report,
      });
      if (refused > 0) process.exitCode = 1;
      return `Took ${taken}, had ${repeated} already, passed over ${overtaken} older contacts, refused ${refused}.`;
    },
  },
};

/** Runs a command if the first argument names one; answers what to print, or null. @throws ConfigError, StoreError */
export async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const [name = ''] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) return null;
  // The one option that is no setting of a node reads better than a bare word.
  const given = args.slice(1).map((arg) => arg.replace(/^--against=/, ''));
  const rest = name === 'verify' && given[0] === '--against' ? given.slice(1) : given;
  const at = rest.findIndex((arg) => arg.startsWith('--'));
  const words = rest.slice(0, at < 0 ? undefined : at);
  const config = readConfig(at < 0 ? [] : rest.slice(at), environment);
  if (!config) return commandsText();
  if (words.length < command.words) throw new ConfigError(`Usage: main.js ${command.usage} [OPTIONS]`);
  if (config.store !== undefined && command.data !== false && !command.anyStore)
    throw new ConfigError('This works on a store of SQLite. For PostgreSQL use its own tools: pg_dump, pg_restore.');
  if (config.data === ':memory:' && command.data !== false && config.store === undefined)
    throw new ConfigError('There is no data in memory to work on; say --data DIR.');
  return command.run(words, config);
}

/** The table of commands, as `--help` prints it. */
export const commandsText = (): string =>
  [
    'Commands, before the options; without one the node runs:',
    ...Object.values(commands).map(({ usage, about }) => `  ${usage.padEnd(30)}${about}`),
  ].join('\n');
