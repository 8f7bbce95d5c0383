import { isIP } from 'node:net';
import { defaultLimits } from './limits.ts';
import { relaySettings } from './relay/settings.ts';
import { anyText, largeNumber, listOf, oneOf, type Setting, wholeNumber } from './setting.ts';

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
    about: 'directory with the pages to serve (demo, link, write); default: those that come with the node',
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
  walletInvitations: {
    flag: 'wallet-invitations',
    value: 'NUMBER',
    fallback: String(defaultLimits.walletInvitations),
    about: 'invitations to others that one wallet may publish in a day; 0: no limit',
    fault: wholeNumber(0, 1_000_000_000),
  },
  pairInvitations: {
    flag: 'pair-invitations',
    value: 'NUMBER',
    fallback: String(defaultLimits.pairInvitations),
    about: 'the same of one wallet to one other',
    fault: wholeNumber(0, 1_000_000_000),
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
  networkSilent: {
    flag: 'network-silent',
    value: 'NUMBER',
    fallback: String(defaultLimits.networkSilent),
    about: 'connections of one network address that ask nothing; with more, the one that was silent longest goes; 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  allSilent: {
    flag: 'all-silent',
    value: 'NUMBER',
    fallback: String(defaultLimits.allSilent),
    about: 'the same of all networks together; with more, those of the networks that have most of them go; 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  silentSeconds: {
    flag: 'silent-seconds',
    value: 'NUMBER',
    fallback: String(defaultLimits.silentSeconds),
    about: 'seconds that a connection may take to ask something whole',
    fault: wholeNumber(1, 3600),
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
  blobCopyBytes: {
    flag: 'blob-copy-bytes',
    value: 'NUMBER',
    fallback: String(defaultLimits.blobCopyBytes),
    about: 'bytes of attachments that were fetched from other nodes for readers here; 0 fetches none',
    fault: largeNumber,
  },
  blobPeers: {
    flag: 'blob-peers',
    value: 'LIST',
    fallback: '',
    about: 'addresses of nodes that share the store, to look for attachments at: http://10.0.0.3:5555; peers of the relay are asked anyway',
    fault: (text) => (listOf(text).every((each) => /^https?:\/\/[^\s/]+\/?$/.test(each)) ? null : 'addresses such as http://10.0.0.3:5555'),
  },
  ...relaySettings,
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

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

function retentionFault(text: string): string | null {
  const good = [...listOf(text)].every((each) => {
    const [, kind = ''] = /^([a-z]+)=[1-9]\d{0,4}$/.exec(each) ?? [];
    return forgettable.includes(kind);
  });
  return good ? null : `KIND=DAYS, separated by commas, with kinds ${forgettable.join(', ')}`;
}
