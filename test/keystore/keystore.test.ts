import { beforeEach, describe, expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { Keystore, type KeystoreDeps } from '../../src/keystore/keystore.ts';
import { type AccountHead, decodeVault, encodeVault, type VaultOfMany } from '../../src/keystore/vault.ts';
import { openBackups, signatureFor } from '../../src/keystore/wallet-identity.ts';
import { fromUtf8, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { verifyContact } from '../../src/protocol/contact-bundle.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { publicBundle } from '../../src/protocol/private-keys.ts';
import { newAccount } from '../support/accounts.ts';
import { cell, sessionArea } from '../support/memory.ts';
import { alice, bob } from '../support/people.ts';

const passphrase = 'a quiet letter desk';
const cost = { m: 64, t: 1, p: 1 };
const phrase = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
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

/** A background that has just started in this browser. */
async function start(change: Partial<KeystoreDeps> = {}): Promise<Keystore> {
  const keystore = new Keystore({ ...browser, clock: () => now, cost, ...change });
  await keystore.wake();
  return keystore;
}

const reason = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof KeystoreError || error instanceof ProtocolError) return error.reason;
    throw error;
  }
  return 'no error';
};

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  browser = makeBrowser();
});

describe('an account', () => {
  test('is none at first, open after it was made, locked in the next browser session', async () => {
    const keystore = await start();
    expect(keystore.state()).toBe('none');
    await keystore.add(newAccount(), passphrase);
    expect(keystore.state()).toBe('open');
    browser.session.clear();
    const next = await start();
    expect(next.state()).toBe('locked');
    expect(next.accounts()[0]?.address).toBe(keystore.keys().address());
    await next.unlock(passphrase);
    expect(next.keys().publicBundle().identityKey).toEqual(keystore.keys().publicBundle().identityKey);
  });

  test('stays open when the background dies a hundred times', async () => {
    await (await start()).add(newAccount(), passphrase);
    for (let death = 0; death < 100; death++) expect((await start()).state()).toBe('open');
  });

  test('takes no weak passphrase', async () => {
    const keystore = await start();
    for (const weak of ['short', 'elevenchars', 'passwordpassword', '123456789012', 'ababababababab', 'qwertyuiopas'])
      expect(await reason(() => keystore.add(newAccount(), weak))).toBe('weak-passphrase');
    expect(keystore.state()).toBe('none');
    expect(browser.vault.value).toBeUndefined();
  });

  test('of a recovery phrase has the address that every wallet gives it, and gives the phrase back', async () => {
    const keystore = await start();
    await keystore.add(newAccount(`  ${phrase.toUpperCase()} `), passphrase);
    expect(keystore.keys().address()).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
    expect(await keystore.reveal(keystore.keys().address(), passphrase)).toMatchObject({ phrase });
  });

  test('is in the network backup that it seals, whatever else lies beside that, and in none of another wallet', async () => {
    const keystore = await start();
    const [mine, other] = [newAccount(phrase), newAccount()];
    await keystore.add(mine, passphrase);
    const backup = await keystore.keys().keyBackup();
    const found = await openBackups(signatureFor(mine.wallet, null), mine.address, [utf8('garbage'), backup]);
    expect(found && publicBundle(found).identityKey).toEqual(keystore.keys().publicBundle().identityKey);
    expect(await openBackups(signatureFor(other.wallet, null), other.address, [utf8('garbage'), backup])).toBeNull();
  });

  test('is gone after a wipe', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    await keystore.wipe();
    expect([keystore.state(), browser.vault.value, browser.mirror.value, browser.sessionKey.value]).toEqual([
      'none',
      undefined,
      undefined,
      undefined,
    ]);
    expect((await start()).state()).toBe('none');
  });
});

