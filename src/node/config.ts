import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Limits } from './limits.ts';
import type { LogForm } from './log.ts';
import type { RelaySettings } from './relay/relay.ts';
import { readRelay } from './relay/settings.ts';
import { listOf, type Setting } from './setting.ts';
import { type SettingName, settings } from './settings.ts';

export interface NodeConfig {
  readonly host: string;
  readonly port: number;
  /** A directory, or ':memory:'. */
  readonly data: string;
  /** Address of a PostgreSQL database; undefined: SQLite in `data`. */
  readonly store: string | undefined;
  readonly pages: string | undefined;
  readonly compat: boolean;
  /** Files of a certificate and its key, PEM; without them the port is in the clear. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Where the metrics are served; null: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Days that messages are kept, by kind of topic; what is not in it is kept for ever. */
  readonly retention: ReadonlyMap<string, number>;
  readonly log: LogForm;
  readonly trustedProxies: readonly string[];
  /** A file of wallets and networks that are treated apart. */
  readonly lists: string | undefined;
  readonly limits: Limits;
  /** null: the node stands alone. */
  readonly blobPeers: readonly string[];
  readonly relay: RelaySettings | null;
}

/** A setting with a value that it cannot have; the message names the setting and where it was set. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What a setting is, and where it was set: `--port`, `PARLEY_PORT`, `"port" in FILE`, or null for the default. */
interface Effective {
  readonly setting: Setting;
  readonly value: string;
  readonly source: string | null;
}

