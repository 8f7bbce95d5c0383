import type { Conversation, Message, Permission } from '../types.ts';
import { type Check, checksOf, expect, expectSame, isSame, type Kit } from './kit.ts';
import { checkConversation, checkMessage, checkPermission, list } from './shapes.ts';
import { contentsFor } from './writing.ts';

const check = checksOf('reading');
const leaving = checksOf('leaving');

interface Page {
  readonly messages: Message[];
  readonly cursor?: string;
}

async function messages({ answers, people }: Kit, query: object): Promise<Page> {
  const page = await answers<Page>('xmtp_listMessages', query);
  const names = Object.keys(page);
  expect(
    names.includes('messages') && names.every((name) => ['messages', 'cursor'].includes(name)),
    `a page has the members ${names.join()}`,
  );
  expect(Array.isArray(page.messages), 'messages is no list');
  for (const message of page.messages) checkMessage(message, (message as Message).sender === people.account);
  return page;
}

/** Every message of a conversation, page by page. */
async function all(kit: Kit, query: object): Promise<Message[]> {
  const found: Message[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = await messages(kit, { ...query, ...(cursor !== undefined && { cursor }) });
    found.push(...page.messages);
    if (page.cursor === undefined) return found;
    ({ cursor } = page);
  }
  return found;
}

const ids = (messages: readonly Message[]): string[] => messages.map(({ id }) => id);
const conversationOf = ({ memory }: Kit): string => (memory.get('conversation') as Conversation).id;

