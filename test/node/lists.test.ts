import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { networkOf } from '../../src/node/limits.ts';
import { readLists } from '../../src/node/lists.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'parley-lists-')), 'lists.json');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

const denied = (denyNetworks: unknown[], address: string): boolean => {
  writeFileSync(path, JSON.stringify({ denyNetworks }));
  return readLists(path).denyNetworks.has(networkOf(address));
};

describe('networks that are denied', () => {
  test('are single ones and ranges, of both kinds', () => {
    const list = ['192.0.2.7', '198.51.100.0/24', '2001:db8:1::/48', '2001:db8:9::5'];
    const are = (...addresses: string[]) => addresses.map((address) => denied(list, address));
    expect(are('192.0.2.7', '::ffff:192.0.2.7', '198.51.100.255', '2001:db8:1:ffff::9', '2001:db8:9:0:1::')).toEqual(Array(5).fill(true));
    expect(are('192.0.2.8', '198.51.101.0', '2001:db8:2::1', '2001:db8:9:1::5')).toEqual(Array(4).fill(false));
  });

  test('that are none are named', () => {
    for (const wrong of ['192.0.2.0/33', '2001:db8::/65', '192.0.2.0/x', 'example.org', '192.0.2.0/24/1', '/24'])
      expect(() => denied([wrong], '192.0.2.1')).toThrow(JSON.stringify(wrong));
  });
});
