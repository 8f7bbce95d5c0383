import { describe, expect, test } from 'vitest';
import { ParseError, parse } from '../../src/parse.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';

const peer = `0x${'ab'.repeat(20)}`;

const taken: [PageMethod, unknown, unknown?][] = [
  ['xmtp_accounts', {}],
  ['xmtp_accounts', undefined, {}],
  ['xmtp_requestAccounts', {}],
  ['xmtp_getPermissions', {}],
  ['xmtp_revokePermissions', {}],
  ['xmtp_revokePermissions', { kind: 'send' }],
  ['xmtp_canMessage', { peers: [peer] }],
  ['xmtp_canMessage', { peers: Array(50).fill(peer) }],
  ['xmtp_newConversation', { peer }, { peers: [peer] }],
  ['xmtp_newConversation', { peers: [peer, peer] }],
  [
    'xmtp_newConversation',
    { peer, conversationId: 'shop/1', metadata: { title: 'x' } },
    { peers: [peer], conversationId: 'shop/1', metadata: { title: 'x' } },
  ],
  ['xmtp_sendMessage', { peer, content: 'x' }],
  ['xmtp_sendMessage', { peer, content: { reference: 'ab' }, contentType: 'xmtp.org/reaction:1.0' }],
  ['xmtp_requestPermissions', { permissions: [{ kind: 'read', peers: '*' }] }],
  [
    'xmtp_requestPermissions',
    { permissions: [{ kind: 'send', peers: [peer], conversations: ['abc'], contentTypes: ['xmtp.org/text:1.0'], expiresIn: 604800 }] },
  ],
  ['xmtp_listConversations', {}],
  ['xmtp_listConversations', { limit: 100, cursor: 'abc' }],
  ['xmtp_listMessages', { conversation: 'abc', limit: 1, order: 'asc', after: 0, before: 1, cursor: 'x' }],
  ['xmtp_subscribe', { kind: 'messages' }],
  ['xmtp_subscribe', { kind: 'conversations', conversation: 'abc' }],
  ['xmtp_unsubscribe', { subscription: 'abc' }],
  ['xmtp_sendMessage', { conversation: 'abc', content: 'x', contentType: 'xmtp.org/text:1.0', clientId: '1' }],
];

const refused: [PageMethod, unknown, RegExp][] = [
  ['xmtp_accounts', { all: true }, /^params\.all: expected no such member$/],
  ['xmtp_accounts', [], /^params: expected an object/],
  ['xmtp_revokePermissions', { kind: 'all' }, /^params\.kind: expected "send" or "read" or "keystore"/],
  ['xmtp_canMessage', {}, /^params\.peers/],
  ['xmtp_canMessage', { peers: [] }, /^params\.peers: expected a list of 1 to 50/],
  ['xmtp_canMessage', { peers: Array(51).fill(peer) }, /^params\.peers: expected a list of 1 to 50/],
  ['xmtp_canMessage', { peers: [peer, '0x12'] }, /^params\.peers\[1\]: expected an address/],
  ['xmtp_newConversation', {}, /^params: expected either peer or peers/],
  ['xmtp_newConversation', { peer, peers: [peer] }, /^params: expected either peer or peers/],
  ['xmtp_newConversation', { peers: [] }, /^params\.peers/],
  ['xmtp_requestPermissions', {}, /^params\.permissions/],
  ['xmtp_requestPermissions', { permissions: [] }, /^params\.permissions/],
  ['xmtp_requestPermissions', { permissions: [{ kind: 'sign', peers: '*' }] }, /^params\.permissions\[0\]\.kind/],
  ['xmtp_requestPermissions', { permissions: [{ kind: 'read' }] }, /^params\.permissions\[0\]\.peers/],
  ['xmtp_requestPermissions', { permissions: [{ kind: 'read', peers: [] }] }, /^params\.permissions\[0\]\.peers/],
  ['xmtp_requestPermissions', { permissions: [{ kind: 'read', peers: '*', expiresIn: 604801 }] }, /^params\.permissions\[0\]\.expiresIn/],
  ['xmtp_requestPermissions', { permissions: [{ kind: 'read', peers: '*', forever: true }] }, /^params\.permissions\[0\]\.forever/],
  ['xmtp_listConversations', { limit: 101 }, /^params\.limit/],
  ['xmtp_listMessages', {}, /^params\.conversation/],
  ['xmtp_listMessages', { conversation: 'abc', order: 'up' }, /^params\.order/],
  ['xmtp_listMessages', { conversation: 'abc', limit: 0 }, /^params\.limit/],
  ['xmtp_subscribe', { kind: 'contacts' }, /^params\.kind/],
  ['xmtp_unsubscribe', {}, /^params\.subscription/],
  ['xmtp_newConversation', { peer, conversationId: '' }, /^params\.conversationId/],
  ['xmtp_newConversation', { peer, metadata: { n: 1 } }, /^params\.metadata\.n/],
  ['xmtp_sendMessage', { content: 'x' }, /^params: expected either conversation or peer/],
  ['xmtp_sendMessage', { peer, conversation: 'abc', content: 'x' }, /^params: expected either conversation or peer/],
  ['xmtp_sendMessage', { peer }, /^params\.content/],
  ['xmtp_sendMessage', { peer, content: '' }, /^params\.content/],
  ['xmtp_sendMessage', { peer, content: { text: 'x' } }, /^params\.content: expected a string/],
  ['xmtp_sendMessage', { peer, content: 'x', clientId: 'x'.repeat(65) }, /^params\.clientId/],
  ['xmtp_sendMessage', { peer, content: 'x', topic: '/xmtp/0/m-1/proto' }, /^params\.topic: expected no such member/],
];

describe('the parameters that pages send', () => {
  test.each(taken)('%s takes %j', (method, value, parsed = value) => {
    expect(parse<unknown>(pageParams[method], value, 'params')).toEqual(parsed);
  });

  test.each(refused)('%s refuses %j', (method, value, words) => {
    const run = (): unknown => parse<unknown>(pageParams[method], value, 'params');
    expect(run).toThrow(ParseError);
    expect(run).toThrow(words);
  });
});
