import { describe, expect, test } from 'vitest';
import { covers, narrows, reaches, reachesMessage } from '../../../src/background/sites/scopes.ts';
import type { Address } from '../../../src/rpc/views/account.ts';
import type { Permission } from '../../../src/rpc/views/sites.ts';
import { fc } from '../../support/fast-check.ts';

const [ann, ben, cas] = ['0xA', '0xB', '0xC'] as const satisfies readonly Address[];
const permission = (scope: Partial<Permission>): Permission => ({ kind: 'read', peers: '*', grantedAt: 100, expiresAt: null, ...scope });

describe('a permission reaches', () => {
  const chat = { name: 'one', peers: [ann] };
  const group = { name: 'two', peers: [ann, ben] };

  test('everybody by the star, listed peers, and nobody by an empty list', () => {
    expect([{ peers: '*' } as const, { peers: [ann] }, { peers: [ben] }, { peers: [] }].map((scope) => reaches(scope, chat))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('a group when it names everybody in it', () => {
    expect([[ann], [ann, ben], [ann, ben, cas]].map((peers) => reaches({ peers }, group))).toEqual([false, true, true]);
    expect(reaches({ peers: [ann] }, { name: 'empty', peers: [] })).toBe(false);
  });

  test('by name where it names conversations', () => {
    expect(reaches({ peers: '*', conversations: ['one'] }, chat)).toBe(true);
    expect(reaches({ peers: '*', conversations: ['one'] }, group)).toBe(false);
    expect(reaches({ peers: [ben], conversations: ['one'] }, chat)).toBe(false);
  });

  test('messages of its types, from the grant onwards unless it says all', () => {
    const message = { contentType: 'xmtp.org/text:1.0', sentAt: 99 };
    expect(reachesMessage(permission({}), message)).toBe(false);
    expect(reachesMessage(permission({ since: 'now' }), { ...message, sentAt: 100 })).toBe(true);
    expect(reachesMessage(permission({ since: 'all' }), message)).toBe(true);
    expect(reachesMessage(permission({ since: 'all', contentTypes: ['x.org/y:1.0'] }), message)).toBe(false);
    expect(reachesMessage(permission({ since: 'all', contentTypes: [] }), message)).toBe(false);
  });
});

const subset = <T>(all: readonly T[]) => fc.subarray([...all]);
const scopes = fc.record(
  {
    kind: fc.constantFrom('send', 'read', 'keystore'),
    peers: fc.oneof(fc.constant('*' as const), subset([ann, ben, cas])),
    conversations: subset(['one', 'two', 'three']),
    contentTypes: subset(['t', 'u']),
    since: fc.constantFrom('now', 'all'),
  },
  { requiredKeys: ['kind', 'peers'] },
);
const conversations = fc.record({ name: fc.constantFrom('one', 'two', 'three'), peers: fc.subarray([ann, ben, cas], { minLength: 1 }) });
const messages = fc.record({ contentType: fc.constantFrom('t', 'u', 'v'), sentAt: fc.integer({ min: 0, max: 200 }) });

test('what is narrower reaches nothing that the wider does not', () => {
  fc.assert(
    fc.property(scopes, scopes, conversations, messages, (inner, outer, conversation, message) => {
      fc.pre(narrows(permission(inner as object), permission(outer as object)));
      const sees = (scope: object): boolean => {
        const held = permission(scope);
        return reaches(held, conversation) && reachesMessage(held, message);
      };
      return !sees(inner) || sees(outer);
    }),
    { numRuns: 2_000 },
  );
});

test('narrower is an order: of itself, and through a third', () => {
  fc.assert(
    fc.property(scopes, scopes, scopes, (a, b, c) => {
      const order = (x: object, y: object): boolean => narrows(permission(x), permission(y));
      return order(a, a) && (!(order(a, b) && order(b, c)) || order(a, c));
    }),
    { numRuns: 2_000 },
  );
});

test('who holds more need not ask, and who holds less must', () => {
  const held = permission({ peers: [ann, ben], since: 'all', expiresAt: 200 });
  expect(covers(held, { kind: 'read', peers: [ann] })).toBe(true);
  expect(covers(held, { kind: 'read', peers: [ann], since: 'all', expiresIn: 900 })).toBe(true);
  expect(covers(held, { kind: 'read', peers: [cas] })).toBe(false);
  expect(covers(held, { kind: 'read', peers: '*' })).toBe(false);
  expect(covers(held, { kind: 'send', peers: [ann] })).toBe(false);
  expect(covers(permission({ since: 'now' }), { kind: 'read', peers: '*', since: 'all' })).toBe(false);
  expect(covers(permission({ conversations: ['one'] }), { kind: 'read', peers: '*' })).toBe(false);
});
