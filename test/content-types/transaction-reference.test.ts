import { expect, test } from 'vitest';
import { readContent, show, type Value, writeContent } from '../../src/content-types/index.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import type { Content } from '../../src/protocol/content.ts';
import { refused } from '../protocol/refused.ts';

const written = (json: unknown): Content => ({
  type: 'xmtp.org/transactionReference:1.0',
  parameters: new Map(),
  content: utf8(typeof json === 'string' ? json : JSON.stringify(json)),
});

const metadata = { transactionType: 'transfer', currency: 'ETH', amount: 0.5, decimals: 18, fromAddress: '0x1', toAddress: '0x2' };

test('a network is a number or a text, and what is not named is dropped', () => {
  for (const networkId of [1, 'mainnet'])
    expect(
      readContent(written({ namespace: 'eip155', networkId, reference: '0xab', metadata: { ...metadata, note: 1 }, chainId: 1 })),
    ).toEqual({ kind: 'transaction-reference', namespace: 'eip155', networkId, reference: '0xab', metadata });
});

test('without a hash there is little to say', () => {
  expect(show(written({ networkId: 1, reference: '' }))).toMatchObject({ fallback: 'Crypto transaction' });
});

test.each([
  ['no JSON', 'nope'],
  ['a list', []],
  ['a null', null],
  ['no network', { reference: '0xab' }],
  ['no reference', { networkId: 1 }],
  ['a reference that is a number', { networkId: 1, reference: 5 }],
  ['a network that is an object', { networkId: {}, reference: '' }],
  ['a network beyond all numbers', '{"networkId":1e999,"reference":""}'],
  ['metadata that is a text', { networkId: 1, reference: '', metadata: 'x' }],
  ['an amount that is a text', { networkId: 1, reference: '', metadata: { ...metadata, amount: '1' } }],
  ['an amount beyond all numbers', '{"networkId":1,"reference":"","metadata":{"amount":1e999}}'],
  ['half a decimal', { networkId: 1, reference: '', metadata: { ...metadata, decimals: 0.5 } }],
  ['less than no decimals', { networkId: 1, reference: '', metadata: { ...metadata, decimals: -1 } }],
  ['an address that is a list', { networkId: 1, reference: '', metadata: { ...metadata, toAddress: [] } }],
])('%s is no transaction', (_, json) => refused('malformed', () => readContent(written(json))));

test('what would not be read is not written', async () => {
  const good: Value = { kind: 'transaction-reference', networkId: 1, reference: '' };
  await refused('malformed', () => writeContent({ ...good, networkId: Number.NaN }));
  await refused('malformed', () => writeContent({ ...good, metadata: { amount: Number.POSITIVE_INFINITY } }));
});
