import { beforeEach, describe, expect, test } from 'vitest';
import type { Approvals } from '../../../src/background/sites/approvals.ts';
import { createTraces, type Traces } from '../../../src/background/sites/traces.ts';
import type { PageCaller } from '../../../src/rpc/caller.ts';
import { RefusalError } from '../../../src/rpc/errors.ts';
import { redact } from '../../../src/rpc/trace.ts';
import { type TestPort, testPort } from '../../rpc/ports.ts';

const peer = '0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A';
const canary = 'the word that nobody may read';

let now: number;
let traces: Traces;
let port: TestPort;
let gone: AbortController;

const callerOf = (tabId: number, documentId = `document of ${tabId}`): PageCaller => ({
  kind: 'page',
  origin: 'https://shop.example',
  tabId,
  documentId,
  title: canary,
  gone: gone.signal,
  visible: async () => true,
  emit: () => undefined,
});

beforeEach(() => {
  now = 1_000;
  gone = new AbortController();
  traces = createTraces(() => now);
  port = testPort('trace');
  traces.serve(port);
});

describe('who looks at a tab', () => {
  test('hears of its calls and answers, and of no other tab’s', () => {
    const [mine, other] = [callerOf(1), callerOf(2)];
    port.receive({ tab: 1, content: false });
    traces.call(other, 'xmtp_accounts', {})({ result: [] });
    const done = traces.call(mine, 'xmtp_canMessage', { peers: [peer] });
    now += 25;
    done({ result: { [peer]: true } });
    traces.call(mine, 'xmtp_subscribe', { kind: 'messages' })({ error: { code: 4001, message: 'the user said no' } });
    expect(port.sent).toEqual([
      { what: 'call', id: 2, at: 1_000, method: 'xmtp_canMessage', params: { peers: [peer] } },
      { what: 'answer', id: 2, tookMs: 25, result: { [peer]: true } },
      { what: 'call', id: 3, at: 1_025, method: 'xmtp_subscribe', params: { kind: 'messages' } },
      { what: 'answer', id: 3, tookMs: 0, error: { code: 4001, message: 'the user said no' } },
    ]);
  });

  test('sees the pages that are there already, with permissions and subscriptions, and that they leave', () => {
    const mine = callerOf(1);
    const permissions = [{ kind: 'send', peers: [peer], grantedAt: 1, expiresAt: null }];
    traces.page(mine);
    traces.event(mine, 'state', { accounts: [peer], permissions });
    traces.event(mine, 'stream', { subscription: 's', cursor: 4, kind: 'messages', conversation: null });
    const page = { what: 'page', document: 'document of 1', origin: 'https://shop.example', accounts: [peer], permissions };
    expect(port.sent).toEqual([]);
    port.receive({ tab: 1, content: false });
    expect(port.sent).toEqual([{ ...page, subscriptions: [{ subscription: 's', kind: 'messages', conversation: null }] }]);
    traces.call(mine, 'xmtp_unsubscribe', { subscription: 's' })({ result: true });
    expect(port.sent.filter((each) => (each as { what: string }).what === 'page').at(-1)).toEqual({ ...page, subscriptions: [] });
    traces.call(mine, 'resume', { subscriptions: [{ subscription: 't', kind: 'conversations', conversation: 'c', cursor: 9 }] });
    expect(port.sent.at(-1)).toEqual({ ...page, subscriptions: [{ subscription: 't', kind: 'conversations', conversation: 'c' }] });
    traces.event(mine, 'stream', { subscription: 't', ended: true });
    gone.abort();
    expect(port.sent.at(-1)).toEqual({ what: 'left', document: 'document of 1' });
  });

  test('hears of questions and how they ended', async () => {
    port.receive({ tab: 1, content: false });
    const answers = [async () => ({ allow: true }), async () => null, async () => Promise.reject(new RefusalError('user-rejected', 'no'))];
    const asked = traces.watching({ ask: () => answers.shift()?.() } as unknown as Approvals);
    const question = {
      kind: 'send' as const,
      peers: [peer],
      said: { kind: 'text', text: canary },
      contentType: null,
      connects: true,
    } as never;
    for (const _ of [1, 2, 3]) await asked.ask(callerOf(1), peer as never, question).catch(() => undefined);
    const outcomes = port.sent.filter((each) => (each as { what: string }).what === 'prompted') as { outcome: string }[];
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['allowed', 'not needed any more', 'user-rejected (4001)']);
    expect(JSON.stringify(port.sent)).not.toContain(canary);
  });

  test('is told nothing of what happened before, and nothing after it has gone', () => {
    traces.call(callerOf(1), 'xmtp_accounts', {})({ result: [] });
    expect(port.sent).toEqual([]);
    port.receive({ tab: 1, content: false });
    port.break();
    expect(() => traces.call(callerOf(1), 'xmtp_accounts', {})).not.toThrow();
    expect(port.sent).toEqual([]);
  });
});

describe('what people write', () => {
  const message = {
    id: 'ab',
    conversation: 'c',
    sender: peer,
    sentAt: 1,
    contentType: 'xmtp.org/text:1.0',
    content: canary,
    fallback: canary,
  };
  const calls: readonly (readonly [method: string, params: unknown, result: unknown])[] = [
    ['xmtp_sendMessage', { peer, content: canary, clientId: canary }, message],
    ['xmtp_sendMessage', { peer, contentType: 'xmtp.org/reply:1.0', content: { reference: 'ab', content: canary } }, message],
    [
      'xmtp_newConversation',
      { peer, conversationId: canary, metadata: { [canary]: canary } },
      { id: 'c', conversationId: canary, metadata: { title: canary } },
    ],
    ['xmtp_listMessages', { conversation: 'c' }, { messages: [message, { ...message, content: { data: { $bytes: canary } } }] }],
    ['xmtp_keystore', { method: 'selfEncrypt', request: canary }, { response: canary }],
    ['xmtp_anything', { surplus: [canary], deep: { content: { content: canary } } }, { title: canary }],
  ];

  test('is told by its size alone, in calls, answers and events', () => {
    port.receive({ tab: 1, content: false });
    for (const [method, params, result] of calls) traces.call(callerOf(1), method, params)({ result });
    traces.event(callerOf(1), 'stream', { subscription: 's', cursor: 1, event: 'message', payload: { subscription: 's', message } });
    const told = JSON.stringify(port.sent);
    expect(told).not.toContain(canary);
    expect(told).toContain(`[text of ${canary.length} characters]`);
    expect(told).toContain(peer);
  });

  test('is told to who asks for it', () => {
    port.receive({ tab: 1, content: true });
    const [[method, params] = []] = calls;
    traces.call(callerOf(1), String(method), params);
    expect(JSON.stringify(port.sent)).toContain(canary);
    port.receive({ tab: 1, content: false });
    port.sent.length = 0;
    traces.call(callerOf(1), String(method), params);
    expect(JSON.stringify(port.sent)).not.toContain(canary);
  });

  test('leaves what is known to be harmless as it is', () => {
    const harmless = { peers: [peer], limit: 5, cursor: 'x', expiresAt: null, data: { retryAfterMs: 5 }, unheard: 7 };
    expect(redact(harmless)).toEqual(harmless);
    expect(redact(['a', 1, null])).toEqual(['a', 1, null]);
  });
});
