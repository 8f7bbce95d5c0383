import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ConnectedPort, createPorts } from '../../../src/background/ports.ts';
import { readPhrase, walletOfEntropy } from '../../../src/keystore/wallet.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { toBase64 } from '../../../src/protocol/bytes.ts';
import { encodePrivateBundle } from '../../../src/protocol/private-keys.ts';
import { type TestPort, testPort } from '../../rpc/ports.ts';
import { formsOfBytes, formsOfText } from '../../support/browsers/profile.ts';
import { alice, carol } from '../../support/people.ts';
import { type Life, newPerson, type Person, passphrase, until, draft as writeDraft } from '../device.ts';

const id = 'abcdefghijklmnop';
const secret = 'canary words between two who are no site’s business';
const older = 'canary words from before any site was here';
const draft = 'canary words that were never sent';
const nickname = 'Canary Nickname';

let node: RunningNode;
let me: Person;
let friend: Person;
let stranger: Person;
/** What must reach no page, by what it is. */
let canaries: Record<string, readonly Uint8Array[]>;
const logged: string[] = [];
/** What went to the network, request by request. */
const sent: Buffer[] = [];

/** Address, headers and body. */
function bytesOf(input: RequestInfo | URL, init: RequestInit = {}): Buffer {
  const { body = null } = init;
  if (input instanceof Request || !(body === null || typeof body === 'string' || body instanceof Uint8Array))
    throw new Error('a request of a form that nobody looks into');
  const head = [String(input), ...new Headers(init.headers)].join('\n');
  return Buffer.concat([Buffer.from(head), Buffer.from(body ?? '')]);
}

beforeAll(async () => {
  const real = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    sent.push(bytesOf(input, init));
    return real(input, init);
  });
  for (const level of ['info', 'log', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...words) => void logged.push(words.map(String).join(' ')));
  node = await startNode();
  [me, friend, stranger] = await Promise.all([newPerson(node.url), newPerson(node.url), newPerson(node.url)]);
  const { services } = me.life;
  // A second account, of which all keys are known here.
  await services.foundings.begin({ way: 'bundle', keys: toBase64(encodePrivateBundle(alice.bundle)) });
  await services.foundings.look(null);
  await services.foundings.finish(passphrase);
  const { phrase } = await services.accounts.revealPhrase(passphrase).catch(() => ({ phrase: null }));
  await services.accounts.switchTo(me.address);
  const own = (await services.accounts.revealPhrase(passphrase)).phrase as string;
  const wallet = walletOfEntropy(readPhrase(own));
  const words = own.split(' ');

  const withFriend = await services.conversations.start(friend.address);
  await services.messages.send(withFriend.id, older, 'older');
  const withStranger = await services.conversations.start(stranger.address);
  await services.messages.send(withStranger.id, secret, 'secret');
  await writeDraft(me.life, withFriend.id, draft);
  await services.names.put(friend.address, nickname);
  await until(async () => (await services.messages.list(withStranger.id, {})).messages.every(({ state }) => state === 'sent'), 'the sends');

  canaries = {
    phrase: [0, 3, 6, 9].flatMap((at) => formsOfText(words.slice(at, at + 3).join(' '))),
    entropy: formsOfBytes(wallet.entropy as Uint8Array),
    'wallet key': formsOfBytes(wallet.key),
    passphrase: formsOfText(passphrase),
    'key bundle of the other account': [alice.bundle.identity.secret, ...alice.bundle.preKeys.map(({ secret: key }) => key)].flatMap(
      formsOfBytes,
    ),
    'phrase of the other account': phrase === null ? [] : formsOfText(phrase),
    'the other account': formsOfText(alice.address),
    'messages of others': formsOfText(secret),
    'messages from before': formsOfText(older),
    'a draft': formsOfText(draft),
    'a nickname': formsOfText(nickname),
    'somebody else': [stranger.address, stranger.address.toLowerCase()].flatMap(formsOfText),
    'ids of our own': [withFriend.id, withStranger.id].flatMap(formsOfText),
    topics: formsOfText('/xmtp/0/'),
    'the node': formsOfText(new URL(node.url).host),
  };
}, 60_000);

afterAll(async () => {
  await Promise.all([me, friend, stranger].map((person) => person.device.close()));
  await node.close();
  vi.restoreAllMocks();
});

/** The canaries that are in a text, or in bytes. */
function found(text: string | Buffer): string[] {
  const bytes = Buffer.from(text as string);
  return Object.entries(canaries).flatMap(([name, forms]) => (forms.some((form) => bytes.includes(Buffer.from(form))) ? [name] : []));
}

interface Site {
  readonly port: TestPort;
  ask(method: string, params?: object): Promise<{ result?: never; error?: { code: number } }>;
}