/** All settings as they are in force, checked one by one. Answers null if help is asked for. @throws ConfigError */
function readEffective(argv: readonly string[], environment: Environment): Map<SettingName, Effective> | null {
  const flags = readFlags(argv);
  if (flags === null) return null;
  const configFile = flags.get('config') ?? environment['PARLEY_CONFIG'] ?? '';
  const file = configFile === '' ? new Map<string, string>() : readConfigFile(configFile);
  const effective = new Map<SettingName, Effective>();
  for (const name of Object.keys(settings) as SettingName[]) {
    const setting: Setting = settings[name];
    const variable = variableOf(setting);
    const given: readonly (readonly [string, string | undefined])[] = [
      [`--${setting.flag}`, flags.get(setting.flag)],
      [variable, environment[variable] || undefined], // set to nothing is not set
      [`"${setting.flag}" in ${configFile}`, file.get(setting.flag)],
    ];
    const [source, value = setting.fallback] = given.find(([, each]) => each !== undefined) ?? [null];
    const fault = setting.fault(value);
    if (fault !== null) throw new ConfigError(`${source ?? variable} is ${JSON.stringify(value)}; expected ${fault}.`);
    effective.set(name, { setting, value, source });
  }
  return effective;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags, environment and file. Answers null if help is asked for. @throws ConfigError */
export function readConfig(argv: readonly string[], environment: Environment): NodeConfig | null {
  const effective = readEffective(argv, environment);
  return effective && configOf((name) => (effective.get(name) as Effective).value);
}

/** The settings that are in force, one a line, with where each was set; passwords are left out. Answers null if help is asked for. @throws ConfigError */
export function describeConfig(argv: readonly string[], environment: Environment): string | null {
  const effective = readEffective(argv, environment);
  if (!effective) return null;
  configOf((name) => (effective.get(name) as Effective).value);
  return [...effective.values()]
    .map(({ setting, value, source }) => `${setting.flag.padEnd(24)}${(hidden(value) || '-').padEnd(36)}  ${source ?? 'default'}`)
    .join('\n');
}

/** A value without the password that an address may have. */
const hidden = (value: string): string =>
  value.replace(/^(\w+:\/\/[^/@:]*):.*@/, '$1:***@').replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1***');

function configOf(text: (name: SettingName) => string): NodeConfig {
  const number = (name: SettingName): number => Number(text(name));
  const data = text('data');
  const pages = text('pages');
  const [cert, key] = [text('tlsCert'), text('tlsKey')];
  if ((cert === '') !== (key === '')) throw new ConfigError('TLS needs both --tls-cert and --tls-key.');
  const metricsPort = text('metricsPort');
  return {
    host: text('host'),
    port: number('port'),
    data: data === ':memory:' ? data : resolve(data),
    store: text('store') || undefined,
    pages: pages === '' ? undefined : resolve(pages),
    compat: text('compat') === 'true',
    tls: cert === '' ? undefined : { cert: resolve(cert), key: resolve(key) },
    metrics: metricsPort === '' ? null : { host: text('metricsHost'), port: Number(metricsPort) },
    retention: retentionOf(text('retention')),
    log: text('log') as LogForm,
    trustedProxies: listOf(text('trustedProxies')),
    lists: text('lists') === '' ? undefined : resolve(text('lists')),
    limits: {
      walletPublishRate: number('walletPublishRate'),
      walletInvitations: number('walletInvitations'),
      pairInvitations: number('pairInvitations'),
      networkPublishRate: number('networkPublishRate'),
      networkReadRate: number('networkReadRate'),
      networkStreams: number('networkStreams'),
      networkSilent: number('networkSilent'),
      allSilent: number('allSilent'),
      silentSeconds: number('silentSeconds'),
      subscriptionTopics: number('subscriptionTopics'),
      blobBytes: number('blobBytes'),
      blobDailyBytes: number('blobDailyBytes'),
      blobStoreBytes: number('blobStoreBytes'),
      blobCopyBytes: number('blobCopyBytes'),
      blobDays: number('blobDays'),
    },
    blobPeers: listOf(text('blobPeers')),
    relay: readRelay(text),
  };
}

/** The table of settings, as `--help` prints it. */
export function helpText(): string {
  const rows = Object.values(settings).map((setting: Setting) => {
    const flag = `--${setting.flag}${setting.value === '' ? '' : ` ${setting.value}`}`;
    const fallback = setting.fallback === '' || setting.fallback === 'false' ? '' : ` [${setting.fallback}]`;
    return `  ${flag.padEnd(30)}${variableOf(setting).padEnd(30)}${setting.about}${fallback}`;
  });
  return [
    'Usage: main.js [OPTIONS]',
    '',
    `  ${'option'.padEnd(30)}${'environment'.padEnd(30)}meaning [default]`,
    ...rows,
    '',
    '  --print-config                prints the settings in force, where each was set, and ends',
    '',
  ].join('\n');
}

/** The same table in Markdown, for docs/operating.md. */
export const settingsTable = (): string =>
  [
    '| option | environment | meaning | default |',
    '| --- | --- | --- | --- |',
    ...Object.values(settings).map((setting: Setting) => {
      const flag = `--${setting.flag}${setting.value === '' ? '' : ` ${setting.value}`}`;
      const fallback = setting.fallback === '' || setting.fallback === 'false' ? '' : `\`${setting.fallback}\``;
      return `| \`${flag}\` | \`${variableOf(setting)}\` | ${setting.about} | ${fallback} |`;
    }),
  ].join('\n');

const variableOf = ({ flag }: Setting): string => `PARLEY_${flag.toUpperCase().replaceAll('-', '_')}`;

function readFlags(argv: readonly string[]): Map<string, string> | null {
  const known = new Map<string, Setting>(Object.values(settings).map((setting) => [setting.flag, setting]));
  const flags = new Map<string, string>();
  for (let at = 0; at < argv.length; at++) {
    const [, name = '', attached] = /^--([a-z-]+)(?:=(.*))?$/s.exec(argv[at] as string) ?? [];
    if (name === 'help') return null;
    const setting = known.get(name);
    if (!setting) throw new ConfigError(`${argv[at]} is no option; --help lists them.`);
    if (setting.value === '') flags.set(name, attached ?? 'true');
    else {
      const value = attached ?? argv[++at];
      if (value === undefined) throw new ConfigError(`--${name} needs a value: --${name} ${setting.value}`);
      flags.set(name, value);
    }
  }
  return flags;
}

/** A file of settings: one JSON object, its members named like the options. @throws ConfigError naming the member that is wrong */
function readConfigFile(path: string): Map<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`The settings in ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ConfigError(`The settings in ${path} are no JSON object.`);
  const known = new Set<string>(Object.values(settings).map(({ flag }) => flag));
  known.delete('config');
  return new Map(
    Object.entries(parsed).map(([name, value]) => {
      if (!known.has(name)) throw new ConfigError(`${JSON.stringify(name)} in ${path} is no setting; --help lists them.`);
      if (!['string', 'number', 'boolean'].includes(typeof value))
        throw new ConfigError(`${JSON.stringify(name)} in ${path} is ${JSON.stringify(value)}; expected a text, a number, true or false.`);
      return [name, String(value)];
    }),
  );
}

const retentionOf = (text: string): ReadonlyMap<string, number> =>
  new Map(
    listOf(text).map((each) => {
      const [kind = '', days] = each.split('=');
      return [kind, Number(days)];
    }),
  );
