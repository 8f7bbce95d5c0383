import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { defaultLimits, type Limits } from './limits.ts';
import type { LogForm } from './log.ts';
import type { RelaySettings } from './relay/relay.ts';
import { readRelay, relaySettings } from './relay/settings.ts';
import { anyText, largeNumber, listOf, oneOf, type Setting, wholeNumber } from './setting.ts';

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
  readonly relay: RelaySettings | null;
}

/** A setting with a value that it cannot have; the message names the setting and where it was set. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Kinds of topics whose messages may be deleted when they are old. The rest is what accounts live by. */
const forgettable = ['m', 'dm', 'intro', 'invite', 'userpreferences'];

/** Every setting: the flag wins over the environment, the environment over the file, the file over the default. */
export const settings = {
  host: {
    flag: 'host',
    value: 'ADDRESS',
    fallback: '127.0.0.1',
    about: 'where to listen; 0.0.0.0 or :: for every interface',
    fault: anyText,
  },
  port: { flag: 'port', value: 'NUMBER', fallback: '5555', about: 'the one port; 0 takes a free one', fault: wholeNumber(0, 65_535) },
  config: {
    flag: 'config',
    value: 'FILE',
    fallback: '',
    about: 'settings as JSON, by the names of the options: {"port": 5555, "compat": true}',
    fault: () => null,
  },
  data: { flag: 'data', value: 'DIR', fallback: './.parley/node', about: 'directory of the store; :memory: keeps nothing', fault: anyText },
  store: {
    flag: 'store',
    value: 'URL',
    fallback: '',
    about:
      'keeps envelopes in PostgreSQL, which several nodes may share: postgres://USER@HOST/DATABASE (the password rather in PGPASSWORD)',
    fault: (text) => (text === '' || /^postgres(ql)?:\/\/./.test(text) ? null : 'an address that begins with postgres://'),
  },
  pages: {
    flag: 'pages',
    value: 'DIR',
    fallback: '',
    about: 'directory with the pages to serve (demo, link); default: those that come with the node',
    fault: () => null,
  },
  compat: {
    flag: 'compat',
    value: '',
    fallback: 'false',
    about: 'take what existing nodes take: contacts, invitations and messages are not checked',
    fault: oneOf('true', 'false'),
  },
  tlsCert: {
    flag: 'tls-cert',
    value: 'FILE',
    fallback: '',
    about: 'certificate (PEM, with its chain) for TLS on the port; read again at SIGHUP',
    fault: () => null,
  },
  tlsKey: { flag: 'tls-key', value: 'FILE', fallback: '', about: 'its private key (PEM)', fault: () => null },
  metricsPort: {
    flag: 'metrics-port',
    value: 'NUMBER',
    fallback: '',
    about: 'serves metrics for Prometheus at /metrics on this port; 0 takes a free one',
    fault: (text) => (text === '' ? null : wholeNumber(0, 65_535)(text)),
  },
  metricsHost: { flag: 'metrics-host', value: 'ADDRESS', fallback: '127.0.0.1', about: 'where the metrics are served', fault: anyText },
  retention: {
    flag: 'retention',
    value: 'LIST',
    fallback: '',
    about: 'days that messages are kept, by kind of topic: m=365,invite=730; contacts and key backups always stay',
    fault: retentionFault,
  },
  log: { flag: 'log', value: 'FORM', fallback: 'text', about: 'text, json or silent', fault: oneOf('text', 'json', 'silent') },
  lists: {
    flag: 'lists',
    value: 'FILE',
    fallback: '',
    about: 'wallets and networks to deny, wallets to allow more, as JSON; read again when it changes and at SIGHUP',
    fault: () => null,
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    value: 'LIST',
    fallback: '',
    about: 'addresses or ranges, separated by commas, whose X-Forwarded-For is believed',
    fault: proxiesFault,
  },
  walletPublishRate: {
    flag: 'wallet-publish-rate',
    value: 'NUMBER',
    fallback: String(defaultLimits.walletPublishRate),
    about: 'envelopes per second that one wallet may publish (a hundred times as many at once); 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  networkPublishRate: {
    flag: 'network-publish-rate',
    value: 'NUMBER',
    fallback: String(defaultLimits.networkPublishRate),
    about: 'the same for one network address (of IPv6 a /64)',
    fault: wholeNumber(0, 1_000_000),
  },
  networkReadRate: {
    flag: 'network-read-rate',
    value: 'NUMBER',
    fallback: String(defaultLimits.networkReadRate),
    about: 'queries per second of one network address (a hundred times as many at once); 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  networkStreams: {
    flag: 'network-streams',
    value: 'NUMBER',
    fallback: String(defaultLimits.networkStreams),
    about: 'open streams of one network address; 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  subscriptionTopics: {
    flag: 'subscription-topics',
    value: 'NUMBER',
    fallback: String(defaultLimits.subscriptionTopics),
    about: 'topics of one subscription; clients subscribe to all of theirs at once',
    fault: wholeNumber(50_000, 10_000_000),
  },
  blobBytes: {
    flag: 'blob-bytes',
    value: 'NUMBER',
    fallback: String(defaultLimits.blobBytes),
    about: 'bytes of one sealed attachment; 0 keeps none',
    fault: wholeNumber(0, 999_999_999),
  },
  blobDailyBytes: {
    flag: 'blob-daily-bytes',
    value: 'NUMBER',
    fallback: String(defaultLimits.blobDailyBytes),
    about: 'bytes of attachments that one wallet may put in a day',
    fault: largeNumber,
  },
  blobStoreBytes: {
    flag: 'blob-store-bytes',
    value: 'NUMBER',
    fallback: String(defaultLimits.blobStoreBytes),
    about: 'bytes of all attachments together',
    fault: largeNumber,
  },
  blobDays: {
    flag: 'blob-days',
    value: 'NUMBER',
    fallback: String(defaultLimits.blobDays),
    about: 'days after which an attachment goes that nobody has put again',
    fault: wholeNumber(1, 36_500),
  },
  ...relaySettings,
} as const satisfies Record<string, Setting>;

