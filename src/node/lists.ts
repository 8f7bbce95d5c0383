import { readFileSync, unwatchFile, watchFile } from 'node:fs';
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
  readonly denyNetworks: ReadonlySet<string>;
  readonly allow: ReadonlySet<string>;
}

const empty: Content = { deny: new Set(), denyNetworks: new Set(), allow: new Set() };

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

/** `{"deny": ["0x…"], "denyNetworks": ["192.0.2.7", "2001:db8::"], "allow": ["0x…"]}`; each may be absent. @throws ConfigError */
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
  const read = (name: string, normal: (text: string) => string): ReadonlySet<string> => {
    const list = parsed[name] ?? [];
    if (!Array.isArray(list)) throw new ConfigError(`${JSON.stringify(name)} in ${path} is no list.`);
    return new Set(
      list.map((each: unknown) => {
        try {
          return normal(String(each));
        } catch (cause) {
          throw new ConfigError(`${JSON.stringify(each)} in ${JSON.stringify(name)} of ${path} is wrong: ${(cause as Error).message}`, {
            cause,
          });
        }
      }),
    );
  };
  return { deny: read('deny', parseAddress), denyNetworks: read('denyNetworks', networkOf), allow: read('allow', parseAddress) };
}
