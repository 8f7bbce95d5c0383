import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { EncryptedPrivateKeyBundleSchema, EncryptedPrivateKeyBundleV1Schema } from '../../src/gen/xmtp/message_contents/private_key_pb.ts';
import { randomBytes } from '../../src/protocol/bytes.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const walletPreKey = randomBytes(32);
const signature = signText(enableIdentityText(walletPreKey), alice.walletKey);
const withV = (v: number): Uint8Array => signature.map((byte, i) => (i === 64 ? v : byte));
const zeroOrOne = withV((signature[64] as number) - 27);

test('a backup opens with the wallet’s signature over the text that it asks for', async () => {
  const backup = readKeyBackup(await sealKeyBackup(alice.bundle, walletPreKey, signature));
  expect(backup.walletPreKey).toEqual(walletPreKey);
  expect(await backup.open(signText(enableIdentityText(backup.walletPreKey), alice.walletKey), alice.address)).toEqual(alice.bundle);
});

test('it opens whether the wallet tells v as 27 or as 0, then and now', async () => {
  for (const sealedUnder of [signature, zeroOrOne]) {
    const backup = readKeyBackup(await sealKeyBackup(alice.bundle, walletPreKey, sealedUnder));
    for (const openedWith of [signature, zeroOrOne]) expect(await backup.open(openedWith, alice.address)).toEqual(alice.bundle);
  }
});

test('the form without a version wrapper is read too', async () => {
  const { version } = fromBinary(EncryptedPrivateKeyBundleSchema, await sealKeyBackup(alice.bundle, walletPreKey, signature));
  const bare = toBinary(EncryptedPrivateKeyBundleV1Schema, version.value ?? create(EncryptedPrivateKeyBundleV1Schema));
  expect(await readKeyBackup(bare).open(signature, alice.address)).toEqual(alice.bundle);
});

test('nothing is sealed under a stale signature or another wallet’s', async () => {
  await refused('wrong-sender', () => sealKeyBackup(alice.bundle, randomBytes(32), signature));
  await refused('wrong-sender', () => sealKeyBackup(alice.bundle, walletPreKey, signText(enableIdentityText(walletPreKey), bob.walletKey)));
  await refused('bad-signature', () => sealKeyBackup(alice.bundle, walletPreKey, withV(29)));
});

test('another wallet’s signature does not open it, and another wallet’s keys are not taken', async () => {
  const backup = readKeyBackup(await sealKeyBackup(alice.bundle, walletPreKey, signature));
  await refused('cannot-decrypt', () => backup.open(signText(enableIdentityText(walletPreKey), bob.walletKey), alice.address));
  await refused('cannot-decrypt', () => backup.open(signature.slice(0, 64), alice.address));
  await refused('wrong-sender', () => backup.open(signature, bob.address));
});

test('what is no backup is refused before a wallet is asked', async () => {
  for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 1, 2), Uint8Array.of(10, 0)])
    await refused('malformed', () => readKeyBackup(bytes));
});

test('a backup whose pre-key is not 32 bytes is refused before a wallet is asked', async () => {
  const { version } = fromBinary(EncryptedPrivateKeyBundleSchema, await sealKeyBackup(alice.bundle, walletPreKey, signature));
  if (version.case !== 'v1') throw new Error('not a backup');
  for (const length of [0, 31, 33]) {
    const value = { ...version.value, walletPreKey: randomBytes(length) };
    const wrapped = create(EncryptedPrivateKeyBundleSchema, { version: { case: 'v1', value } });
    await refused('malformed', () => readKeyBackup(toBinary(EncryptedPrivateKeyBundleSchema, wrapped)));
    await refused('malformed', () => readKeyBackup(toBinary(EncryptedPrivateKeyBundleV1Schema, value)));
  }
});