export const readingChecks: readonly Check[] = [
  check('ask', 'Asked to read what two people have, the user says yes once, and the permission says so.', async ({ allowed, people }) => {
    const asked = { permissions: [{ kind: 'read', peers: [people.peer], since: 'all' }] };
    const held = list(await allowed('xmtp_requestPermissions', asked), 'xmtp_requestPermissions', checkPermission);
    const read = held.filter(({ kind }) => kind === 'read') as Permission[];
    expectSame(
      read.map(({ peers }) => peers),
      [[people.peer]],
      'whom it may read',
    );
  }),
  check('conversations', 'xmtp_listConversations lists what the permission reaches, newest first, and nothing else.', async (kit) => {
    const page = await kit.answers<{ conversations: Conversation[] }>('xmtp_listConversations', {});
    const found = list(page.conversations, 'conversations', checkConversation);
    expect(found.length >= 2, `expected the conversation and its thread, found ${found.length}`);
    for (const { peers } of found) expectSame(peers, [kit.people.peer], 'peers of what is listed');
    const main = found.find(({ conversationId }) => conversationId === undefined);
    expect(main !== undefined, 'the conversation under the address is not among them');
    kit.memory.set('conversation', main);
    expectSame(
      (await kit.answers<Conversation>('xmtp_newConversation', { peer: kit.people.peer })).id,
      main.id,
      'its id by the other method',
    );
  }),
  check('conversation-pages', 'A limit makes pages of it, whose cursor goes on without gap or repetition.', async (kit) => {
    const whole = (await kit.answers<{ conversations: Conversation[] }>('xmtp_listConversations', {})).conversations.map(({ id }) => id);
    const found: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages <= whole.length + 1; pages++) {
      const page = await kit.answers<{ conversations: Conversation[]; cursor?: string }>('xmtp_listConversations', {
        limit: 1,
        ...(cursor !== undefined && { cursor }),
      });
      expect(page.conversations.length <= 1, 'a page of more than the limit');
      found.push(...page.conversations.map(({ id }) => id));
      if (page.cursor === undefined) break;
      ({ cursor } = page);
    }
    expectSame(found, whole, 'the pages together');
  }),
  check('messages', 'xmtp_listMessages is newest first, and has what was sent, as it was sent.', async (kit) => {
    const found = await all(kit, { conversation: conversationOf(kit) });
    for (let i = 1; i < found.length; i++) expect((found[i - 1]?.sentAt ?? 0) >= (found[i]?.sentAt ?? 0), 'they are not newest first');
    expect(new Set(ids(found)).size === found.length, 'one is there twice');
    const first = found.find(({ content }) => content === 'the first');
    expect(first !== undefined, 'the first message is not among them');
    for (const [contentType, content] of contentsFor(first.id)) {
      const same = found.filter((each) => each.contentType === contentType).map((each) => each.content);
      expect(
        same.some((each) => isSame(each, content)),
        `${contentType}: found ${JSON.stringify(same).slice(0, 300)}`,
      );
    }
  }),
  check('pages', 'order, limit and cursor give the same messages, either way.', async (kit) => {
    const conversation = conversationOf(kit);
    const newest = ids(await all(kit, { conversation }));
    expectSame(ids(await all(kit, { conversation, order: 'asc', limit: 100 })), [...newest].reverse(), 'oldest first');
    expectSame(ids(await all(kit, { conversation, order: 'desc', limit: 4 })), newest, 'pages of four');
    expect((await messages(kit, { conversation, limit: 1 })).messages.length <= 1, 'a page of more than the limit');
  }),
  check('times', 'after and before are times, both exclusive.', async (kit) => {
    const conversation = conversationOf(kit);
    const found = await all(kit, { conversation });
    const middle = found[Math.floor(found.length / 2)]?.sentAt ?? 0;
    const [after, before] = [await all(kit, { conversation, after: middle }), await all(kit, { conversation, before: middle })];
    expectSame(ids(after), ids(found.filter(({ sentAt }) => sentAt > middle)), 'after');
    expectSame(ids(before), ids(found.filter(({ sentAt }) => sentAt < middle)), 'before');
  }),
  check('stranger', 'A conversation that this origin does not know: -32001.', async ({ refuses }) => {
    await refuses(-32001, 'xmtp_listMessages', { conversation: 'no-such-conversation' });
    await refuses(-32001, 'xmtp_subscribe', { kind: 'messages', conversation: 'no-such-conversation' });
  }),
  check('own', 'A subscription tells of own messages, once.', async (kit) => {
    const subscription = await kit.answers<string>('xmtp_subscribe', { kind: 'messages', conversation: conversationOf(kit) });
    expect(typeof subscription === 'string' && subscription !== '', 'a subscription has no name');
    kit.memory.set('subscription', subscription);
    const heard = kit.hear('message');
    const sent = await kit.answers<Message>('xmtp_sendMessage', { conversation: conversationOf(kit), content: 'heard by myself' });
    const events = await heard.until(1);
    heard.stop();
    expect(events.length === 1, `it was told ${events.length} times`);
    const payload = events[0]?.[1] as { subscription: string; message: Message };
    expectSame([Object.keys(payload).sort(), payload.subscription], [['message', 'subscription'], subscription], 'the payload');
    checkMessage(payload.message, true);
    expectSame(payload.message.id, sent.id, 'the message');
  }),
  check(
    'theirs',
    'A subscription tells of messages of the peer, once each and in order, also of those that come while the background is gone.',
    async (kit) => {
      const { hooks, hear, people } = kit;
      const heard = hear('message');
      await hooks.peerSays?.('one');
      await heard.until(1);
      await hooks.interrupt?.();
      await hooks.peerSays?.('two');
      await heard.until(2);
      await hooks.peerSays?.('three');
      const events = (await heard.until(3)) as [string, { message: Message }][];
      heard.stop();
      for (const [, { message }] of events) checkMessage(message, false);
      const found = events.map(([, { message }]) => [message.sender, message.content]);
      expectSame(
        found,
        ['one', 'two', 'three'].map((text) => [people.peer, text]),
        'events',
      );
    },
    ['peerSays', 'interrupt'],
  ),
  check('new-conversation', 'A subscription to conversations tells of a new one.', async (kit) => {
    const subscription = await kit.answers<string>('xmtp_subscribe', { kind: 'conversations' });
    const heard = kit.hear('conversation');
    const thread = { peer: kit.people.peer, conversationId: `conformance/new/${Date.now()}` };
    const made = await kit.answers<Conversation>('xmtp_newConversation', thread);
    const events = await heard.until(1);
    heard.stop();
    const payload = events[0]?.[1] as { subscription: string; conversation: Conversation };
    checkConversation(payload.conversation);
    expectSame([events.length, payload.subscription, payload.conversation.id], [1, subscription, made.id], 'the event');
    expectSame(await kit.answers('xmtp_unsubscribe', { subscription }), true, 'xmtp_unsubscribe');
  }),
  check('unsubscribe', 'xmtp_unsubscribe answers true, then false, and nothing is told any more.', async (kit) => {
    const subscription = kit.memory.get('subscription');
    for (const wanted of [true, false]) expectSame(await kit.answers('xmtp_unsubscribe', { subscription }), wanted, 'xmtp_unsubscribe');
    await silent(kit);
  }),
  leaving('streams', 'Taking the permission to read back ends the streams that lived by it.', async (kit) => {
    const asked = { permissions: [{ kind: 'read', peers: [kit.people.peer] }] };
    const held = list(await kit.answers('xmtp_getPermissions'), 'xmtp_getPermissions', checkPermission);
    if (!held.some(({ kind }) => kind === 'read')) await kit.allowed('xmtp_requestPermissions', asked);
    const { conversations } = await kit.answers<{ conversations: Conversation[] }>('xmtp_listConversations', {});
    kit.memory.set(
      'conversation',
      conversations.find(({ conversationId }) => conversationId === undefined),
    );
    await kit.answers('xmtp_subscribe', { kind: 'messages' });
    await kit.answers('xmtp_revokePermissions', { kind: 'read' });
    await silent(kit);
  }),
];

/** Something is said, and no event tells of it. */
async function silent(kit: Kit): Promise<void> {
  const heard = kit.hear('message');
  await kit.answers('xmtp_sendMessage', { conversation: conversationOf(kit), content: 'heard by nobody' });
  const events = await heard.until(0);
  heard.stop();
  expect(events.length === 0, 'it was told of all the same');
}
