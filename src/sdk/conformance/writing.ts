import type { Conversation, Message } from '../types.ts';
import { type Check, checksOf, codeOf, expect, expectSame } from './kit.ts';
import { checkConversation, checkMessage, checkPermission, list } from './shapes.ts';

const check = checksOf('writing');
/** Bytes of this length, as content has them. */
const bytes = (length: number): object => ({ $bytes: btoa('\0'.repeat(length)).replace(/=+$/, '') });

/** For each type of content, one, given a message to refer to. */
export const contentsFor = (reference: string): readonly (readonly [contentType: string, content: unknown])[] => [
  ['xmtp.org/text:1.0', 'a text, ünïcödé 🙂'],
  ['xmtp.org/markdown:1.0', '**bold**'],
  ['xmtp.org/reply:1.0', { reference, contentType: 'xmtp.org/text:1.0', content: 'an answer' }],
  ['xmtp.org/reaction:1.0', { reference, action: 'added', schema: 'unicode', content: '👍' }],
  ['xmtp.org/attachment:1.0', { filename: 'a.bin', mimeType: 'application/octet-stream', data: bytes(100) }],
  [
    'xmtp.org/remoteStaticAttachment:1.0',
    {
      url: 'https://files.example/a',
      contentDigest: 'ab'.repeat(32),
      salt: bytes(32),
      nonce: bytes(12),
      secret: bytes(32),
      scheme: 'https://',
      contentLength: 100,
      filename: 'a.bin',
    },
  ],
  ['xmtp.org/readReceipt:1.0', {}],
  ['xmtp.org/transactionReference:1.0', { namespace: 'eip155', networkId: 1, reference: `0x${'ab'.repeat(32)}` }],
  [
    'xmtp.org/composite:1.0',
    {
      parts: [
        { contentType: 'xmtp.org/text:1.0', content: 'one' },
        { contentType: 'xmtp.org/text:1.0', content: 'two' },
      ],
    },
  ],
];

export const writingChecks: readonly Check[] = [
  check(
    'first',
    'The first message to a peer asks once, is sent, and comes back as a Message.',
    async ({ allowed, memory, people, hear }) => {
      const heard = hear('permissionsChanged');
      const sent = await allowed<Message>('xmtp_sendMessage', { peer: people.peer, content: 'the first', clientId: 'conformance-1' });
      checkMessage(sent, true);
      expectSame([sent.sender, sent.contentType, sent.content], [people.account, 'xmtp.org/text:1.0', 'the first'], 'the message');
      expect(sent.status !== 'failed', 'it failed');
      expect(Math.abs(sent.sentAt - Date.now()) < 600_000, 'sentAt is not about now');
      memory.set('first', sent);
      const [event] = await heard.until(1);
      heard.stop();
      const granted = list(event?.[1], 'the payload of permissionsChanged', checkPermission);
      expect(
        granted.some(({ kind, peers }) => kind === 'send' && (peers === '*' || peers.includes(people.peer))),
        'permissionsChanged lacks it',
      );
    },
  ),
  check(
    'client-id',
    'Asking again with the same clientId returns the first message, and sends nothing.',
    async ({ answers, memory, people }) => {
      const first = memory.get('first') as Message;
      const again = await answers<Message>('xmtp_sendMessage', { peer: people.peer, content: 'something else', clientId: 'conformance-1' });
      checkMessage(again, true);
      expectSame([again.id, again.content, again.sentAt], [first.id, first.content, first.sentAt], 'the message');
    },
  ),
  check('conversation', 'A message to a conversation goes where the id says.', async ({ answers, memory }) => {
    const { id, conversation } = memory.get('first') as Message;
    const sent = await answers<Message>('xmtp_sendMessage', { conversation, content: 'the second' });
    checkMessage(sent, true);
    expectSame(sent.conversation, conversation, 'its conversation');
    expect(sent.id !== id, 'it has the id of the first');
  }),
  check(
    'same',
    'xmtp_newConversation answers the conversation with this peer, however often it is asked.',
    async ({ answers, memory, people }) => {
      const forms = [{ peer: people.peer }, { peers: [people.peer] }, { peer: people.peer.toLowerCase() }];
      for (const form of forms) {
        const found = await answers<Conversation>('xmtp_newConversation', form);
        checkConversation(found);
        expectSame([found.id, found.peers], [(memory.get('first') as Message).conversation, [people.peer]], 'the conversation');
      }
    },
  ),
  check('thread', 'With a conversationId it is a thread beside it, which carries its metadata.', async ({ answers, memory, people }) => {
    const thread = { conversationId: `conformance/${Date.now()}`, metadata: { title: 'An order', note: 'ünïcödé' } };
    const one = await answers<Conversation>('xmtp_newConversation', { peer: people.peer, ...thread });
    checkConversation(one);
    expectSame([one.conversationId, one.metadata], [thread.conversationId, thread.metadata], 'the thread');
    expect(one.id !== (memory.get('first') as Message).conversation, 'it is the conversation under the address');
    expectSame((await answers<Conversation>('xmtp_newConversation', { peer: people.peer, ...thread })).id, one.id, 'the same thread again');
  }),
  check('content', 'Every type of content goes out as it was given.', async ({ answers, memory }) => {
    const { id, conversation } = memory.get('first') as Message;
    for (const [contentType, content] of contentsFor(id)) {
      const sent = await answers<Message>('xmtp_sendMessage', { conversation, contentType, content });
      checkMessage(sent, true);
      expectSame([sent.contentType, sent.content], [contentType, content], contentType);
    }
  }),
  check('bad-content', 'A content that its type does not have, or a type that there is not: -32602, the path named.', async (kit) => {
    const { conversation } = kit.memory.get('first') as Message;
    const refuse = (contentType: string, content: unknown, path: string): Promise<void> =>
      kit.refuses(-32602, 'xmtp_sendMessage', { conversation, contentType, content }, path);
    await refuse('xmtp.org/reaction:1.0', { reference: 'none' }, 'content');
    await refuse('xmtp.org/attachment:1.0', { data: { $bytes: 'no base64url!' } }, 'content');
    await refuse('xmtp.org/readReceipt:1.0', { surplus: true }, 'surplus');
    await refuse('example.org/unheard-of:1.0', 'x', 'contentType');
  }),
  check('stranger', 'A conversation that this origin does not know: -32001.', ({ refuses }) =>
    refuses(-32001, 'xmtp_sendMessage', { conversation: 'no-such-conversation', content: 'x' }),
  ),
  check('absent', 'A peer that is not on the network: -32001, after the yes.', async ({ call, hooks, people }) => {
    const outcome = call('xmtp_sendMessage', { peer: people.absent, content: 'x' });
    await hooks.answer('allow');
    expect(codeOf(await outcome) === -32001, `answered ${String(codeOf(await outcome))}`);
  }),
  check('group', 'With several peers it is a group of them.', async ({ people, answers }) => {
    const peers = [people.peer, people.other];
    const group = await answers<Conversation>('xmtp_newConversation', { peers, metadata: { title: 'Three of us' } });
    checkConversation(group);
    expectSame([...group.peers].sort(), [...peers].sort(), 'its peers');
    checkMessage(await answers<Message>('xmtp_sendMessage', { conversation: group.id, content: 'hello, both' }), true);
  }),
];
