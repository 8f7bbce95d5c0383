import { expect } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { checkPassphrase } from '../../src/keystore/passphrase.ts';
import { SealedRecords } from '../../src/keystore/sealed-records.ts';
import { Session } from '../../src/keystore/session.ts';
import { afterFailure, type Failures, noFailures, readFailures } from '../../src/keystore/throttle.ts';
import {
  createVault,
  decodeVault,
  encodeVault,
  openBody,
  openVault,
  reviseVault,
  type Vault,
  type VaultOfMany,
} from '../../src/keystore/vault.ts';
import { type Cell, VaultStore } from '../../src/keystore/vault-store.ts';
import { privateKeyOf, readKey, readPhrase, walletOfKey } from '../../src/keystore/wallet.ts';
import { fromUtf8, toHex } from '../../src/protocol/bytes.ts';
import { isPrivateKey } from '../../src/protocol/secp256k1.ts';
import { fc } from '../support/fast-check.ts';
import { bytes, exactly, place, text } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

/** The reason of the refusal, or what was returned; any other error is thrown on. */
async function reasonOf<T>(action: () => T | Promise<T>): Promise<T | string> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof KeystoreError) return error.reason;
    throw error;
  }
}

const owner = '0x52908400098527886E0F7030069857D2E4169EE7';

/** The cheapest that Argon2id can be. */
const cheap = { m: 8, t: 1, p: 1 };
// Argon2id takes milliseconds even so: vaults are made once, and get other bodies.
const phrases = ['a passphrase', 'Ångström ﬁn', 'a', '가각힣', '🎹 🎹'];
const vaults = await Promise.all(
  phrases.map((words, createdAt) =>
    createVault({ account: { address: owner, phraseSaved: false }, createdAt, body: new Uint8Array(3), passphrase: words }, cheap),
  ),
);
const form = fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD');
const chosen = fc.nat(phrases.length - 1);

property(
  'a vault opens by its passphrase, in every form that Unicode has for it, and gives back what was put in',
  [chosen, bytes(), form],
  async (index, body, as) => {
    const { vault: made, dataKey: known } = vaults[index] as (typeof vaults)[0];
    const read = decodeVault(encodeVault(await reviseVault(made, known, { body })));
    const key = await openVault(read, (phrases[index] as string).normalize(as), cheap);
    expect(key).toEqual(known);
    expect(await openBody(read, key)).toEqual(body);
  },
);

property('a vault opens by no other passphrase', [chosen, text(20)], async (index, other) => {
  const same = other.normalize('NFKC') === phrases[index]?.normalize('NFKC');
  const opened = await reasonOf(() => openVault((vaults[index] as (typeof vaults)[0]).vault, other, cheap));
  expect(opened === 'wrong-passphrase').toBe(!same);
});

const [{ vault, dataKey }] = vaults as [(typeof vaults)[0]];
const encoded = encodeVault(vault);

property('a vault with a changed bit is known to be damaged', [place], async (at) => {
  const changed = flip(encoded, at);
  const read = await reasonOf(() => decodeVault(changed));
  // JSON has several ways to write one text, of which some differ by one bit.
  if (typeof read === 'string') expect(read).toBe('vault-corrupt');
  else expect(read).toEqual(vault);
});

property(
  'bytes and JSON of any kind are no vault',
  [
    fc.oneof(
      bytes(),
      fc.json().map((json) => new TextEncoder().encode(json)),
    ),
  ],
  async (given) => {
    expect(await reasonOf(() => decodeVault(given))).toBe('vault-corrupt');
  },
);

property(
  'the body of a vault belongs to its revision and its clear fields, and to no other',
  [fc.array(fc.record({ phraseSaved: fc.boolean(), body: bytes(20) }), { minLength: 1, maxLength: 3 })],
  async (changes) => {
    const revisions: Vault[] = [vault];
    for (const change of changes)
      revisions.push(
        await reviseVault(revisions.at(-1) as Vault, dataKey, {
          body: change.body,
          accounts: [{ address: owner, phraseSaved: change.phraseSaved }],
        }),
      );
    const last = revisions.at(-1) as VaultOfMany;
    expect(last.rev).toBe(1 + changes.length);
    expect(await openBody(last, dataKey)).toEqual(changes.at(-1)?.body);
    const before = revisions.at(-2) as Vault;
    expect(await reasonOf(() => openBody({ ...last, body: before.body }, dataKey))).toBe('vault-corrupt');
    expect(
      await reasonOf(() =>
        openBody({ ...last, accounts: last.accounts.map((head) => ({ ...head, phraseSaved: !head.phraseSaved })) }, dataKey),
      ),
    ).toBe('vault-corrupt');
  },
);

const cellOf = (start: Uint8Array | undefined): Cell<Uint8Array> & { value: Uint8Array | undefined } => ({
  value: start,
  async get() {
    return this.value;
  },
  async put(next) {
    this.value = next;
  },
  async delete() {
    this.value = undefined;
  },
});
const revised = await reviseVault(vault, dataKey, {});
const copies = [undefined, Uint8Array.of(1), encoded, encodeVault(revised)];
const copy = fc.constantFrom(...copies);

property('of two copies of a vault the newest good one is read, and both are good afterwards', [copy, copy], async (one, other) => {
  const [primary, mirror] = [cellOf(one), cellOf(other)];
  const newest = [revised, vault].find((each) => [one, other].some((held) => held && toHex(held) === toHex(encodeVault(each))));
  const read = await reasonOf(() => new VaultStore(primary, mirror).read());
  if (newest) {
    expect(read).toEqual(newest);
    expect([primary.value, mirror.value]).toEqual([encodeVault(newest), encodeVault(newest)]);
  } else expect(read).toBe(one || other ? 'vault-corrupt' : null);
});

