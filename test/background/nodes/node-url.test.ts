import { describe, expect, it } from 'vitest';
import { isNearby, parseNodeUrl } from '../../../src/background/nodes/node-url.ts';

describe('the address of a node', () => {
  it.each([
    ['https://node.example.org', 'https://node.example.org'],
    ['https://node.example.org/', 'https://node.example.org'],
    ['https://Node.Example.org:8443/xmtp/', 'https://node.example.org:8443/xmtp'],
    ['  node.example.org ', 'https://node.example.org'],
    ['127.0.0.1:5555', 'http://127.0.0.1:5555'],
    ['localhost:5555', 'http://localhost:5555'],
    ['http://[::1]:5555', 'http://[::1]:5555'],
    ['http://192.168.1.20:5555', 'http://192.168.1.20:5555'],
    ['http://172.31.0.4', 'http://172.31.0.4'],
    ['http://node.local:5555', 'http://node.local:5555'],
    ['http://0x7f000001:5555', 'http://127.0.0.1:5555'],
  ])('%s becomes %s', (typed, normal) => {
    expect(parseNodeUrl(typed)).toBe(normal);
    expect(parseNodeUrl(normal)).toBe(normal);
  });

  it.each([
    'http://node.example.org',
    'http://172.32.0.1',
    'http://8.8.8.8:5555',
    'http://127.0.0.1.example.org',
    'ftp://127.0.0.1',
    'javascript://127.0.0.1/%0aalert(1)',
    'https://me:secret@node.example.org',
    'https://node.example.org/?a=1',
    'https://node.example.org/#a',
    'https://',
    '',
    'not an address',
  ])('%j is refused', (typed) => {
    expect(() => parseNodeUrl(typed)).toThrow(expect.objectContaining({ reason: 'bad-params' }));
  });

  it('knows private IPv6 networks', () => {
    expect(isNearby('[fd12:3456::1]')).toBe(true);
    expect(isNearby('[fe80::1]')).toBe(true);
    expect(isNearby('[2001:db8::1]')).toBe(false);
  });
});
