import { expect, test } from 'vitest';
import { addressOf, isAddress, parseAddress } from '../../src/protocol/address.ts';
import { fromHex } from '../../src/protocol/bytes.ts';
import { publicPoint } from '../../src/protocol/secp256k1.ts';
import { refused } from './refused.ts';

// The examples of EIP-55.
const examples = [
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
];

test.each(examples)('takes %s in this form and in lower case', (text) => {
  expect(parseAddress(text)).toBe(text);
  expect(parseAddress(text.toLowerCase())).toBe(text);
});

test.each(examples)('refuses %s in upper case or with one letter changed', async (text) => {
  await refused('malformed', () => parseAddress(`0x${text.slice(2).toUpperCase()}`));
  const at = text.search(/[a-f]/);
  await refused('malformed', () => parseAddress(text.slice(0, at) + text.charAt(at).toUpperCase() + text.slice(at + 1)));
});

test.each([
  '',
  '0x',
  'vitalik.eth',
  `${examples[0]}0`,
  ` ${examples[0]}`,
  `${examples[0]}\n`,
  '0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
])('refuses %j', (text) => expect(isAddress(text)).toBe(false));

test('the address of a key is the one that every wallet shows', () => {
  expect(addressOf(publicPoint(fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')))).toBe(
    '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  );
});