describe('a passphrase', () => {
  test('that is wrong opens nothing, and slows the next tries down', async () => {
    await (await start()).add(newAccount(), passphrase);
    browser.session.clear();
    const keystore = await start();
    for (let tries = 0; tries < 5; tries++) expect(await reason(() => keystore.unlock('not the right one'))).toBe('wrong-passphrase');
    expect(keystore.failures()).toEqual({ failed: 5, nextTryAt: now + 1000 });
    expect(await reason(() => keystore.unlock(passphrase))).toBe('too-soon');
    // Dying does not help the guesser.
    expect(await reason(async () => (await start()).unlock(passphrase))).toBe('too-soon');
    now += 1000;
    await keystore.unlock(passphrase);
    expect(keystore.failures().failed).toBe(0);
  });

  test('is the same on every keyboard', async () => {
    await (await start()).add(newAccount(), 'schöne Grüße überall');
    browser.session.clear();
    await (await start()).unlock('schöne Grüße überall'.normalize('NFD'));
  });
});

describe('a lock', () => {
  test('comes after twelve hours, used or not', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    now += 12 * 3_600_000 - 1;
    await keystore.touch(null);
    expect(await keystore.lockIfDue()).toBe(false);
    now += 1;
    expect(await keystore.lockIfDue()).toBe(true);
    expect((await start()).state()).toBe('locked');
  });

  test('comes for want of use, also while the background was dead', async () => {
    await (await start()).add(newAccount(), passphrase);
    await (await start()).touch(5);
    now += 5 * 60_000 - 1;
    expect((await start()).state()).toBe('open');
    now += 1;
    expect((await start()).state()).toBe('locked');
  });

  test('that comes while the vault is written stays, and the vault stays whole', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const saving = keystore.setPhraseSaved(keystore.keys().address());
    await keystore.lock();
    await saving;
    expect(keystore.state()).toBe('locked');
    await keystore.unlock(passphrase);
    expect(keystore.accounts()[0]).toEqual({ address: keystore.keys().address(), phraseSaved: true });
  });

  test('that comes while something is being sealed leaves nothing sealed under cleared keys', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const invited = reason(() => keystore.keys().createInvitation(bob.contact, undefined, BigInt(now) * 1_000_000n));
    await keystore.lock();
    expect(await invited).toBe('locked');
  });

  test('leaves nothing to work with', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const sealed = await keystore.keys().sealRecord('drafts', 'a', 'text');
    await keystore.lock();
    expect(await reason(() => keystore.keys().openRecord('drafts', 'a', sealed))).toBe('locked');
    for (const ask of [
      () => keystore.keys().address(),
      () => keystore.keys().publicBundle(),
      () => keystore.keys().authToken(),
      () => keystore.keys().contactMessages(),
    ])
      expect(await reason(async () => ask())).toBe('locked');
    expect(browser.sessionKey.value).toBeUndefined();
  });
});

describe('the vault', () => {
  test('holds no secret in the clear', async () => {
    const keystore = await start();
    await keystore.add(newAccount(phrase), passphrase);
    const { privateKey } = await keystore.reveal(keystore.keys().address(), passphrase);
    for (const copy of [browser.vault.value, browser.mirror.value]) {
      const text = fromUtf8(copy ?? new Uint8Array());
      for (const secret of ['abandon', passphrase, privateKey.slice(2)]) expect(text).not.toContain(secret);
    }
  });

  test('is restored from its mirror when it is lost, damaged or older', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const old = browser.vault.value;
    await keystore.setPhraseSaved(keystore.keys().address());
    for (const damage of [undefined, utf8('{"v":1'), old]) {
      browser.vault.value = damage;
      browser.session.clear();
      const next = await start();
      expect(next.accounts()[0]?.phraseSaved).toBe(true);
      expect(browser.vault.value).toEqual(browser.mirror.value);
      await next.unlock(passphrase);
    }
  });

  test('that is damaged in both places says so and is not taken for a new start', async () => {
    await (await start()).add(newAccount(), passphrase);
    browser.vault.value = utf8('x');
    browser.mirror.value = utf8('y');
    expect(await reason(() => start())).toBe('vault-corrupt');
  });

  test('is refused when somebody made its key derivation cheap', async () => {
    await (await start()).add(newAccount(), passphrase);
    const vault = decodeVault(browser.vault.value ?? new Uint8Array());
    browser.vault.value = encodeVault({ ...vault, rev: 9, kdf: { ...vault.kdf, m: 8 } });
    browser.session.clear();
    const keystore = await start();
    expect(await reason(() => keystore.unlock(passphrase))).toBe('vault-foreign');
  });

  test('notices a changed clear field', async () => {
    await (await start()).add(newAccount(), passphrase);
    const vault = decodeVault(browser.vault.value ?? new Uint8Array());
    browser.vault.value = encodeVault({
      ...(vault as VaultOfMany),
      rev: 9,
      accounts: [{ ...((vault as VaultOfMany).accounts[0] as AccountHead), phraseSaved: true }],
    });
    browser.session.clear();
    const keystore = await start();
    expect(await reason(() => keystore.unlock(passphrase))).toBe('vault-corrupt');
  });
});

