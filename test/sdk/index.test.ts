import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { codes as wireCodes } from '../../src/rpc/errors.ts';
import { pageParams } from '../../src/rpc/schemas.ts';
import { codes, fromBytes, getProvider, isXmtpError, toBytes, watchProviders } from '../../src/sdk/index.ts';
import type { Method, XmtpProvider } from '../../src/sdk/types.ts';

const fake = (): XmtpProvider => ({ request: async () => [] }) as unknown as XmtpProvider;
const announcement = (provider: unknown, rdns = 'app.parley'): Event =>
  Object.assign(new Event('xmtp:announceProvider'), { detail: { info: { uuid: 'u', name: 'n', icon: 'data:,', rdns }, provider } });

let page: EventTarget;
beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal('window', page);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('getProvider', () => {
  test('finds one that answers the request at once', async () => {
    const provider = fake();
    page.addEventListener('xmtp:requestProvider', () => page.dispatchEvent(announcement(provider)));
    expect(await getProvider()).toBe(provider);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits for one that comes late, and for its name if one is asked for', async () => {
    const [stranger, provider] = [fake(), fake()];
    const found = getProvider({ rdns: 'app.parley', timeout: 500 });
    await vi.advanceTimersByTimeAsync(100);
    page.dispatchEvent(announcement(stranger, 'com.example'));
    page.dispatchEvent(announcement(provider));
    expect(await found).toBe(provider);
  });

  test('is null when there is none in time, and what comes later changes nothing', async () => {
    const found = getProvider({ timeout: 500 });
    await vi.advanceTimersByTimeAsync(499);
    page.dispatchEvent(Object.assign(new Event('xmtp:announceProvider'), { detail: null }));
    page.dispatchEvent(announcement({ not: 'a provider' }));
    await vi.advanceTimersByTimeAsync(1);
    page.dispatchEvent(announcement(fake()));
    expect(await found).toBeNull();
  });

  test('is null where there is no page', async () => {
    vi.stubGlobal('window', undefined);
    expect(await getProvider()).toBeNull();
  });
});

test('watchProviders tells of each once, until it is ended', () => {
  const told: string[] = [];
  const provider = fake();
  const stop = watchProviders(({ info }) => told.push(info.rdns));
  page.dispatchEvent(announcement(provider, 'one'));
  page.dispatchEvent(announcement(provider, 'one'));
  page.dispatchEvent(announcement(fake(), 'two'));
  stop();
  page.dispatchEvent(announcement(fake(), 'three'));
  expect(told).toEqual(['one', 'two']);
});

test('errors are told by their code', () => {
  const refused = Object.assign(new Error('no'), { code: codes.userRejected });
  expect(isXmtpError(refused)).toBe(true);
  expect(isXmtpError(refused, codes.userRejected)).toBe(true);
  expect(isXmtpError(refused, codes.notNow)).toBe(false);
  expect([new Error('no'), { code: 4001 }, null].map((each) => isXmtpError(each))).toEqual([false, false, false]);
});

test('the codes are those of the extension', () => {
  expect(codes).toEqual(wireCodes);
});

test('bytes travel as base64url without padding', () => {
  const bytes = Uint8Array.from([251, 255, 0, 1]);
  expect(toBytes(bytes)).toEqual({ $bytes: '-_8AAQ' });
  expect(fromBytes(toBytes(bytes))).toEqual(bytes);
  expect(fromBytes({ $bytes: '' })).toHaveLength(0);
  for (const wrong of [null, 'AAAA', {}, { $bytes: 1 }, { $bytes: 'a b' }, { $bytes: 'a' }]) expect(() => fromBytes(wrong)).toThrow();
});

test('every method that a page can call has its types', () => {
  const methods: Record<Method, true> = {
    xmtp_accounts: true,
    xmtp_requestAccounts: true,
    xmtp_getPermissions: true,
    xmtp_requestPermissions: true,
    xmtp_revokePermissions: true,
    xmtp_canMessage: true,
    xmtp_newConversation: true,
    xmtp_listConversations: true,
    xmtp_sendMessage: true,
    xmtp_listMessages: true,
    xmtp_subscribe: true,
    xmtp_unsubscribe: true,
    xmtp_keystore: true,
  };
  expect(Object.keys(methods)).toEqual(expect.arrayContaining(Object.keys(pageParams)));
});
