import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { type Address, parseAddress } from '../protocol/address.ts';
import { ConfigError } from './config.ts';
import { networkOf } from './limits.ts';
import type { Log } from './log.ts';

/** Whom an operator treats apart. */
export interface Lists {
  /** Wallets whose publishes are refused. */
  isDenied(wallet: Address): boolean;
  /** Networks that are refused everything but health. */
  isDeniedNetwork(network: string): boolean;
  /** Wallets whose publishes have 25 times the rate (SPEC 13.9). */
  isAllowed(wallet: Address): boolean;
}

interface Content {
  readonly deny: ReadonlySet<string>;
  readonly denyNetworks: Networks;
  readonly allow: ReadonlySet<string>;
}

/** Single networks, as `networkOf` writes them, and ranges of them. */
interface Networks {
  readonly size: number;
  has(network: string): boolean;
}

const empty: Content = { deny: new Set(), denyNetworks: networksOf([]), allow: new Set() };

/** A file of lists, read again when it changes and when it is told to. A file that is wrong changes nothing but the log. */
export class ListFile implements Lists {
  readonly #path: string | undefined;
  readonly #log: Log;
  #content = empty;

  /** @throws ConfigError when the file is wrong at the start */
  constructor(path: string | undefined, log: Log) {
    this.#path = path;
    this.#log = log;
    if (path === undefined) return;
    this.#content = readLists(path);
    watchFile(path, { interval: 2000, persistent: false }, () => this.reload());
  }

  isDenied(wallet: Address): boolean {
    return this.#content.deny.has(wallet);
  }

  isDeniedNetwork(network: string): boolean {
    return this.#content.denyNetworks.has(network);
  }

  isAllowed(wallet: Address): boolean {
    return this.#content.allow.has(wallet);
  }

  reload(): void {
    if (this.#path === undefined) return;
    try {
      this.#content = readLists(this.#path);
      const { deny, denyNetworks, allow } = this.#content;
      this.#log.info('read the lists again', { denied: deny.size, deniedNetworks: denyNetworks.size, allowed: allow.size });
    } catch (error) {
      this.#log.error('the lists are wrong, so those before stay', error);
    }
  }

  close(): void {
    if (this.#path !== undefined) unwatchFile(this.#path);
  }
}

/** `{"deny": ["0x…"], "denyNetworks": ["192.0.2.7", "198.51.100.0/24", "2001:db8::/48"], "allow": ["0x…"]}`; each may be absent. @throws ConfigError */
export function readLists(path: string): Content {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new TypeError('it is no object');
  } catch (cause) {
    throw new ConfigError(`The lists in ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  for (const name of Object.keys(parsed))
    if (!['deny', 'denyNetworks', 'allow'].includes(name))
      throw new ConfigError(`${JSON.stringify(name)} in ${path} is no list; deny, denyNetworks and allow are.`);
  const read = <T>(name: string, normal: (text: string) => T): T[] => {
    const list = parsed[name] ?? [];
    if (!Array.isArray(list)) throw new ConfigError(`${JSON.stringify(name)} in ${path} is no list.`);
    return list.map((each: unknown) => {
      try {
        return normal(String(each));
      } catch (cause) {
        throw new ConfigError(`${JSON.stringify(each)} in ${JSON.stringify(name)} of ${path} is wrong: ${(cause as Error).message}`, {
          cause,
        });
      }
    });
  };
  return {
    deny: new Set(read('deny', parseAddress)),
    denyNetworks: networksOf(read('denyNetworks', rangeOf)),
    allow: new Set(read('allow', parseAddress)),
  };
}

type Range = { readonly network: string } | { readonly address: string; readonly bits: number };

/** `192.0.2.7`, `198.51.100.0/24`, `2001:db8::/48`. @throws TypeError */
function rangeOf(text: string): Range {
  const [address = '', bits, ...more] = text.split('/');
  const kind = isIP(address);
  if (kind === 0 || more.length > 0) throw new TypeError('it is no address');
  if (bits === undefined) return { network: networkOf(address) };
  const most = kind === 4 ? 32 : 64;
  if (!/^\d{1,2}$/.test(bits) || Number(bits) > most) throw new TypeError(`a range of it has 0 to ${most} bits`);
  return { address, bits: Number(bits) };
}

function networksOf(ranges: readonly Range[]): Networks {
  const single = new Set<string>();
  const list = new BlockList();
  for (const range of ranges) {
    if ('network' in range) single.add(range.network);
    else list.addSubnet(range.address, range.bits, isIP(range.address) === 4 ? 'ipv4' : 'ipv6');
  }
  return {
    size: ranges.length,
    has(network) {
      if (single.has(network)) return true;
      if (single.size === ranges.length) return false;
      const address = network.replace(/\/64$/, '');
      return isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
    },
  };
}
