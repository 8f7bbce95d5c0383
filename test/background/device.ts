import 'fake-indexeddb/auto';
import { deleteDB } from 'idb';
import { assemble } from '../../src/background/assemble.ts';
import type { Failpoint } from '../../src/background/failpoint.ts';
import type { Background } from '../../src/background/platform.ts';
import type { KdfCost } from '../../src/keystore/passphrase.ts';
import type { Cell } from '../../src/keystore/vault-store.ts';
import { pathKinds } from '../../src/keystore/wallet.ts';
import { type Address, parseAddress } from '../../src/protocol/address.ts';
import { type Glimpse, readGlimpse } from '../../src/rpc/glimpse.ts';
import { openGlimpseKey } from '../../src/rpc/glimpse-key.ts';
import { openTypedStore } from '../../src/rpc/typed-store.ts';
import type { Status } from '../../src/rpc/views/account.ts';
import { openRecords } from '../../src/storage/records.ts';
import { copyDatabase } from '../support/older-database.ts';

export const passphrase = 'correct horse battery staple';

/** Cheap on purpose: what the derivation costs is tested where it lives. */
const cost: KdfCost = { m: 64, t: 1, p: 1 };

// Nodes that are away on purpose are told of in a line each.
console.info = () => undefined;

let devices = 0;

export interface StartOptions {
  /** The background stops for good when it comes to this point, for the `nth` time. */
  readonly dieAt?: string;
  readonly nth?: number;
  readonly clock?: () => number;
  /** Stands between the background and the network. */
  readonly fetch?: typeof fetch;
  /** Holds back what nobody waits for. */
  readonly later?: (work: () => void) => void;
}

/** One life of a background. */
export interface Life extends Background {
  /** Resolves when it has come to the point where it dies. */
  readonly died: Promise<void>;
  /** Dies now: nothing of it goes on. */
  kill(): void;
  readonly badge: () => string;
  readonly alarms: Map<string, { periodInMinutes: number } | { when: number }>;
}

/** A browser profile with the extension in it. Its databases and its session outlive each life of the background. */
export class Device {
  readonly #name = `parley-test-${process.pid}-${++devices}`;
  readonly #session = new Map<string, string>();
  /** What pages have typed, on the disk. */
  readonly typed = openTypedStore(`${this.#name}-typed`);
  readonly #mirror: Cell<Uint8Array> = memoryCell();
  readonly #nodeMirror: Cell<string> = memoryCell();
  readonly #ageMirror: Cell<string> = memoryCell();
  readonly alarms: Life['alarms'] = new Map();
  /** Where pages were to see the provider, the latest last. */
  readonly exposed: unknown[] = [];
  tabInFront: string | null = null;
  /** Notifications that hang there. */
  readonly notices = new Map<string, { readonly title: string; readonly message: string }>();
  readonly #lives = new Set<Life>();
  readonly #apart: boolean;

  /** `apart`: another machine than that of the other devices here, so that two with one account share nothing. */
  constructor({ apart = false } = {}) {
    this.#apart = apart;
  }