/** A page of an origin of its own, at the real port of the background. */
function visit(life: Life, name: string): Site {
  const accept = createPorts({ background: async () => life, id, ownUrl: `chrome-extension://${id}/`, visible: async () => true });
  const sender = {
    id,
    origin: `https://${name}.example`,
    url: '',
    frameId: 0,
    documentId: name,
    documentLifecycle: 'active',
    tab: { id: 1 },
  };
  const port = Object.assign(testPort('page'), { sender });
  accept(port as unknown as ConnectedPort);
  let calls = 0;
  return {
    port,
    async ask(method, params = {}) {
      const call = ++calls;
      port.receive({ id: call, method, params });
      return until(() => port.sent.find((each) => (each as { id?: number }).id === call) as never, `the answer to ${method}`);
    },
  };
}

/** Answers questions as they come, and says of each what it was. */
function answering(life: Life, allow: boolean): () => void {
  const { sites } = life.services;
  const timer = setInterval(async () => {
    for (const { id: prompt } of await sites.prompts())
      await sites
        .answer(prompt, { allow, expiresIn: null })
        .catch(() => sites.answer(prompt, { allow: false, expiresIn: null })) // locked: nobody says yes
        .catch(() => undefined); // it has gone meanwhile
  }, 3);
  return () => clearInterval(timer);
}

/** Every way to ask for what one may have, and for what one may not. */
const calls = (name: string): [method: string, params: object][] => {
  const peer = friend.address;
  const nobody = carol.address;
  return [
    ['xmtp_accounts', {}],
    ['xmtp_requestAccounts', {}],
    [
      'xmtp_requestPermissions',
      {
        permissions: [
          { kind: 'read', peers: [peer], since: 'now' },
          { kind: 'send', peers: [peer] },
        ],
      },
    ],
    ['xmtp_listConversations', {}],
    ['xmtp_subscribe', { kind: 'messages' }],
    ['xmtp_subscribe', { kind: 'conversations' }],
    ['xmtp_sendMessage', { peer, content: 'from a site', clientId: 'one' }],
    ['xmtp_newConversation', { peer, conversationId: `${name}.example/1`, metadata: { a: 'b' } }],
    ['xmtp_canMessage', { peers: [peer, nobody] }],
    ['xmtp_sendMessage', { peer: nobody, content: 'to somebody who is not here' }],
    ['xmtp_listMessages', { conversation: 'a guess' }],
    ['xmtp_getPermissions', {}],
    ['xmtp_keystore', { method: 'getPrivateKeyBundle' }],
    ['xmtp_keystore', { method: 'getPublicKeyBundle' }],
    ['xmtp_sendMessage', { conversation: '../../vault', content: 'x' }],
    ['status', {}],
    ['revealPhrase', { passphrase: 'a guess' }],
    ['xmtp_listMessages', { conversation: 'x', cursor: 'bm8' }],
  ];
};

test('nothing that is nobody’s business reaches a page, a log or the network, whatever 70 calls in four states of a site ask for', async () => {
  // Looking finds what is there.
  expect(found(`a ${secret} b`)).toEqual(['messages of others']);
  expect(found(Buffer.from(alice.bundle.identity.secret).toString('base64'))).toEqual(['key bundle of the other account']);
  const { life } = me;
  const heard: string[] = [];
  let scenarios = 0;
  for (const [state, allow] of [
    ['refused', false],
    ['granted', true],
    ['revoked', true],
    ['locked', true],
  ] as const) {
    const stop = answering(life, allow);
    // Ten calls a second are what one origin may make.
    const [site, rest] = [visit(life, state), visit(life, state)];
    let known = 'a guess';
    for (const [index, [method, params]] of calls(state).entries()) {
      if (index === 9) await new Promise((later) => setTimeout(later, 1_050));
      if (state === 'revoked' && index === 9) await life.services.sites.revokeSite(`https://${state}.example`);
      if (state === 'locked' && index === 9) await life.services.accounts.lock();
      const given = method === 'xmtp_listMessages' && index < 12 ? { ...params, conversation: known } : params;
      const answer = await (index < 9 ? site : rest).ask(method, given);
      const listed = (answer.result as { conversations?: { id: string }[] } | undefined)?.conversations?.[0]?.id;
      known = listed ?? known;
      scenarios++;
    }
    stop();
    heard.push(...[site, rest].map(({ port }) => JSON.stringify(port.sent)));
    if (state === 'granted') {
      // It did read what it was granted, and was told of it.
      expect(heard.at(-2)).toContain(friend.address);
      expect(heard.at(-2)).toContain('from a site');
    }
  }
  expect(scenarios).toBeGreaterThanOrEqual(70);
  for (const text of heard) expect(found(text)).toEqual([]);
  expect(found(logged.join('\n')).filter((name) => name !== 'the node')).toEqual([]);
  // To the node goes where something is for, and nothing of what it is.
  const open = ['the node', 'topics', 'the other account', 'somebody else'];
  const network = Buffer.concat(sent);
  expect(sent.length).toBeGreaterThan(50);
  expect(found(network).filter((name) => !open.includes(name))).toEqual([]);
  for (const name of ['the node', 'topics']) expect(found(network)).toContain(name);
});
