import { beforeEach, describe, expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { decodeVault, encodeVault, mostAccounts, type Vault } from '../../src/keystore/vault.ts';
import { fromBase64, fromUtf8, utf8 } from '../../src/protocol/bytes.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { newAccount } from '../support/accounts.ts';
import { cell, sessionArea } from '../support/memory.ts';
import before from './vault-1.json' with { type: 'json' };

const passphrase = 'correct horse battery staple';
const cost = { m: 64, t: 1, p: 1 };
let browser: ReturnType<typeof makeBrowser>;

const makeBrowser = () => ({
  vault: cell<Uint8Array>(),
  mirror: cell<Uint8Array>(),
  session: sessionArea(),
  sessionKey: cell<CryptoKey>(),
  failures: cell<unknown>(),
});

async function start(cells: Partial<Pick<typeof browser, 'vault' | 'mirror'>> = {}): Promise<Keystore> {
  const keystore = new Keystore({ ...browser, ...cells, cost });
  await keystore.wake();
  return keystore;
}

async function restart(): Promise<Keystore> {
  browser.session.clear();
  browser.failures.value = undefined;
  const keystore = await start();
  await keystore.unlock(passphrase);
  return keystore;
}

const reason = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof KeystoreError || error instanceof ProtocolError) return error.reason;
    throw error;
  }
  return 'no error';
};
const addresses = (keystore: Keystore) => keystore.accounts().map(({ address }) => address);

beforeEach(() => {
  browser = makeBrowser();
});

/** A keystore with two accounts, open. */
async function two() {
  const keystore = await start();
  const [first, second] = [newAccount(), newAccount()];
  await keystore.add(first, passphrase);
  await keystore.add(second, passphrase);
  return { keystore, first: keystore.accounts()[0]?.address ?? '0x', second: keystore.accounts()[1]?.address ?? '0x' };
}

describe('a vault of the older format', () => {
  const address = before.address as `0x${string}`;

  beforeEach(() => {
    browser.vault.value = utf8(JSON.stringify(before.vault));
  });

  test('opens, with everything that was sealed under it', async () => {
    const keystore = await start();
    expect(keystore.accounts()).toEqual([{ address, phraseSaved: false }]);
    await keystore.unlock(passphrase);
    expect((await keystore.reveal(address, passphrase)).phrase).toBe(before.phrase);
    expect(await keystore.keys(address).openRecord('messages', 'a', fromBase64(before.row))).toEqual({ text: 'kept from before' });
    expect(await keystore.keys(address).blind('conversations', 'a name')).toBe(before.blind);
  });

  test('takes the newer format with the first change, and keeps what was sealed', async () => {
    const keystore = await start();
    await keystore.unlock(passphrase);
    const other = newAccount();
    await keystore.add(other, passphrase);
    expect(decodeVault(browser.vault.value ?? new Uint8Array())).toMatchObject({ v: 2, rev: 2, kek: before.vault.kek });
    const later = await restart();
    expect(addresses(later)).toEqual([address, other.address]);
    expect(await later.keys(address).openRecord('messages', 'a', fromBase64(before.row))).toEqual({ text: 'kept from before' });
  });
});

