import type { Permission } from '../types.ts';
import { type Check, checksOf, codeOf, expect, expectSame } from './kit.ts';
import { checkPermission, list } from './shapes.ts';

const refused = checksOf('refused');
const connecting = checksOf('connecting');
const leaving = checksOf('leaving');

const send = (permissions: readonly Permission[]): readonly Permission[] => permissions.filter(({ kind }) => kind === 'send');

export const connectionChecks: readonly Check[] = [
  refused('accounts', 'xmtp_accounts is empty before the connection, and asks nobody.', async ({ answers }) =>
    expectSame(await answers('xmtp_accounts'), [], 'xmtp_accounts'),
  ),
  refused('permissions', 'xmtp_getPermissions is empty before the connection, and asks nobody.', async ({ answers }) =>
    expectSame(await answers('xmtp_getPermissions'), [], 'xmtp_getPermissions'),
  ),
  refused('revoke', 'xmtp_revokePermissions answers null where there is nothing to revoke.', async ({ answers }) =>
    expectSame(await answers('xmtp_revokePermissions', {}), null, 'xmtp_revokePermissions'),
  ),
  refused('unsubscribe', 'xmtp_unsubscribe answers false for a subscription that there is not.', async ({ answers }) =>
    expectSame(await answers('xmtp_unsubscribe', { subscription: 'none' }), false, 'xmtp_unsubscribe'),
  ),
  refused('keystore', 'xmtp_keystore without its permission: 4100, asking nobody.', ({ refuses }) =>
    refuses(4100, 'xmtp_keystore', { method: 'getPublicKeyBundle' }),
  ),
  refused('private-keys', 'getPrivateKeyBundle is always refused: 4200.', ({ refuses }) =>
    refuses(4200, 'xmtp_keystore', { method: 'getPrivateKeyBundle' }),
  ),
  refused(
    'hidden',
    'A hidden page is refused instead of asking: 4100.',
    async ({ hooks, refuses }) => {
      await hooks.hide?.();
      try {
        await refuses(4100, 'xmtp_requestAccounts');
      } finally {
        await hooks.show?.();
      }
    },
    ['hide', 'show'],
  ),
  refused('no', 'The user says no: 4001.', async ({ call, hooks }) => {
    const outcome = call('xmtp_requestAccounts');
    await hooks.answer('refuse');
    expect(codeOf(await outcome) === 4001, `answered ${String(codeOf(await outcome))}`);
  }),
  refused('again', 'What this document was refused is not asked again: 4100.', ({ refuses }) => refuses(4100, 'xmtp_requestAccounts')),
  refused('nothing', 'A refusal leaves nothing behind.', async ({ answers }) => {
    expectSame(await answers('xmtp_accounts'), [], 'xmtp_accounts');
    expectSame(await answers('xmtp_getPermissions'), [], 'xmtp_getPermissions');
  }),

  connecting('yes', 'Identical questions share one prompt, and after the yes all answer the account, EIP-55.', async (kit) => {
    const heard = kit.hear('accountsChanged');
    kit.memory.set('heard', heard);
    const [one, two] = [kit.call('xmtp_requestAccounts'), kit.call('xmtp_requestAccounts')];
    await kit.hooks.answer('allow');
    for (const outcome of [await one, await two])
      expectSame('result' in outcome ? outcome.result : outcome.error, [kit.people.account], 'xmtp_requestAccounts');
    expect((await kit.hooks.prompts()) === 0, 'it asked twice');
  }),
  connecting('event', 'accountsChanged tells of the yes, once.', async ({ memory, people }) => {
    const events = await (memory.get('heard') as ReturnType<Parameters<Check['run']>[0]['hear']>).until(1);
    expectSame(events, [['accountsChanged', [people.account]]], 'events');
  }),
  connecting(
    'connected',
    'xmtp_accounts has the account now, and xmtp_requestAccounts answers without asking.',
    async ({ answers, people }) => {
      for (const method of ['xmtp_accounts', 'xmtp_requestAccounts']) expectSame(await answers(method), [people.account], method);
    },
  ),
  connecting('only', 'A connection is no permission.', async ({ answers }) =>
    expectSame(await answers('xmtp_getPermissions'), [], 'xmtp_getPermissions'),
  ),
  connecting('can', 'xmtp_canMessage answers for each peer, under its EIP-55 address.', async ({ answers, people: { peer, absent } }) => {
    const found = await answers('xmtp_canMessage', { peers: [peer.toLowerCase(), absent] });
    expectSame(found, { [peer]: true, [absent]: false }, 'xmtp_canMessage');
  }),
  connecting('checksum', 'An address with a wrong checksum: -32602.', ({ refuses, people: { peer } }) =>
    refuses(-32602, 'xmtp_canMessage', { peers: [swapCase(peer)] }, 'peers[0]'),
  ),
  connecting('ask', 'xmtp_requestPermissions asks once and answers what holds.', async ({ allowed, people: { other } }) => {
    const asked = { permissions: [{ kind: 'send', peers: [other], expiresIn: 3600 }] };
    const permissions = list(await allowed('xmtp_requestPermissions', asked), 'xmtp_requestPermissions', checkPermission);
    expectSame(send(permissions)[0]?.peers, [other], 'peers of the permission');
    const { expiresAt, grantedAt } = send(permissions)[0] as Permission;
    expect(expiresAt === null || expiresAt - grantedAt <= 3_600_000, 'it holds for longer than was asked');
  }),
  connecting('held', 'xmtp_getPermissions has it, and asking for it again asks nobody.', async ({ answers, people: { other } }) => {
    const held = list(await answers('xmtp_getPermissions'), 'xmtp_getPermissions', checkPermission);
    expectSame(send(held)[0]?.peers, [other], 'peers of the permission');
    const again = await answers('xmtp_requestPermissions', { permissions: [{ kind: 'send', peers: [other] }] });
    expectSame(again, held, 'what asking again answers');
  }),
  connecting(
    'locked',
    'Locked: xmtp_accounts is empty, xmtp_getPermissions answers; other calls wait for the passphrase and go on.',
    async ({ hooks, answers, call, hear, people: { account, peer } }) => {
      const held = await answers('xmtp_getPermissions');
      const heard = hear('accountsChanged');
      await hooks.lock?.();
      expectSame(await answers('xmtp_accounts'), [], 'xmtp_accounts');
      expectSame(await answers('xmtp_getPermissions'), held, 'xmtp_getPermissions');
      const outcome = call('xmtp_canMessage', { peers: [peer] });
      await hooks.unlock?.();
      expectSame(await outcome, { result: { [peer]: true } }, 'xmtp_canMessage');
      const told = (await heard.until(2)).map(([, payload]) => payload);
      expectSame(told, [[], [account]], 'what accountsChanged told');
      heard.stop();
    },
    ['lock', 'unlock'],
  ),
  connecting(
    'interrupted',
    'A background that ends during a prompt: 4901 within 5 s, disconnect with 1013, connect again.',
    async ({ hooks, call, prompted, hear, answers, people: { peer, account } }) => {
      const heard = hear('disconnect', 'connect');
      const outcome = call('xmtp_newConversation', { peer });
      await prompted();
      const began = Date.now();
      await hooks.interrupt?.();
      expect(codeOf(await outcome) === 4901, `answered ${String(codeOf(await outcome))}`);
      expect(Date.now() - began < 5_000, 'it took more than 5 s');
      expectSame(await answersUnasked(answers), [account], 'xmtp_accounts');
      const told = (await heard.until(2)).filter(([event], index, all) => index === 0 || event !== all[index - 1]?.[0]);
      expectSame(told, Object.entries({ disconnect: { code: 1013 }, connect: {} }), 'events');
      heard.stop();
    },
    ['interrupt'],
  ),

  leaving('one-kind', 'xmtp_revokePermissions of one kind takes that kind alone, and permissionsChanged tells.', async (kit) => {
    const { answers, allowed, hear, people } = kit;
    const before = list(await answers('xmtp_getPermissions'), 'xmtp_getPermissions', checkPermission);
    if (send(before).length === 0) await allowed('xmtp_requestPermissions', { permissions: [{ kind: 'send', peers: [people.peer] }] });
    const heard = hear('permissionsChanged');
    expectSame(await answers('xmtp_revokePermissions', { kind: 'send' }), null, 'xmtp_revokePermissions');
    const left = list(await answers('xmtp_getPermissions'), 'xmtp_getPermissions', checkPermission);
    expect(send(left).length === 0, 'it has the permission still');
    expectSame(await heard.until(1), [['permissionsChanged', left]], 'events');
    heard.stop();
    expectSame(await answers('xmtp_accounts'), [people.account], 'xmtp_accounts');
  }),
  leaving('everything', 'Without a kind it takes everything, the connection too, and accountsChanged tells.', async ({ answers, hear }) => {
    const heard = hear('accountsChanged');
    expectSame(await answers('xmtp_revokePermissions', {}), null, 'xmtp_revokePermissions');
    expectSame(await answers('xmtp_accounts'), [], 'xmtp_accounts');
    expectSame(await answers('xmtp_getPermissions'), [], 'xmtp_getPermissions');
    expectSame(await heard.until(1), [['accountsChanged', []]], 'events');
    heard.stop();
  }),
];

/** The prompt of the call before may take a moment to go. */
async function answersUnasked(answers: Parameters<Check['run']>[0]['answers']): Promise<unknown> {
  for (let tries = 0; ; tries++)
    try {
      return await answers('xmtp_accounts');
    } catch (error) {
      if (tries === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
}

/** The same address with its letters the other way about: neither lower case nor a right checksum. */
const swapCase = (address: string): string =>
  `0x${[...address.slice(2)].map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join('')}`;
