import type { AnnouncedProvider } from '../types.ts';
import { type Check, checksOf, codeOf, expect, type Kit } from './kit.ts';

const check = checksOf('arguments');
const address = `0x${'ab'.repeat(20)}`;
const long = 'x'.repeat(1025);

/** For each method: parameters that are well formed, and such as are not, with the path that has to be named. */
const methods: Readonly<Record<string, { readonly good: object; readonly bad: readonly (readonly [params: unknown, path: string])[] }>> = {
  xmtp_accounts: { good: {}, bad: [] },
  xmtp_requestAccounts: { good: {}, bad: [] },
  xmtp_getPermissions: { good: {}, bad: [] },
  xmtp_requestPermissions: {
    good: { permissions: [{ kind: 'read', peers: '*' }] },
    bad: [
      [{}, 'permissions'],
      [{ permissions: [{ kind: 'sign', peers: '*' }] }, 'permissions[0].kind'],
      [{ permissions: [{ kind: 'read' }] }, 'permissions[0].peers'],
      [{ permissions: [{ kind: 'read', peers: ['bob.eth'] }] }, 'permissions[0].peers[0]'],
      [{ permissions: [{ kind: 'read', peers: '*', since: 'ever' }] }, 'permissions[0].since'],
      [{ permissions: [{ kind: 'read', peers: '*', expiresIn: 604_801 }] }, 'permissions[0].expiresIn'],
      [{ permissions: [{ kind: 'read', peers: '*', expiresIn: 0.5 }] }, 'permissions[0].expiresIn'],
      [{ permissions: [{ kind: 'read', peers: '*', surplus: 1 }] }, 'permissions[0].surplus'],
    ],
  },
  xmtp_revokePermissions: { good: {}, bad: [[{ kind: 'all' }, 'kind']] },
  xmtp_canMessage: {
    good: { peers: [address] },
    bad: [
      [{}, 'peers'],
      [{ peers: address }, 'peers'],
      [{ peers: Array(51).fill(address) }, 'peers'],
      [{ peers: [address, '0x12'] }, 'peers[1]'],
    ],
  },
  xmtp_newConversation: {
    good: { peer: address },
    bad: [
      [{}, 'peer'],
      [{ peer: address, peers: [address] }, 'peer'],
      [{ peer: 'bob.eth' }, 'peer'],
      [{ peer: address, metadata: { a: 1 } }, 'metadata.a'],
    ],
  },
  xmtp_listConversations: {
    good: {},
    bad: [
      [{ limit: '10' }, 'limit'],
      [{ cursor: 5 }, 'cursor'],
    ],
  },
  xmtp_sendMessage: {
    good: { peer: address, content: 'x' },
    bad: [
      [{ content: 'x' }, 'peer'],
      [{ peer: address, conversation: 'c', content: 'x' }, 'peer'],
      [{ peer: address }, 'content'],
      [{ peer: address, content: 5 }, 'content'],
      [{ peer: address, content: 'x', clientId: 'x'.repeat(65) }, 'clientId'],
    ],
  },
  xmtp_listMessages: {
    good: { conversation: 'c' },
    bad: [
      [{}, 'conversation'],
      [{ conversation: 'c', limit: 0 }, 'limit'],
      [{ conversation: 'c', limit: 101 }, 'limit'],
      [{ conversation: 'c', order: 'up' }, 'order'],
      [{ conversation: 'c', after: 'now' }, 'after'],
      [{ conversation: 'c', before: -1 }, 'before'],
    ],
  },
  xmtp_subscribe: {
    good: { kind: 'messages' },
    bad: [
      [{}, 'kind'],
      [{ kind: 'typing' }, 'kind'],
      [{ kind: 'messages', conversation: 5 }, 'conversation'],
    ],
  },
  xmtp_unsubscribe: { good: { subscription: 's' }, bad: [[{}, 'subscription']] },
  xmtp_keystore: {
    good: { method: 'getPublicKeyBundle' },
    bad: [
      [{}, 'method'],
      [{ method: 'getPublicKeyBundle', request: 5 }, 'request'],
    ],
  },
};

/** What a provider announces when it is asked. Which of several is meant, the object itself tells. */
function announced({ page, provider }: Kit): AnnouncedProvider {
  const all: AnnouncedProvider[] = [];
  const hear = (event: Event): void => void all.push((event as CustomEvent<AnnouncedProvider>).detail);
  page.addEventListener('xmtp:announceProvider', hear);
  page.dispatchEvent(new Event('xmtp:requestProvider'));
  page.removeEventListener('xmtp:announceProvider', hear);
  const mine = all.filter((each) => each?.provider === provider);
  expect(mine.length === 1, `announced ${mine.length} times, with this object, in answer to one request`);
  return mine[0] as AnnouncedProvider;
}

