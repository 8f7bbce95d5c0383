import type { Parser } from '../../src/parse.ts';
import type { pageParams } from '../../src/rpc/schemas.ts';

/**
 * Every member that a parser looks for, as paths such as `permissions[].kind`, found out by watching it read an object that it takes. What is not
 * in the object is looked for all the same; of a map, what it holds counts as a member, so leave maps empty.
 */
export function membersOf(parser: Parser<unknown>, good: object): string[] {
  const seen = new Set<string>();
  const watch = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const at = (key: string): string => (Array.isArray(value) ? `${path}[]` : path === '' ? key : `${path}.${key}`);
    const isMember = (key: string | symbol): key is string => typeof key === 'string' && !(Array.isArray(value) && !/^\d+$/.test(key));
    return new Proxy(value, {
      getOwnPropertyDescriptor(target, key) {
        if (isMember(key)) seen.add(at(key));
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
      get: (target, key) => (isMember(key) ? watch(Reflect.get(target, key), at(key)) : Reflect.get(target, key)),
    });
  };
  parser(watch(good, ''), 'params');
  return [...seen];
}

const peer = `0x${'ab'.repeat(20)}`;

/** Parameters of every method that are taken, with something in every list. */
export const goodParams = {
  xmtp_accounts: {},
  xmtp_requestAccounts: {},
  xmtp_getPermissions: {},
  xmtp_requestPermissions: { permissions: [{ kind: 'read', peers: '*' }] },
  xmtp_revokePermissions: {},
  xmtp_canMessage: { peers: [peer] },
  xmtp_newConversation: { peer },
  xmtp_listConversations: {},
  xmtp_sendMessage: { peer, content: 'x' },
  xmtp_listMessages: { conversation: 'c' },
  xmtp_subscribe: { kind: 'messages' },
  xmtp_unsubscribe: { subscription: 's' },
  xmtp_keystore: { method: 'getPublicKeyBundle' },
} as const satisfies Record<keyof typeof pageParams, object>;
