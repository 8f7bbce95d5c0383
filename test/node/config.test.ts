import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, describeConfig, helpText, readConfig } from '../../src/node/config.ts';
import { defaultLimits } from '../../src/node/limits.ts';
import { settings } from '../../src/node/settings.ts';

describe('the configuration', () => {
  test('has a default for everything', () => {
    expect(readConfig([], {})).toEqual({
      host: '127.0.0.1',
      port: 5555,
      data: resolve('.parley/node'),
      pages: undefined,
      compat: false,
      tls: undefined,
      metrics: null,
      retention: new Map(),
      log: 'text',
      trustedProxies: [],
      lists: undefined,
      limits: defaultLimits,
      blobPeers: [],
      relay: null,
      store: undefined,
    });
  });

  test('takes flags over the environment, and an empty variable as none', () => {
    const environment = { PARLEY_PORT: '1', PARLEY_HOST: '0.0.0.0', PARLEY_LOG: '', PARLEY_COMPAT: 'true' };
    expect(readConfig(['--port', '2', '--data=:memory:'], environment)).toMatchObject({
      port: 2,
      host: '0.0.0.0',
      log: 'text',
      compat: true,
      data: ':memory:',
    });
    expect(readConfig(['--compat', '--trusted-proxies', '10.0.0.0/8, ::1'], {})).toMatchObject({
      compat: true,
      trustedProxies: ['10.0.0.0/8', '::1'],
    });
  });

  test('takes a file of settings below the environment and the flags, and names what is wrong in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
    const file = join(folder, 'node.json');
    const write = (value: unknown): void => writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    try {
      write({ port: 1, host: '0.0.0.0', compat: true, retention: 'm=30,invite=90' });
      expect(readConfig(['--config', file, '--host', '::1'], { PARLEY_PORT: '2' })).toMatchObject({
        port: 2,
        host: '::1',
        compat: true,
        retention: new Map([
          ['m', 30],
          ['invite', 90],
        ]),
      });
      for (const [value, words] of [
        [{ port: 'http' }, `"port" in ${file} is "http"; expected a whole number from 0 to 65535.`],
        [{ prot: 1 }, `"prot" in ${file} is no setting`],
        [{ port: [1] }, `"port" in ${file} is [1]; expected a text, a number, true or false.`],
        [[], 'no JSON object'],
        ['{', `The settings in ${file} cannot be read`],
      ] as const) {
        write(value);
        expect(() => readConfig(['--config', file], {})).toThrow(words);
      }
      expect(() => readConfig([], { PARLEY_CONFIG: join(folder, 'none') })).toThrow('cannot be read');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('wants a certificate together with its key', () => {
    expect(() => readConfig(['--tls-cert', 'a'], {})).toThrow('TLS needs both');
    expect(readConfig(['--tls-cert', 'a', '--tls-key', 'b'], {})).toMatchObject({ tls: { cert: resolve('a'), key: resolve('b') } });
  });

  test('never lets contacts or key backups be forgotten', () => {
    for (const retention of ['contact=1', 'privatestore=1', 'unknown=1', 'm=0', 'm', 'm=-1'])
      expect(() => readConfig(['--retention', retention], {})).toThrow('--retention');
  });

  test.each([
    [['--port', '70000'], {}, '--port is "70000"; expected a whole number from 0 to 65535.'],
    [[], { PARLEY_PORT: 'http' }, 'PARLEY_PORT is "http"; expected a whole number from 0 to 65535.'],
    [['--log', 'loud'], {}, '--log is "loud"; expected text or json or silent.'],
    [['--compat=maybe'], {}, '--compat is "maybe"; expected true or false.'],
    [['--subscription-topics', '100'], {}, '--subscription-topics is "100"'],
    [['--trusted-proxies', 'everybody'], {}, '--trusted-proxies is "everybody"'],
    [['--trusted-proxies', '10.0.0.0/33'], {}, '--trusted-proxies'],
    [['--data'], {}, '--data needs a value'],
    [['--colour', 'red'], {}, '--colour is no option'],
    [['5555'], {}, '5555 is no option'],
  ])('names the faulty key: %j %j', (argv, environment, words) => {
    expect(() => readConfig(argv, environment)).toThrow(ConfigError);
    expect(() => readConfig(argv, environment)).toThrow(words);
  });

  test('tells of every setting what is in force and where it was set, without passwords', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
    const file = join(folder, 'node.json');
    writeFileSync(file, JSON.stringify({ port: 1, log: 'json', 'network-streams': 7 }));
    const store = 'postgres://parley:se@cr:et/1@10.0.0.1/parley?password=other&x=1';
    const said = describeConfig(['--config', file, '--port', '2', '--store', store], { PARLEY_LOG: 'silent', PARLEY_PORT: '3' });
    rmSync(folder, { recursive: true });
    const lines = new Map(said?.split('\n').map((line) => [line.split(/\s+/)[0], line.replace(/\s+/g, ' ')]));
    expect(lines.get('port')).toBe('port 2 --port');
    expect(lines.get('log')).toBe('log silent PARLEY_LOG');
    expect(lines.get('network-streams')).toBe(`network-streams 7 "network-streams" in ${file}`);
    expect(lines.get('host')).toBe('host 127.0.0.1 default');
    expect(lines.get('lists')).toBe('lists - default');
    expect(lines.get('store')).toBe('store postgres://parley:***@10.0.0.1/parley?password=***&x=1 --store');
    expect(said).not.toMatch(/se@cr|et\/1|other/);
    expect(lines.size).toBe(Object.keys(settings).length);
    expect(() => describeConfig(['--tls-cert', 'a'], {})).toThrow('TLS needs both');
    expect(helpText()).toContain('--print-config');
  });

  test('explains every setting', () => {
    expect(readConfig(['--help'], {})).toBeNull();
    for (const { flag, about } of Object.values(settings)) {
      expect(helpText()).toContain(`--${flag}`);
      expect(helpText()).toContain(`PARLEY_${flag.toUpperCase().replaceAll('-', '_')}`);
      expect(helpText()).toContain(about);
    }
  });

  test('of the network names peers and homes, and what is wrong with them', () => {
    const peer = '12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq';
    const relay = (...args: string[]) => readConfig(['--relay', '/ip4/0.0.0.0/tcp/60000', ...args], {})?.relay;
    expect(relay('--peers', `/dns4/a.example/tcp/1/p2p/${peer}`, '--trust', peer, '--relay-topic', '/waku/2/rs/16/0-7')).toEqual({
      listen: ['/ip4/0.0.0.0/tcp/60000'],
      peers: [`/dns4/a.example/tcp/1/p2p/${peer}`],
      dnsPeers: undefined,
      trust: [peer],
      topic: '/waku/2/rs/16/0-7',
      homeRate: 1000,
      contactRate: 5,
      ignoredRate: 100,
      syncSeconds: 30,
    });
    for (const [option, value] of [
      ['--relay', 'localhost:60000'],
      ['--peers', '/dns4/a.example/tcp/1'],
      ['--trust', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'],
      ['--relay-topic', '/chat/1'],
    ] as const)
      expect(() => relay(option, value)).toThrow(option);
  });
});