describe('what it seals for the disk', () => {
  test('comes back as it was, bytes, bigints and foreign marks included', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const value = {
      n: 12n,
      b: Uint8Array.of(1, 2),
      s: 'text',
      deep: [{ $bytes: 'AAA=' }, { $entries: [['a', 1]] }, { $bigint: '7' }],
      nothing: null,
    };
    expect(await keystore.keys().openRecord('s', 'k', await keystore.keys().sealRecord('s', 'k', value))).toEqual(value);
  });

  test('opens only where it was put', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const sealed = await keystore.keys().sealRecord('s', 'k', 1);
    expect(await reason(() => keystore.keys().openRecord('s', 'other', sealed))).toBe('cannot-decrypt');
    expect(await reason(() => keystore.keys().openRecord('other', 'k', sealed))).toBe('cannot-decrypt');
  });

  test('has names that tell nothing and stay the same', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const bytes = async (keys: ReturnType<typeof keystore.keys>, purpose = 'files', text = 'one') => {
      const random = await keys.repeatable(purpose, text);
      return [random(32), random(12), random(70)].map(toHex);
    };
    const drawn = await bytes(keystore.keys());
    expect(drawn.map(({ length }) => length)).toEqual([64, 24, 140]);
    expect(new Set(drawn.map((each) => each.slice(0, 24))).size).toBe(3);
    for (const other of [await bytes(keystore.keys(), 'others'), await bytes(keystore.keys(), 'files', 'two')])
      expect(other.filter((each) => drawn.includes(each))).toEqual([]);
    const name = await keystore.keys().blind('peers', bob.address);
    expect(name).toMatch(/^[\w-]{22}$/);
    expect(await (await start()).keys().blind('peers', bob.address)).toBe(name);
    expect(await bytes((await start()).keys())).toEqual(drawn);
    expect(await keystore.keys().blind('others', bob.address)).not.toBe(name);
  });
});

describe('a conversation', () => {
  test('goes both ways between two keystores, with sealed keys only', async () => {
    const mine = await start();
    await mine.add(newAccount(), passphrase);
    browser = makeBrowser();
    const theirs = await start();
    await theirs.add(newAccount(), passphrase);
    const createdNs = BigInt(now) * 1_000_000n;
    const invitation = await mine.keys().createInvitation(theirs.keys().publicBundle(), undefined, createdNs);
    const received = await theirs.keys().openInvitation({ timestampNs: createdNs, message: invitation.sealed });
    expect(received).toMatchObject({ topic: invitation.topic, peer: mine.keys().address(), sentByMe: false, derived: true });
    const { topic } = invitation;
    const { message, id } = await mine
      .keys()
      .sealMessage({ key: invitation.key, topic, payload: utf8('hello'), createdNs, shouldPush: true });
    const opened = await theirs
      .keys()
      .openMessage({ key: received.key, topic, envelopeTopic: topic, peer: mine.keys().address(), message });
    expect(opened).toMatchObject({ id, sender: mine.keys().address(), payload: utf8('hello') });
    expect(
      await reason(() => theirs.keys().openMessage({ key: received.key, topic, envelopeTopic: topic, peer: alice.address, message })),
    ).toBe('wrong-sender');
    expect(
      await reason(() =>
        mine.keys().openMessage({ key: received.key, topic, envelopeTopic: topic, peer: theirs.keys().address(), message }),
      ),
    ).toBe('cannot-decrypt');
  });

  test('begins with a contact that verifies', async () => {
    const keystore = await start();
    await keystore.add(newAccount(), passphrase);
    const [legacy, signed] = keystore.keys().contactMessages();
    expect(verifyContact(legacy, keystore.keys().address()).version).toBe(1);
    expect(verifyContact(signed, keystore.keys().address()).version).toBe(2);
  });
});