const records = new SealedRecords(new Uint8Array(32).fill(9));
const memberName = fc.oneof(text(8), fc.constantFrom('$bigint', '$bytes', '$entries'));
const { stored } = fc.letrec<{ stored: unknown }>((tie) => ({
  stored: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text(10), fc.boolean(), fc.constant(null), fc.integer(), fc.bigInt(), bytes(10)),
    fc.array(tie('stored'), { maxLength: 3 }),
    fc.dictionary(memberName, tie('stored'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

property('what is kept is what was given, whatever its members are called', [text(10), text(10), stored], async (store, key, value) => {
  expect(await records.open(store, key, await records.seal(store, key, value))).toEqual(value);
});

property(
  'a row that was moved to another key or store, or changed, does not open',
  [text(10), text(10), text(10), place],
  async (store, key, other, at) => {
    const sealed = await records.seal(store, key, 'a value');
    expect(await outcome(() => records.open(store, `${key}${other}a`, sealed))).toBe('cannot-decrypt');
    expect(await outcome(() => records.open(`${store}b`, key, sealed))).toBe('cannot-decrypt');
    expect(await outcome(() => records.open(store, key, flip(sealed, at)))).toBe('cannot-decrypt');
  },
);

property(
  'a name for the disk is the same every time, and another for every text, store and key',
  [text(10), text(10), text(10), text(10)],
  async (store, words, otherStore, otherWords) => {
    const name = await records.blind(store, words);
    expect(name).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect((await new SealedRecords(new Uint8Array(32).fill(9)).blind(otherStore, otherWords)) === name).toBe(
      store === otherStore && words === otherWords,
    );
    expect(await new SealedRecords(new Uint8Array(32).fill(8)).blind(store, words)).not.toBe(name);
  },
);

property(
  'an unlock is resumed until its time is over, by its own key alone',
  [exactly(32), fc.nat(100), fc.option(fc.nat(100)), fc.nat(100)],
  async (key, lockAt, idleAt, now) => {
    const held = new Map<string, unknown>();
    const area = {
      get: async (name: string) => held.get(name),
      set: async (name: string, value: unknown) => void held.set(name, value),
      remove: async (name: string) => void held.delete(name),
    };
    let cell: CryptoKey | undefined;
    const keys: Cell<CryptoKey> = {
      get: async () => cell,
      put: async (value) => {
        cell = value;
      },
      delete: async () => {
        cell = undefined;
      },
    };
    await new Session(area, keys).start(key, { lockAt, idleAt });
    const resumed = await new Session(area, keys).resume(now);
    const over = now >= lockAt || (idleAt !== null && now >= idleAt);
    expect(resumed).toEqual(over ? null : { dataKey: key, deadlines: { lockAt, idleAt } });
    if (over) expect([held.size, cell]).toEqual([0, undefined]);
  },
);

property(
  'the wait after wrong passphrases never becomes shorter, nor longer than five minutes',
  [fc.nat(60), fc.nat({ max: 2 ** 43 })],
  (count, now) => {
    let failures: Failures = noFailures;
    let wait = 0;
    for (let failed = 1; failed <= count; failed++) {
      failures = afterFailure(failures, now);
      const next = failures.nextTryAt === null ? 0 : failures.nextTryAt - now;
      expect(failures.failed).toBe(failed);
      expect(next).toBeGreaterThanOrEqual(wait);
      expect(next).toBeLessThanOrEqual(300_000);
      expect(next > 0).toBe(failed >= 5);
      wait = next;
    }
    expect(readFailures(JSON.parse(JSON.stringify(failures)))).toEqual(failures);
  },
);

property('what was stored for the failures counts, or there were none', [fc.jsonValue()], (value) => {
  const { failed, nextTryAt } = readFailures(value);
  expect(Number.isSafeInteger(failed) && failed >= 0).toBe(true);
  expect(nextTryAt === null || typeof nextTryAt === 'number').toBe(true);
});

property(
  'a passphrase is taken or refused as weak, and a short or uniform one is always refused',
  [fc.oneof(text(20), fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 30 }))],
  async (words) => {
    const judged = await reasonOf(() => checkPassphrase(words));
    const normal = words.normalize('NFKC');
    const weak = [...normal].length < 12 || new Set(normal.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')).size < 4;
    if (weak) expect(judged).toBe('weak-passphrase');
    else expect([undefined, 'weak-passphrase']).toContain(judged);
  },
);

property(
  'a wallet that was written down as a key is the same wallet, with spaces around it and without its prefix',
  [exactly(32).filter(isPrivateKey), fc.boolean()],
  (key, bare) => {
    const wallet = walletOfKey(key, null);
    const words = privateKeyOf(wallet);
    expect(readKey(bare ? ` ${words.slice(2).toUpperCase()}\n` : words)).toEqual(wallet);
  },
);

property(
  'what is neither a key nor a phrase is refused',
  [fc.oneof(text(60), bytes(40).map(toHex), bytes(70).map(fromUtf8))],
  async (words) => {
    const read = await reasonOf(() => readKey(words));
    if (typeof read !== 'string') expect(words.trim()).toMatch(/^[0-9a-f]{64}$/);
    else expect(read).toBe('bad-secret');
    expect(await reasonOf(() => readPhrase(words))).toBe('bad-secret');
  },
);