describe('several accounts', () => {
  test('are there after a restart, in their order, under one passphrase', async () => {
    const { keystore, first, second } = await two();
    await keystore.describe(second, { name: 'Work', color: 3 });
    await keystore.setPhraseSaved(second);
    const bundle = keystore.keys(second).publicBundle();
    const later = await restart();
    expect(later.accounts()).toEqual([
      { address: first, phraseSaved: false },
      { address: second, phraseSaved: true },
    ]);
    expect([later.look(first), later.look(second)]).toEqual([
      { name: '', color: null },
      { name: 'Work', color: 3 },
    ]);
    expect(later.keys(second).publicBundle()).toEqual(bundle);
  });

  test('cannot read each other’s rows, and name the same thing differently', async () => {
    const { keystore, first, second } = await two();
    const sealed = await keystore.keys(first).sealRecord('messages', 'a', 'hello');
    expect(await reason(() => keystore.keys(second).openRecord('messages', 'a', sealed))).toBe('cannot-decrypt');
    expect(await keystore.keys(second).blind('names', 'x')).not.toBe(await keystore.keys(first).blind('names', 'x'));
    expect(await (await restart()).keys(first).openRecord('messages', 'a', sealed)).toBe('hello');
  });

  test('keep names, and whose accounts they are, unreadable to those without the passphrase', async () => {
    const { keystore, second } = await two();
    await keystore.describe(second, { name: 'Moonlighting', color: 3 });
    expect(fromUtf8(browser.vault.value ?? new Uint8Array())).not.toContain('Moonlighting');
    await keystore.lock();
    expect(await reason(() => keystore.look(second))).toBe('locked');
  });

  test('are refused twice, with a wrong passphrase, while locked, and beyond what is kept', async () => {
    const { keystore } = await two();
    const other = newAccount();
    expect(await reason(() => keystore.add(other, 'another passphrase'))).toBe('wrong-passphrase');
    await keystore.add(other, passphrase);
    expect(await reason(() => keystore.add(other, passphrase))).toBe('account-exists');
    expect(addresses(keystore)).toHaveLength(3);
    await keystore.lock();
    expect(await reason(() => keystore.add(newAccount(), passphrase))).toBe('locked');
    const vault = decodeVault(browser.vault.value ?? new Uint8Array());
    const accounts = Array.from({ length: mostAccounts + 1 }, () => ({ address: other.address, phraseSaved: false }));
    expect(await reason(() => decodeVault(encodeVault({ ...vault, accounts } as Vault)))).toBe('vault-corrupt');
  });

  test('change their keys without touching the others', async () => {
    const { keystore, first, second } = await two();
    const before = keystore.keys(first).publicBundle();
    await Promise.all([
      keystore.keys(second).rotatePreKey(),
      keystore.describe(first, { name: 'a' }),
      keystore.keys(second).rotatePreKey(),
    ]);
    const later = await restart();
    expect(later.keys(second).preKeys().count).toBe(3);
    expect(later.keys(first).publicBundle()).toEqual(before);
    expect(later.look(first).name).toBe('a');
  });

  test('all drop their keys with the lock', async () => {
    const { keystore, first, second } = await two();
    await keystore.lock();
    for (const address of [first, second]) expect(await reason(() => keystore.keys(address).publicBundle())).toBe('locked');
  });
});

describe('an account that is removed', () => {
  test('is gone with its keys; the rest stays, under the same passphrase', async () => {
    for (const which of [0, 1]) {
      browser = makeBrowser();
      const { keystore } = await two();
      const [gone, stays] = which === 0 ? [0, 1] : [1, 0];
      const [removed, kept] = [addresses(keystore)[gone], addresses(keystore)[stays]] as [`0x${string}`, `0x${string}`];
      const sealed = await keystore.keys(kept).sealRecord('messages', 'a', 'mine');
      const keys = keystore.keys(removed);
      expect(await reason(() => keystore.remove(removed, 'another passphrase'))).toBe('wrong-passphrase');
      await keystore.remove(removed, passphrase);
      expect(await reason(() => keys.publicBundle())).toBe('no-account');
      const later = await restart();
      expect(addresses(later)).toEqual([kept]);
      expect(await later.keys(kept).openRecord('messages', 'a', sealed)).toBe('mine');
      for (const copy of [browser.vault.value, browser.mirror.value]) expect(fromUtf8(copy ?? new Uint8Array())).not.toContain(removed);
    }
  });

  test('is not the last one', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    expect(await reason(() => keystore.remove(keystore.accounts()[0]?.address ?? '0x', passphrase))).toBe('last-account');
    expect((await restart()).accounts()).toHaveLength(1);
  });
});

/** The background dies at the n-th write, before it, half way through it, or after it. */
test('adding and removing leave a whole vault wherever the background dies, with the account or without it', async () => {
  const seen = new Set<string>();
  for (const deed of ['add', 'remove'] as const)
    for (const death of ['before', 'half way', 'after'])
      for (let at = 0; ; at++) {
        browser = makeBrowser();
        const { first, second } = await two();
        const added = newAccount();
        let writes = 0;
        const mortal = (inner: typeof browser.vault) => ({
          ...inner,
          get: () => inner.get(),
          delete: () => inner.delete(),
          async put(bytes: Uint8Array) {
            const turn = writes++;
            if (turn < at) return inner.put(bytes);
            if (turn === at && death !== 'before') await inner.put(death === 'after' ? bytes : bytes.slice(0, bytes.length / 2));
            throw new Error('died');
          },
        });
        const keystore = await start({ vault: mortal(browser.vault), mirror: mortal(browser.mirror) });
        const died = await (deed === 'add' ? keystore.add(added, passphrase) : keystore.remove(second, passphrase)).then(
          () => false,
          () => true,
        );
        const later = await restart();
        const there = addresses(later);
        const [without, withIt] =
          deed === 'add'
            ? [
                [first, second],
                [first, second, added.address],
              ]
            : [[first], [first, second]];
        expect([without, withIt]).toContainEqual(there);
        for (const address of later.accounts()) expect(later.keys(address.address).address()).toBe(address.address);
        expect(browser.vault.value).toEqual(browser.mirror.value);
        seen.add(`${deed} ${there.length}`);
        if (!died) break;
      }
  expect([...seen].toSorted()).toEqual(['add 2', 'add 3', 'remove 1', 'remove 2']);
});
