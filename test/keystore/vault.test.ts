import { argon2id } from '@noble/hashes/argon2.js';
import { describe, expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { checkCost, checkPassphrase, defaultCost, deriveKey } from '../../src/keystore/passphrase.ts';
import { afterFailure, noFailures, readFailures } from '../../src/keystore/throttle.ts';
import { createVault, decodeVault, encodeVault, openBody, openVault, reviseVault, type Vault } from '../../src/keystore/vault.ts';
import { VaultStore } from '../../src/keystore/vault-store.ts';
import { phraseOf, privateKeyOf, readKey, readPhrase, walletOfEntropy } from '../../src/keystore/wallet.ts';
import { fromHex, fromUtf8, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { cell } from '../support/memory.ts';
import { alice } from '../support/people.ts';

const cost = { m: 64, t: 1, p: 1 };
const passphrase = 'a quiet letter desk';
const body = utf8('{"secret":1}');
const make = () => createVault({ account: { address: alice.address, phraseSaved: false }, createdAt: 5, body, passphrase }, cost);
const reason = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof KeystoreError) return error.reason;
    throw error;
  }
  return 'no error';
};

describe('a key from a passphrase', () => {
  test('is what another implementation of Argon2id says', async () => {
    for (const [m, t, p] of [
      [64, 1, 1],
      [256, 3, 1],
      [512, 2, 2],
    ] as const) {
      const salt = Uint8Array.from({ length: 16 }, (_, index) => index);
      const expected = argon2id(utf8('grüße'), salt, { m, t, p, dkLen: 32 });
      expect(await deriveKey('gru\u0308ße', salt, { m, t, p })).toEqual(expected);
    }
  });

  test('costs 64 MiB and three passes unless told otherwise', async () => {
    expect(defaultCost).toEqual({ m: 65_536, t: 3, p: 1 });
    expect(toHex(await deriveKey('password', utf8('somesaltsomesalt'), defaultCost))).toBe(
      toHex(argon2id(utf8('password'), utf8('somesaltsomesalt'), { m: 65_536, t: 3, p: 1, dkLen: 32 })),
    );
  });

  test('is not derived below the floor nor above the ceiling', async () => {
    for (const [m, t, p, expected] of [
      [19_456, 2, 1, 'no error'],
      [47_104, 1, 1, 'no error'],
      [65_536, 3, 4, 'no error'],
      [19_455, 2, 1, 'vault-foreign'],
      [47_103, 1, 1, 'vault-foreign'],
      [65_536, 0, 1, 'vault-foreign'],
      [1_048_577, 3, 1, 'vault-foreign'],
      [65_536, 11, 1, 'vault-foreign'],
      [65_536, 3, 5, 'vault-foreign'],
      [65_536, 3, 0, 'vault-foreign'],
      [65_536.5, 3, 1, 'vault-foreign'],
    ] as const)
      expect([m, t, p, await reason(() => checkCost({ m, t, p }, defaultCost))]).toEqual([m, t, p, expected]);
  });

  test('wants twelve characters, of whatever script, that are no row of the keyboard', async () => {
    for (const good of ['a quiet letter desk', 'correct horse battery', '静かな手紙の机で書く言葉です', 'tr0ub4dor&3xyz'])
      expect([good, await reason(() => checkPassphrase(good))]).toEqual([good, 'no error']);
    for (const bad of ['', 'elevenchars', '🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊', 'Password-Password', '210987654321', 'abcdefghijkl', 'QWERTYUIOPAS'])
      expect([bad, await reason(() => checkPassphrase(bad))]).toEqual([bad, 'weak-passphrase']);
  });
});

describe('a vault', () => {
  test('opens with its passphrase only, and gives back what was put in', async () => {
    const { vault, dataKey } = await make();
    const read = decodeVault(encodeVault(vault));
    expect(read).toEqual(vault);
    expect(await openVault(read, passphrase, cost)).toEqual(dataKey);
    expect(await openBody(read, dataKey)).toEqual(body);
    expect(await reason(() => openVault(read, `${passphrase} `, cost))).toBe('wrong-passphrase');
  });

  test('keeps its data key over revisions, and uses no nonce twice', async () => {
    const { vault, dataKey } = await make();
    const next = await reviseVault(vault, dataKey, { accounts: [{ address: alice.address, phraseSaved: true }] });
    expect([next.rev, next.accounts[0]?.phraseSaved, next.kek]).toEqual([2, true, vault.kek]);
    expect(next.body.nonce).not.toBe(vault.body.nonce);
    expect(await openBody(next, await openVault(next, passphrase, cost))).toEqual(body);
  });

  test('shows damage of every single byte before the passphrase is asked for', async () => {
    const bytes = encodeVault((await make()).vault);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect([at, await reason(() => decodeVault(damaged))]).toEqual([at, 'vault-corrupt']);
    }
  });

  test('does not open when its salt, address or cost were exchanged together with the checksum', async () => {
    const { vault, dataKey } = await make();
    const other = (await make()).vault;
    expect(await reason(() => openVault({ ...vault, kdf: other.kdf }, passphrase, cost))).toBe('wrong-passphrase');
    expect(await reason(() => openVault({ ...vault, createdAt: 6 }, passphrase, cost))).toBe('wrong-passphrase');
    expect(await reason(() => openBody({ ...vault, body: other.body }, dataKey))).toBe('vault-corrupt');
    expect(await reason(() => openBody({ ...vault, rev: 2 }, dataKey))).toBe('vault-corrupt');
  });
});