export const argumentChecks: readonly Check[] = [
  check('members', 'The object has isParley, version, request, on, removeListener, and nothing else.', async ({ provider }) => {
    expect(provider.isParley === true, 'isParley is not true');
    expect(typeof provider.version === 'string' && provider.version !== '', 'version is no text');
    for (const name of ['request', 'on', 'removeListener'] as const) expect(typeof provider[name] === 'function', `${name} is no function`);
    const names = Reflect.ownKeys(provider).map(String).sort();
    expect(names.join() === 'isParley,on,removeListener,request,version', `its members are ${names.join(', ')}`);
  }),
  check('frozen', 'The object is frozen, and window.xmtp is neither writable nor configurable.', async ({ provider, page }) => {
    expect(Object.isFrozen(provider), 'it is not frozen');
    const property = Object.getOwnPropertyDescriptor(page, 'xmtp');
    expect(property?.writable === false && property.configurable === false, 'window.xmtp can be replaced');
  }),
  check('chain', 'on and removeListener return the object.', async ({ provider }) => {
    const listener = (): void => undefined;
    expect(provider.on('connect', listener) === provider, 'on does not return it');
    expect(provider.removeListener('connect', listener) === provider, 'removeListener does not return it');
  }),
  check('discovery', 'It announces itself for every request: the same object, a frozen detail, the same uuid.', async (kit) => {
    const [first, second] = [announced(kit), announced(kit)];
    const { info } = first;
    expect(Object.isFrozen(first) && Object.isFrozen(info), 'the detail is not frozen');
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(uuid.test(info.uuid), `its uuid is ${info.uuid}`);
    expect(info.uuid === second.info.uuid, 'its uuid changes');
    expect(info.icon.startsWith('data:image/'), 'its icon is no data URI of an image');
    for (const name of ['name', 'rdns'] as const) expect(typeof info[name] === 'string' && info[name] !== '', `it has no ${name}`);
  }),
  check('errors', 'What a call rejects with is an Error with a numeric code and a message.', async ({ callNow }) => {
    const outcome = await callNow({ method: 'xmtp_noSuchMethod' });
    expect('error' in outcome && outcome.error instanceof Error, 'it is no Error');
    const { code, message } = outcome.error as Error & { code?: unknown };
    expect(typeof code === 'number' && message !== '', 'it has no numeric code, or no message');
  }),
  check('no-method', 'A method that there is not: 4200.', async ({ refuses }) => {
    for (const method of ['xmtp_noSuchMethod', 'xmtp_signMessage', 'personal_sign', 'toString', '__proto__', 'constructor'])
      await refuses(4200, method);
  }),
  check('no-call', 'What is no call: -32602.', async ({ callNow }) => {
    for (const args of [undefined, null, 'xmtp_accounts', {}, { method: 5 }, { method: '' }]) {
      const outcome = await callNow(args);
      expect(codeOf(outcome) === -32602, `request(${JSON.stringify(args)}) answered ${String(codeOf(outcome))}`);
    }
  }),
  check('no-object', 'Parameters that are no plain object: -32602.', async ({ callNow }) => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const params of [[], 'x', 5, null, cycle, { big: 1n }]) {
      const outcome = await callNow({ method: 'xmtp_accounts', params });
      expect(codeOf(outcome) === -32602, `params of the type ${typeof params} answered ${String(codeOf(outcome))}`);
    }
  }),
  check('size', 'More than 1 MiB in one call: refused.', async ({ call }) => {
    const outcome = await call('xmtp_newConversation', { peer: address, conversationId: 'x'.repeat(1024 * 1024) });
    expect('error' in outcome && [-32602, -32005].includes(codeOf(outcome) as number), `answered ${String(codeOf(outcome))}`);
  }),
  check('lengths', 'Texts beyond their length: -32602.', async ({ refuses }) => {
    await refuses(-32602, 'xmtp_newConversation', { peer: address, conversationId: long }, 'conversationId');
    await refuses(-32602, 'xmtp_sendMessage', { peer: address, content: '' }, 'content');
  }),
  ...Object.entries(methods).flatMap(([method, { good, bad }]) => [
    check(`surplus.${method}`, `${method} refuses a member that it does not know, and names it.`, ({ refuses }) =>
      refuses(-32602, method, { ...good, surplus: true }, 'surplus'),
    ),
    ...(bad.length === 0
      ? []
      : [
          check(`bad.${method}`, `${method} refuses bad parameters, and names each.`, async ({ refuses }) => {
            for (const [params, path] of bad) await refuses(-32602, method, params, path);
          }),
        ]),
  ]),
];
