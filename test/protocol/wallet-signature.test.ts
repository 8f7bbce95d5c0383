import { expect, test } from 'vitest';
import { addressOf } from '../../src/protocol/address.ts';
import { fromHex, toHex } from '../../src/protocol/bytes.ts';
import { publicPoint } from '../../src/protocol/secp256k1.ts';
import {
  createIdentityText,
  enableIdentityText,
  parseWalletSignature,
  recoverSigner,
  signText,
} from '../../src/protocol/wallet-signature.ts';
import { refused } from './refused.ts';

// The example of the web3 documentation for personal messages.
const walletKey = fromHex('4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318');
const signature =
  '0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c';

test('a wallet signs as wallets do', () => {
  expect(`0x${toHex(signText('Some data', walletKey))}`).toBe(signature);
  expect(recoverSigner('Some data', parseWalletSignature(signature))).toBe(addressOf(publicPoint(walletKey)));
});

test('the last byte may be 0 or 1 instead of 27 or 28', () => {
  const bytes = fromHex(signature);
  bytes[64] = (bytes[64] as number) - 27;
  expect(toHex(parseWalletSignature(bytes))).toBe(signature.slice(2));
  expect(parseWalletSignature(bytes)).not.toBe(bytes);
});

test.each(['', '0x00', `${signature}00`, signature.slice(0, -2), `${signature.slice(0, -2)}02`, `${signature.slice(0, -2)}1d`, 'no hex'])(
  'refuses %s',
  (text) => refused('bad-signature', () => parseWalletSignature(text)),
);

test('the two texts end without a line feed and cannot be taken for one another', () => {
  const bytes = new Uint8Array(32).fill(0xab);
  expect(createIdentityText(bytes)).toBe(`XMTP : Create Identity\n${'ab'.repeat(32)}\n\nFor more info: https://xmtp.org/signatures/`);
  expect(enableIdentityText(bytes)).toBe(`XMTP : Enable Identity\n${'ab'.repeat(32)}\n\nFor more info: https://xmtp.org/signatures/`);
});

test('a signature over another text recovers to a stranger', () => {
  expect(recoverSigner('Some date', parseWalletSignature(signature))).not.toBe(addressOf(publicPoint(walletKey)));
});
