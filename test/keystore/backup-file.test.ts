import { argon2id } from '@noble/hashes/argon2.js';
import { describe, expect, it } from 'vitest';
import { type BackupContents, openBackupFile, parseBackupFile, sealBackupFile } from '../../src/keystore/backup-file.ts';
import type { NewAccount } from '../../src/keystore/new-account.ts';
import { readPhrase, walletOfEntropy, walletOfKey } from '../../src/keystore/wallet.ts';
import { createIdentity } from '../../src/keystore/wallet-identity.ts';
import { aesGcmOpen } from '../../src/protocol/aead.ts';
import { fromBase64, fromUtf8, randomBytes, utf8 } from '../../src/protocol/bytes.ts';
import { systemClock } from '../../src/protocol/time.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { bob, carol, person } from '../support/people.ts';

const cost = { m: 64, t: 1, p: 1 };
const passphrase = 'a passphrase of its own';
const wallet = walletOfEntropy(readPhrase('test test test test test test test test test test test junk'));
const account: NewAccount = {
  kind: 'phrase',
  wallet,
  bundle: createIdentity(wallet, systemClock, randomBytes),
  former: [],
  seal: null,
  phraseSaved: true,
};
const other: NewAccount = {
  kind: 'key',
  wallet: walletOfKey(bob.walletKey, null),
  bundle: bob.bundle,
  former: [person('Bob', Date.UTC(2023, 0, 1)).bundle],
  seal: null,
  phraseSaved: false,
};
const pre = new Uint8Array(32).fill(4);
const outside: NewAccount = {
  kind: 'external',
  wallet: null,
  bundle: carol.bundle,
  former: [],
  seal: { walletPreKey: pre, signature: signText(enableIdentityText(pre), carol.walletKey) },
  phraseSaved: true,
};
const contents: BackupContents = {
  createdAt: 1_700_000_000_000,
  settings: { theme: 'dark' },
  accounts: [
    { account, keys: [new Uint8Array(32).fill(7)], data: { big: 5n, bytes: Uint8Array.of(1, 2) } },
    { account: other, keys: [], data: null },
    { account: outside, keys: [], data: null },
  ],
};
const seal = (what = contents) => sealBackupFile(what, passphrase, cost);
const open = (bytes: Uint8Array, word = passphrase) => openBackupFile(bytes, word, cost);
const withHeader = (bytes: Uint8Array, change: (header: Record<string, unknown>) => unknown): Uint8Array => {
  const end = bytes.indexOf(10);
  const line = utf8(`${JSON.stringify(change(JSON.parse(fromUtf8(bytes.subarray(0, end))) as Record<string, unknown>))}\n`);
  return Uint8Array.from([...line, ...bytes.subarray(end + 1)]);
};

describe('a backup file', () => {
  it('gives back what went into it', async () => {
    const opened = await open(await seal());
    expect(opened).toEqual(contents);
  });

  it('is a line of JSON and AES-GCM behind it, as the description says: read here without any of our code for it', async () => {
    const file = await seal();
    const end = file.indexOf(10);
    const header = JSON.parse(fromUtf8(file.subarray(0, end)));
    expect(Object.keys(header)).toEqual(['format', 'v', 'createdAt', 'kdf', 'nonce', 'sum']);
    const { m, t, p, salt, alg } = header.kdf;
    const key = argon2id(utf8(passphrase), fromBase64(salt), { m, t, p, dkLen: 32 });
    const data = JSON.stringify([header.format, header.v, header.createdAt, alg, m, t, p, salt, header.nonce]);
    const plain = await aesGcmOpen(key, fromBase64(header.nonce), file.subarray(end + 1), utf8(data));
    expect(JSON.parse(fromUtf8(plain))).toMatchObject({ settings: { theme: 'dark' }, accounts: [{ account: { kind: 'phrase' } }, {}, {}] });
  });

  it('holds nothing readable but when it was made and what the derivation costs', async () => {
    const text = fromUtf8(await seal());
    for (const secret of ['theme', 'dark', wallet.address.slice(2), 'phrase'])
      expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['another passphrase', (bytes) => bytes, 'wrong-file-passphrase'],
    ['nothing in it', () => new Uint8Array(0), 'not-a-backup'],
    ['a picture', () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), 'not-a-backup'],
    ['JSON of something else', () => utf8('{"a":1}\n'), 'not-a-backup'],
    ['an end too early', (bytes) => bytes.subarray(0, bytes.length - 5), 'backup-damaged'],
    ['a changed byte', (bytes) => bytes.map((byte, index) => (index === bytes.length - 40 ? byte ^ 1 : byte)), 'backup-damaged'],
    ['a version to come', (bytes) => withHeader(bytes, (header) => ({ ...header, v: 2 })), 'backup-newer'],
    ['another time', (bytes) => withHeader(bytes, (header) => ({ ...header, createdAt: 1 })), 'wrong-file-passphrase'],
    [
      'no salt',
      (bytes) => withHeader(bytes, (header) => ({ ...header, kdf: { ...(header['kdf'] as object), salt: '' } })),
      'backup-damaged',
    ],
    [
      'a cheap derivation',
      (bytes) => withHeader(bytes, (header) => ({ ...header, kdf: { ...(header['kdf'] as object), m: 8 } })),
      'backup-foreign',
    ],
    [
      'a dear one',
      (bytes) => withHeader(bytes, (header) => ({ ...header, kdf: { ...(header['kdf'] as object), m: 2 ** 21 } })),
      'backup-foreign',
    ],
    [
      'an endless one',
      (bytes) => withHeader(bytes, (header) => ({ ...header, kdf: { ...(header['kdf'] as object), t: 1e9 } })),
      'backup-foreign',
    ],
  ])('with %s is refused, and says why', async (what, change, reason) => {
    const file = change(await seal());
    await expect(open(file, what === 'another passphrase' ? 'not the passphrase' : passphrase)).rejects.toMatchObject({ reason });
  });

  it.each<[string, object]>([
    ['a phrase that is not the wallet’s', { account: { ...account, wallet: { ...wallet, entropy: new Uint8Array(16) } } }],
    ['the keys of another wallet', { account: { ...account, bundle: bob.bundle } }],
    ['no wallet where there has to be one', { account: { ...account, wallet: null } }],
    ['a kind that nobody knows', { account: { ...account, kind: 'magic' } }],
    [
      'what another wallet has signed for its backup',
      { account: { ...outside, seal: { walletPreKey: pre, signature: signText(enableIdentityText(pre), bob.walletKey) } } },
    ],
    ['keys of another length', { keys: [new Uint8Array(31)] }],
  ])('made on purpose with %s is refused', async (_, change) => {
    const hostile = { ...contents, accounts: [{ account, keys: [], data: null, ...change }] } as BackupContents;
    await expect(open(await seal(hostile))).rejects.toMatchObject({ reason: 'backup-foreign' });
  });

  it('is not made under a passphrase that anybody would try', async () => {
    await expect(sealBackupFile(contents, 'password1234', cost)).resolves.toBeDefined();
    await expect(sealBackupFile(contents, 'short', cost)).rejects.toMatchObject({ reason: 'weak-passphrase' });
    await expect(sealBackupFile(contents, '123456789012', cost)).rejects.toMatchObject({ reason: 'weak-passphrase' });
  });

  it('is told from others without its passphrase', async () => {
    expect(parseBackupFile(await seal()).header).toMatchObject({ format: 'parley-backup', v: 1, createdAt: contents.createdAt });
  });
});
