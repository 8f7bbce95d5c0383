import { describe, expect, test, vi } from 'vitest';
import { KeystoreError, type KeystoreReason } from '../../src/keystore/errors.ts';
import { NodeError } from '../../src/network/errors.ts';
import { ParseError } from '../../src/parse.ts';
import { RefusalError, type RefusalReason, RpcError, toWireError } from '../../src/rpc/errors.ts';
import { StorageError } from '../../src/storage/errors.ts';

// The words of the wire stand on nothing that holds keys, so they repeat the keystore's, but for one that has the words of the storage; `tsc` sees to it that none is missing.
const repeated: Exclude<KeystoreReason, RefusalReason | 'vault-newer'> extends never ? true : false = true;

const codes: [RefusalReason, number][] = [
  ['user-rejected', 4001],
  ['not-granted', 4100],
  ['muted', 4100],
  ['locked', 4100],
  ['no-account', 4100],
  ['unsupported-method', 4200],
  ['not-now', 4901],
  ['node-unreachable', 4901],
  ['not-found', -32001],
  ['peer-absent', -32001],
  ['too-many', -32005],
  ['bad-params', -32602],
];

describe('an error on its way out', () => {
  test.each(codes)('for the reason %s has the code %i', (reason, code) => {
    expect(toWireError(new RefusalError(reason, 'words'), 'page', vi.fn())).toEqual({ code, message: 'words' });
  });

  test('tells a page which parameter was wrong', () => {
    expect(toWireError(new ParseError('params.peer', 'an address'), 'page', vi.fn())).toEqual({
      code: -32602,
      message: 'params.peer: expected an address',
    });
  });

  test('tells a page how long to wait, and nothing else of its data', () => {
    const error = new RefusalError('too-many', 'too many calls', { retryAfterMs: 5, field: 'peer' });
    expect(toWireError(error, 'page', vi.fn())).toEqual({ code: -32005, message: 'too many calls', data: { retryAfterMs: 5 } });
    expect(toWireError(error, 'own', vi.fn()).data).toEqual({ retryAfterMs: 5, field: 'peer', reason: 'too-many' });
  });

  test.each<[string, Error, number, string]>([
    ['a node that is away', new NodeError('unreachable', 'http://192.168.1.7:5555 is away'), 4901, 'node-unreachable'],
    ['a node that is busy', new NodeError('limited', 'slow down, 10.0.0.1'), 4901, 'node-unreachable'],
    ['something that is no node', new NodeError('wrong', '<html>http://10.0.0.1</html>'), 4901, 'node-wrong'],
    ['a node that refuses', new NodeError('refused', 'topic /xmtp/0/m-1/proto'), 4901, 'node-wrong'],
    ['a lock', new KeystoreError('locked', '10.0.0.1'), 4100, 'locked'],
    ['a full disk', new StorageError('full', 'the disk of 10.0.0.1'), 4100, 'storage-full'],
  ])('of another layer (%s) reaches our own pages by its reason, and a page in our words only', (_, error, code, reason) => {
    expect(toWireError(error, 'own', vi.fn())).toEqual({ code, message: error.message, data: { reason } });
    const told = toWireError(error, 'page', vi.fn());
    expect(told.code).toBe(code);
    expect(JSON.stringify(told)).not.toMatch(/xmtp\/|10\.0|192\.168|html/);
  });

  test.each<[string, unknown]>([
    ['an error of ours', new TypeError('x is not a function at background.js:1:2')],
    ['an impostor', Object.assign(new Error('topic'), { name: 'NodeError' })],
    ['no error at all', 'a string'],
    ['nothing', undefined],
  ])('that is unexpected (%s) tells nobody anything, and is logged whole', (_, error) => {
    const log = vi.fn();
    for (const audience of ['own', 'page'] as const)
      expect(toWireError(error, audience, log)).toEqual({ code: -32603, message: 'internal error' });
    expect(log.mock.calls).toEqual([[error], [error]]);
  });
});

test('an error that arrived tells its reason, when it has one', () => {
  expect(new RpcError({ code: 4100, message: 'x', data: { reason: 'locked' } }).reason).toBe('locked');
  expect(new RpcError({ code: 4100, message: 'x' }).reason).toBeNull();
  expect(new RpcError({ code: 4100, message: 'x', data: { reason: 5 } }).reason).toBeNull();
});

test('the words of the wire know every reason of the keystore', () => {
  expect(repeated).toBe(true);
});
