import { Code } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { Authenticator } from '../../src/node/authn.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { alice, bob } from '../support/people.ts';

const nowMs = Date.UTC(2025, 0, 1);
const minute = 60_000;
const tokenOf = (person = alice, ms = nowMs): string => `Bearer ${createAuthToken(person.bundle, () => ms)}`;

describe('the authenticator', () => {
  test('knows the wallet of a token, also the second time', () => {
    const authenticator = new Authenticator({ clock: () => nowMs });
    for (const person of [alice, bob, alice]) expect(authenticator.walletOf(tokenOf(person))).toBe(person.address);
  });

  test.each<[string, string | undefined, string]>([
    ['no header', undefined, 'authorization token is not provided'],
    ['one word', 'Bearer', 'authorization header is malformed'],
    ['three words', `${tokenOf()} more`, 'authorization header is malformed'],
    ['another scheme', tokenOf().replace('Bearer', 'Basic'), 'unrecognized authorization scheme'],
    ['another case of the scheme', tokenOf().replace('Bearer', 'bearer'), 'unrecognized authorization scheme'],
    ['nonsense', 'Bearer !!', 'validating token: '],
    ['a changed token', tokenOf().replace(/.{9}$/, 'AAAAAAAA='), 'validating token: '],
    ['an old token', tokenOf(alice, nowMs - 61 * minute), 'validating token: token expired'],
    ['a token from the future', tokenOf(alice, nowMs + 10 * minute), 'validating token: token from the future'],
  ])('refuses %s in the words of existing nodes', (_what, header, words) => {
    const authenticator = new Authenticator({ clock: () => nowMs });
    expect(() => authenticator.walletOf(header)).toThrow(
      expect.objectContaining({
        code: Code.Unauthenticated,
        rawMessage: expect.stringContaining(`rpc error: code = Unauthenticated desc = ${words}`) as string,
      }),
    );
  });

  test('forgets a token that it knew when its hour is over', () => {
    let clock = nowMs;
    const authenticator = new Authenticator({ clock: () => clock });
    const token = tokenOf();
    authenticator.walletOf(token);
    clock = nowMs + 60 * minute;
    expect(authenticator.walletOf(token)).toBe(alice.address);
    clock++;
    expect(() => authenticator.walletOf(token)).toThrow('token expired');
  });

  test('takes a token from the future where existing nodes do', () => {
    expect(new Authenticator({ compat: true, clock: () => nowMs }).walletOf(tokenOf(alice, nowMs + 1000 * minute))).toBe(alice.address);
  });
});
