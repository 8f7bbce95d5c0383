import { beforeEach, describe, expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import type { KdfCost } from '../../src/keystore/passphrase.ts';
import { decodeVault, encodeVault, type VaultOfMany } from '../../src/keystore/vault.ts';
import type { Cell } from '../../src/keystore/vault-store.ts';
import { fromUtf8, utf8 } from '../../src/protocol/bytes.ts';
import { newAccount } from '../support/accounts.ts';
import { cell, sessionArea } from '../support/memory.ts';

const old = 'a quiet letter desk';
const next = 'another calm window';
const cheap = { m: 64, t: 1, p: 1 };
let now = 0;
let browser: ReturnType<typeof makeBrowser>;

function makeBrowser() {
  return {
    vault: cell<Uint8Array>(),
    mirror: cell<Uint8Array>(),
    session: sessionArea(),
    sessionKey: cell<CryptoKey>(),
    failures: cell<unknown>(),
  };
}

async function start(cost: KdfCost = cheap, cells: Partial<typeof browser> = {}): Promise<Keystore> {
  const keystore = new Keystore({ ...browser, ...cells, clock: () => now, cost });
  await keystore.wake();
  return keystore;
}

/** The browser after its end: nothing is unlocked, no tries are counted. */
async function restart(cost?: KdfCost): Promise<Keystore> {
  browser.session.clear();
  browser.failures.value = undefined;
  return start(cost);
}

const reason = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof KeystoreError) return error.reason;
    throw error;
  }
  return 'no error';
};

/** Which of the two passphrases open the vault that lies there. */
async function opening(): Promise<string[]> {
  const open: string[] = [];
  for (const passphrase of [old, next])
    if ((await reason(async () => (await restart()).unlock(passphrase))) === 'no error') open.push(passphrase);
  return open;
}

/** How the background dies in a write: before it, with half of it on the disk, or after it and before anybody knows. */
type Death = 'before' | 'half way' | 'after';

class Died extends Error {}

/** Cells of which the n-th operation is the last: a dead background does nothing more. */
function mortal(deathAt: number, death: Death) {
  let operations = 0;
  const live = async <T>(work: () => Promise<T>, half?: () => Promise<void>): Promise<T> => {
    const at = operations++;
    if (at > deathAt || (at === deathAt && death === 'before')) throw new Died();
    if (at < deathAt) return work();
    await (death === 'half way' && half ? half() : work());
    throw new Died();
  };
  const wrap = (inner: Cell<Uint8Array> & { value: Uint8Array | undefined }) => ({
    value: undefined,
    get: () => live(() => inner.get()),
    put: (bytes: Uint8Array) =>
      live(
        () => inner.put(bytes),
        () => inner.put(bytes.slice(0, bytes.length / 2)),
      ),
    delete: () => live(() => inner.delete()),
  });
  return { vault: wrap(browser.vault), mirror: wrap(browser.mirror) };
}

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  browser = makeBrowser();
});