  async start({ dieAt, nth = 1, clock, fetch: network = fetch, later }: StartOptions = {}): Promise<Life> {
    let dead = false;
    let passed = 0;
    let die: () => void = () => undefined;
    const died = new Promise<void>((resolve) => {
      die = resolve;
    });
    const forever = new Promise<never>(() => undefined);
    const failpoint: Failpoint = async (name) => {
      if (!dead && name === dieAt && ++passed === nth) {
        dead = true;
        die();
      }
      if (dead) await forever;
    };
    let text = '';
    const background = await assemble({
      records: openRecords(this.#name),
      recordsOf: (address) => openRecords(`${this.#name}-${address}`),
      nodeMirror: this.#nodeMirror,
      ageMirror: this.#ageMirror,
      keys: { mirror: this.#mirror, session: this.#area(), cost },
      glimpseKey: openGlimpseKey(`${this.#name}-glimpse`),
      typed: this.typed,
      wakers: {
        createAlarm: (name, when) => this.alarms.set(name, when),
        clearAlarm: (name) => this.alarms.delete(name),
        ping: async () => undefined,
      },
      button: {
        setBadgeText: (details) => {
          text = details.text;
        },
        setBadgeBackgroundColor: () => undefined,
        setTitle: () => undefined,
      },
      notices: {
        show: async (id, notice) => void this.notices.set(id, notice),
        clear: async (id) => void this.notices.delete(id),
      },
      promptWindow: { show: async () => 1, close: async () => undefined },
      wakePages: () => undefined,
      expose: async (exposure) => void this.exposed.push(exposure),
      tabInFront: async () => this.tabInFront,
      remains: () => this.#remains(),
      version: '0.0.0',
      ...(this.#apart && { cacheName: (address: string) => `${this.#name}-${address.toLowerCase()}` }),
      failpoint,
      fetch: (input, init) => (dead ? forever : network(input, init)),
      ...(clock && { clock }),
      ...(later && { later }),
    });
    const life: Life = {
      ...background,
      died,
      kill: () => {
        dead = true;
        this.#lives.delete(life);
        void background.stop();
      },
      badge: () => text,
      alarms: this.alarms,
    };
    this.#lives.add(life);
    return life;
  }

  /** The browser has lost its databases, all of them or one; what lies beside them is there. */
  async loseDatabases(which = /./): Promise<void> {
    for (const { name = '' } of await indexedDB.databases()) if (name.includes(this.#name) && which.test(name)) await deleteDB(name);
  }

  /** The browser has lost both copies of the vault, and what else lies there is there. */
  async loseKeys(): Promise<void> {
    const records = openRecords(this.#name);
    await records.vault.delete();
    await records.close();
    await this.#mirror.delete();
  }

  /** A failing disk has written over both copies of the vault. */
  async damageKeys(): Promise<void> {
    const records = openRecords(this.#name);
    for (const copy of [records.vault, this.#mirror])
      await copy.put((await copy.get())?.map((byte, at) => (at % 97 === 0 ? 0xa5 : byte)) ?? new Uint8Array());
    await records.close();
  }

  /** Copies the database beside the vault; what this answers puts the copy in its place, while no background lives. */
  async copyRecords(): Promise<() => Promise<void>> {
    return copyDatabase(this.#name);
  }

  /** What a page would show before the background has answered. */
  glimpse(now = Date.now()): Promise<Glimpse | null> {
    return readGlimpse(this.#area(), openGlimpseKey(`${this.#name}-glimpse`), now);
  }

  /** What is kept for the session, by name. */
  get kept(): ReadonlyMap<string, string> {
    return this.#session;
  }

  /** The browser ends: what only its memory held is gone. */
  async restartBrowser(): Promise<Life> {
    for (const life of this.#lives) life.kill();
    this.#session.clear();
    return this.start();
  }

  async close(): Promise<void> {
    for (const life of [...this.#lives]) {
      this.#lives.delete(life);
      await life.stop();
    }
  }

  async #remains(): Promise<Address[]> {
    const mine = (await indexedDB.databases()).filter(({ name = '' }) => name.includes(this.#name));
    const addresses = mine.flatMap(({ name = '' }) => /(0x[0-9a-fA-F]{40})$/.exec(name)?.[1] ?? []);
    return [...new Set(addresses.map(parseAddress))];
  }

  #area() {
    return {
      get: async (key: string): Promise<unknown> => JSON.parse(this.#session.get(key) ?? 'null') ?? undefined,
      set: async (key: string, value: unknown): Promise<void> => void this.#session.set(key, JSON.stringify(value)),
      remove: async (key: string): Promise<void> => void this.#session.delete(key),
    };
  }
}

export interface Person {
  readonly device: Device;
  readonly life: Life;
  readonly address: string;
}

/** Makes a wallet, as the welcome tab does. */
export async function makeWallet(
  { services: { foundings } }: Pick<Background, 'services'>,
  word: string,
  nodeUrl: string,
): Promise<Status> {
  await foundings.begin({ way: 'new', words: 12, node: nodeUrl });
  return foundings.finish(word);
}

/** Brings a recovery phrase, of which it takes the first account, or a private key. @throws with a `reason` where somebody would have to decide */
export async function bringWallet(
  { services: { foundings } }: Pick<Background, 'services'>,
  secret: string,
  word: string,
  nodeUrl: string,
): Promise<Status & { readonly restored: boolean }> {
  if (/^(0x)?[0-9a-f]{64}$/i.test(secret)) await foundings.begin({ way: 'key', key: secret });
  else {
    await foundings.begin({ way: 'phrase', phrase: secret, extraWord: '', node: null });
    await foundings.choose(pathKinds.standard(0));
  }
  const { stage } = await foundings.look(nodeUrl);
  if (stage.step !== 'ready')
    throw Object.assign(new Error(`it stays at ${stage.step}`), { reason: stage.step === 'stuck' ? stage.why : stage.step });
  return { ...(await foundings.finish(word)), restored: stage.restored };
}

/** Somebody with a new wallet, unlocked and reachable through the node. */
export async function newPerson(nodeUrl: string, options?: StartOptions): Promise<Person> {
  const device = new Device();
  const life = await device.start(options);
  const { account } = await makeWallet(life, passphrase, nodeUrl);
  await until(async () => (await life.services.accounts.status()).published, 'the publication');
  return { device, life, address: account?.address ?? '' };
}

/** A background as an alarm finds it: awake, and at work. */
export async function wake(device: Device, options?: StartOptions): Promise<Life> {
  const life = await device.start(options);
  await life.resume();
  return life;
}

/** Waits until `look` answers with something that is not false, null or undefined; the last answer is told when it never does. */
export async function until<T>(look: () => Promise<T> | T, what = 'it', ms = 60_000): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found as NonNullable<Exclude<T, false>>;
    if (Date.now() > end) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The texts of a conversation, oldest first, each with a mark for who wrote it. */
export async function texts({ services: { messages } }: Background, conversation: string): Promise<string[]> {
  const all: string[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await messages.list(conversation, { limit: 200, ...(before !== undefined && { before }) });
    all.unshift(...page.messages.map(({ shown, mine }) => `${mine ? 'me' : 'peer'}: ${shown.form === 'text' ? shown.text : shown.type}`));
    if (!page.more) return all;
    before = page.messages[0]?.id;
  }
}

let composers = 0;

/** What a page says that stands in the composer of a conversation; every time in a new one, which knows what waits there. */
export async function draft(
  { services: { conversations, drafts } }: Pick<Background, 'services'>,
  id: string,
  words: string,
): Promise<void> {
  const { draftRevision: base } = await conversations.get(id);
  const writer = `composer ${++composers}`;
  await drafts.save({ conversation: id, writer, seq: 1, base, parts: [{ id: writer, words }] });
}

/** The conversation with a peer, once it is in the list. */
export const conversationWith = ({ services: { conversations } }: Background, peer: string) =>
  until(async () => (await conversations.list({})).rows.find((row) => row.peer === peer), `a conversation with ${peer}`);

function memoryCell<T>(): Cell<T> {
  let kept: T | undefined;
  return {
    get: async () => kept,
    put: async (value) => {
      kept = value;
    },
    delete: async () => {
      kept = undefined;
    },
  };
}