describe('the two copies of a vault', () => {
  test('help each other out of damage within the sealed part', async () => {
    const { vault } = await make();
    const [primary, mirror] = [cell<Uint8Array>(), cell<Uint8Array>()];
    const store = new VaultStore(primary, mirror);
    await store.write(vault);
    for (const copy of [primary, mirror]) {
      copy.value = utf8(fromUtf8(copy.value ?? new Uint8Array()).replace(vault.kek.ct, `A${vault.kek.ct.slice(1)}`.replace(/^AA/, 'BA')));
      expect(await store.read()).toEqual(vault);
      expect(primary.value).toEqual(mirror.value);
      expect(decodeVault(copy.value)).toEqual(vault);
    }
  });

  test('stay as they are when one is of a format to come', async () => {
    const { vault } = await make();
    const [primary, mirror] = [cell<Uint8Array>(), cell<Uint8Array>()];
    const store = new VaultStore(primary, mirror);
    await store.write(vault);
    const newer = encodeVault({ ...vault, v: 3, rev: 9, accounts: 'of a kind that nobody knows yet' } as unknown as Vault);
    primary.value = newer;
    const before = mirror.value;
    expect(await reason(() => store.read())).toBe('vault-newer');
    expect([primary.value, mirror.value]).toEqual([newer, before]);
    // What is merely damaged says nothing of its format.
    primary.value = utf8(fromUtf8(newer).replace('"rev":9', '"rev":8'));
    expect(await store.read()).toEqual(vault);
  });

  test('are not called damaged where one of them cannot be read just now', async () => {
    const { vault } = await make();
    const [primary, mirror] = [cell<Uint8Array>(), cell<Uint8Array>()];
    await new VaultStore(primary, mirror).write(vault);
    const away = async (): Promise<never> => {
      throw new Error('no room');
    };
    const store = new VaultStore({ ...primary, get: away, put: away, delete: away }, mirror);
    expect(await store.read()).toEqual(vault);
    for (const left of [undefined, utf8('damaged')]) {
      mirror.value = left;
      await expect(store.read()).rejects.toThrow('no room');
    }
  });

  test('leave the mirror alone until the primary is written as it is', async () => {
    const { vault, dataKey } = await make();
    const [primary, mirror] = [cell<Uint8Array>(), cell<Uint8Array>()];
    await new VaultStore(primary, mirror).write(vault);
    const forgetful = { ...primary, put: async () => {}, get: async () => primary.value, delete: async () => {} };
    const next = await reviseVault(vault, dataKey, { accounts: [{ address: alice.address, phraseSaved: true }] });
    expect(await reason(() => new VaultStore(forgetful, mirror).write(next))).toBe('vault-corrupt');
    expect(decodeVault(mirror.value ?? new Uint8Array())).toEqual(vault);
  });
});

describe('wrong passphrases', () => {
  test('cost more and more time, but never the account', () => {
    let failures = noFailures;
    const waits: (number | null)[] = [];
    for (let tries = 0; tries < 21; tries++) {
      failures = afterFailure(failures, 0);
      waits.push(failures.nextTryAt);
    }
    const minute = 60_000;
    expect(waits.slice(0, 11)).toEqual([null, null, null, null, 1000, 2000, 4000, 8000, 16_000, 32_000, minute]);
    expect(waits.slice(11, 19).every((wait) => wait === minute)).toBe(true);
    expect(waits.slice(19)).toEqual([300_000, 300_000]);
  });

  test('are counted anew when the count was damaged', () => {
    for (const value of [undefined, null, 'x', { failed: -1 }, { failed: 1.5 }]) expect(readFailures(value)).toEqual(noFailures);
    expect(readFailures({ failed: 7, nextTryAt: 9 })).toEqual({ failed: 7, nextTryAt: 9 });
  });
});

describe('a wallet', () => {
  // BIP-39's published English vectors for their entropy; the addresses are what wallets show for them at m/44'/60'/0'/0/0.
  test.each([
    ['00000000000000000000000000000000', 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'],
    ['7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f', 'legal winner thank year wave sausage worth useful legal winner thank yellow'],
    ['80808080808080808080808080808080', 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above'],
    ['ffffffffffffffffffffffffffffffff', 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong'],
  ])('has the words of entropy %s', (entropy, phrase) => {
    const wallet = walletOfEntropy(readPhrase(phrase));
    expect(wallet.entropy && toHex(wallet.entropy)).toBe(entropy);
    expect(phraseOf(wallet)).toBe(phrase);
  });

  test('of known words has the known address', () => {
    expect(walletOfEntropy(readPhrase('test test test test test test test test test test test junk'))).toMatchObject({
      address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      key: fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'),
    });
    expect(
      walletOfEntropy(readPhrase('abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about')).address,
    ).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
  });

  test('comes from a key with or without 0x, and has no words then', () => {
    const key = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
    for (const secret of [key, `0x${key.toUpperCase()}`, `  0x${key}\n`]) {
      const wallet = readKey(secret);
      expect([wallet.address, phraseOf(wallet), privateKeyOf(wallet)]).toEqual([
        '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
        null,
        `0x${key}`,
      ]);
    }
  });

  test('is refused for what is neither words nor a key, and for a key that no wallet has', async () => {
    for (const secret of ['', 'abandon about', `${'abandon '.repeat(11)}about zoo`])
      expect(await reason(() => readPhrase(secret))).toBe('bad-secret');
    for (const secret of ['', 'abandon about', `0x${'0'.repeat(64)}`, 'f'.repeat(64)])
      expect(await reason(() => readKey(secret))).toBe('bad-secret');
    expect(readKey(`0x${'1'.repeat(64)}`).address).toBe('0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A');
  });
});