describe('another passphrase', () => {
  test('opens what the old one opened, and the old one nothing more', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    const { privateKey } = await keystore.reveal(keystore.keys().address(), old);
    const sealed = await keystore.keys().sealRecord('drafts', 'a', 'text');
    await keystore.changePassphrase(old, next);
    expect(keystore.state()).toBe('open');
    expect(await keystore.keys().openRecord('drafts', 'a', sealed)).toBe('text');
    expect(await opening()).toEqual([next]);
    const later = await restart();
    await later.unlock(next);
    expect(await later.reveal(later.keys().address(), next)).toMatchObject({ privateKey });
    expect(await later.keys().openRecord('drafts', 'a', sealed)).toBe('text');
  });

  test('leaves no copy that the old one opens', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    await keystore.changePassphrase(old, next);
    for (const kept of ['vault', 'mirror'] as const) {
      const other = kept === 'vault' ? 'mirror' : 'vault';
      browser[other].value = undefined;
      expect([kept, await opening()]).toEqual([kept, [next]]);
    }
  });

  test('wants the present one, worth the name, from an open vault', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    const before = browser.vault.value;
    expect(await reason(() => keystore.changePassphrase('not the present one', next))).toBe('wrong-passphrase');
    expect(keystore.failures().failed).toBe(1);
    expect(await reason(() => keystore.changePassphrase(old, 'short'))).toBe('weak-passphrase');
    await keystore.lock();
    expect(await reason(() => keystore.changePassphrase(old, next))).toBe('locked');
    expect(browser.vault.value).toEqual(before);
  });

  test('is asked for as slowly as at unlocking when it was wrong', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    for (let tries = 0; tries < 5; tries++) await reason(() => keystore.changePassphrase('not the present one', next));
    expect(await reason(() => keystore.changePassphrase(old, next))).toBe('too-soon');
    now += 1000;
    await keystore.changePassphrase(old, next);
    expect(await opening()).toEqual([next]);
  });

  test('and what else is written at the same time do not undo each other', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    await Promise.all([
      keystore.keys().rotatePreKey(),
      keystore.changePassphrase(old, next),
      keystore.setPhraseSaved(keystore.keys().address()),
      keystore.keys().rotatePreKey(),
    ]);
    const later = await restart();
    await later.unlock(next);
    expect([later.keys().preKeys().count, later.accounts()[0]?.phraseSaved]).toEqual([3, true]);
  });

  test('does not bring a vault back that is being wiped', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    const changing = keystore.changePassphrase(old, next).catch(() => undefined);
    await keystore.wipe();
    await changing;
    expect([browser.vault.value, browser.mirror.value]).toEqual([undefined, undefined]);
  });

  test('or the old one opens the vault, whenever the background dies on the way', async () => {
    const reached = new Set<string>();
    for (const death of ['before', 'half way', 'after'] as const)
      for (let at = 0; ; at++) {
        browser = makeBrowser();
        const first = await start();
        await first.add(newAccount(), old);
        const address = first.keys().address();
        // Waking reads both copies; the deaths that count come after it.
        const doomed = await start(cheap, mortal(2 + at, death));
        const died = await doomed.changePassphrase(old, next).then(
          () => false,
          (error: unknown) => error instanceof Died,
        );
        const open = await opening();
        expect([death, at, open.length]).toEqual([death, at, 1]);
        expect((await restart()).accounts()[0]?.address).toBe(address);
        expect(browser.vault.value).toEqual(browser.mirror.value);
        reached.add(`${open[0]}`);
        if (!died) break;
        expect(at).toBeLessThan(20);
      }
    expect(reached).toEqual(new Set([old, next]));
  });

  test('is the one to give when only the second copy could not be written', async () => {
    const keystore = await start(cheap, {
      mirror: { ...cell(), put: () => Promise.reject(new Error('full')), get: async () => undefined },
    });
    // The first copy alone is a vault already.
    await keystore.add(newAccount(), old).catch(() => undefined);
    const open = await start(cheap, { mirror: { ...cell(), put: () => Promise.reject(new Error('full')), get: async () => undefined } });
    await open.unlock(old);
    await expect(open.changePassphrase(old, next)).rejects.toThrow('full');
    expect(await reason(() => open.check(next))).toBe('no error');
    expect(await opening()).toEqual([next]);
  });
});

describe('a derivation that has become too cheap', () => {
  const former = { m: 19_456, t: 2, p: 1 };
  const usual = { m: 20_480, t: 2, p: 1 };
  const kdf = () => decodeVault(browser.vault.value ?? new Uint8Array()).kdf;

  test('is made as dear as is usual at the next unlock, and never cheaper', async () => {
    await (await start(former)).add(newAccount(), old);
    const { salt } = kdf();
    const keystore = await restart(usual);
    await keystore.unlock(old);
    expect(kdf()).toMatchObject(usual);
    expect(kdf().salt).not.toBe(salt);
    expect(browser.mirror.value).toEqual(browser.vault.value);
    // An older Parley leaves it as it is.
    await (await restart(former)).unlock(old);
    expect(kdf()).toMatchObject(usual);
  });

  test('opens all the same when there is no room to write', async () => {
    await (await start(former)).add(newAccount(), old);
    browser.session.clear();
    const keystore = await start(usual, {
      vault: { ...cell(), get: () => browser.vault.get(), put: () => Promise.reject(new Error('full')) },
    });
    await keystore.unlock(old);
    expect(keystore.state()).toBe('open');
    expect(kdf()).toMatchObject(former);
  });
});

describe('two copies of the vault', () => {
  test('that are equally new and differ become one: what the first says', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    const vault = decodeVault(browser.vault.value ?? new Uint8Array());
    browser.mirror.value = encodeVault({ ...(vault as VaultOfMany), accounts: [{ address: vault.address, phraseSaved: true }] });
    expect((await restart()).accounts()[0]?.phraseSaved).toBe(false);
    expect(browser.mirror.value).toEqual(browser.vault.value);
  });

  test('are not needed to be written for the vault to open', async () => {
    await (await start()).add(newAccount(), old);
    browser.session.clear();
    const keystore = await start(cheap, {
      mirror: { ...cell(), get: async () => undefined, put: () => Promise.reject(new Error('full')) },
    });
    await keystore.unlock(old);
    expect(keystore.state()).toBe('open');
  });

  test('hold neither passphrase, also after a change', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), old);
    await keystore.changePassphrase(old, next);
    for (const copy of [browser.vault.value, browser.mirror.value])
      for (const secret of [old, next]) expect(fromUtf8(copy ?? utf8(secret))).not.toContain(secret);
  });
});