type SettingName = keyof typeof settings;

/** Reads flags and environment. Answers null if help is asked for. @throws ConfigError */
export function readConfig(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): NodeConfig | null {
  const flags = readFlags(argv);
  if (flags === null) return null;
  const configFile = flags.get('config') ?? environment['PARLEY_CONFIG'] ?? '';
  const file = configFile === '' ? new Map<string, string>() : readConfigFile(configFile);
  const text = (name: SettingName): string => {
    const setting: Setting = settings[name];
    const variable = variableOf(setting);
    const fromFlag = flags.get(setting.flag);
    const fromEnvironment = environment[variable] || undefined; // set to nothing is not set
    const fromFile = file.get(setting.flag);
    const value = fromFlag ?? fromEnvironment ?? fromFile ?? setting.fallback;
    const fault = setting.fault(value);
    if (fault !== null) {
      const place =
        fromFlag !== undefined
          ? `--${setting.flag}`
          : fromEnvironment === undefined && fromFile !== undefined
            ? `"${setting.flag}" in ${configFile}`
            : variable;
      throw new ConfigError(`${place} is ${JSON.stringify(value)}; expected ${fault}.`);
    }
    return value;
  };
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
      networkPublishRate: number('networkPublishRate'),
      networkReadRate: number('networkReadRate'),
      networkStreams: number('networkStreams'),
      subscriptionTopics: number('subscriptionTopics'),
      blobBytes: number('blobBytes'),
      blobDailyBytes: number('blobDailyBytes'),
      blobStoreBytes: number('blobStoreBytes'),
      blobDays: number('blobDays'),
    },
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
  return ['Usage: main.js [OPTIONS]', '', `  ${'option'.padEnd(30)}${'environment'.padEnd(30)}meaning [default]`, ...rows, ''].join('\n');
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

function proxiesFault(text: string): string | null {
  const good = listOf(text).every((range) => {
    const [address = '', bits, ...rest] = range.split('/');
    const family = isIP(address);
    return (
      family !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    );
  });
  return good ? null : 'IP addresses or ranges such as 10.0.0.0/8, separated by commas';
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

function retentionFault(text: string): string | null {
  const good = [...listOf(text)].every((each) => {
    const [, kind = ''] = /^([a-z]+)=[1-9]\d{0,4}$/.exec(each) ?? [];
    return forgettable.includes(kind);
  });
  return good ? null : `KIND=DAYS, separated by commas, with kinds ${forgettable.join(', ')}`;
}
