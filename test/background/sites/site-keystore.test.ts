import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SitesService } from '../../../src/background/sites/sites.ts';
import { SelfEncryptResponseSchema, SignDigestRequestSchema } from '../../../src/gen/xmtp/keystore_api/v1/keystore_pb.ts';
import { fromBase64, toBase64 } from '../../../src/protocol/bytes.ts';
import { game, pageOf, shop, type TestCaller, watch } from './callers.ts';
import { passphrase, turn, World } from './sites-world.ts';

const hour = 3_600_000;
const all = [{ kind: 'keystore', peers: '*' }] as const;

let world: World;
let sites: SitesService;
let page: TestCaller;

beforeEach(() => {
  world = new World();
  world.keystoreOn = true;
  ({ sites } = world);
  page = pageOf(shop);
});

async function give(expiresIn: number | null = null, caller = page): Promise<void> {
  const asked = sites.requestPermissions(caller, all);
  await world.answer({ allow: true, expiresIn, passphrase });
  await asked;
}

const call = (method = 'getPublicKeyBundle', request?: string, caller = page) =>
  sites.keystore(caller, { method, ...(request !== undefined && { request }) });

const signing = (signer: { case: 'identityKey'; value: true } | { case: 'prekeyIndex'; value: number }): string =>
  toBase64(toBinary(SignDigestRequestSchema, create(SignDigestRequestSchema, { digest: new Uint8Array(32).fill(7), signer })));

describe('without its permission', () => {
  test('no call reaches the keystore, and nobody is asked', async () => {
    await expect(call()).rejects.toMatchObject({ reason: 'not-granted' });
    await expect(call('signDigest', signing({ case: 'prekeyIndex', value: 0 }))).rejects.toMatchObject({ reason: 'not-granted' });
    expect(world.approvals.waiting()).toBe(0);
    expect(world.did).toEqual([]);
  });

  test('the others are none: connection, writing and reading', async () => {
    const asked = sites.requestPermissions(page, [
      { kind: 'send', peers: '*' },
      { kind: 'read', peers: '*', since: 'all' },
    ]);
    await world.answer({ allow: true, expiresIn: null });
    await asked;
    await expect(call()).rejects.toMatchObject({ reason: 'not-granted' });
  });

  test('that of another origin is none', async () => {
    await give();
    await expect(call('getPublicKeyBundle', undefined, pageOf(game))).rejects.toMatchObject({ reason: 'not-granted' });
  });
});

describe('switched off in the settings', () => {
  test('it cannot be asked for', async () => {
    world.keystoreOn = false;
    await expect(sites.requestPermissions(page, all)).rejects.toMatchObject({ reason: 'not-granted' });
    expect(world.approvals.waiting()).toBe(0);
  });

  test('while the question is open: there is no yes to it', async () => {
    const asked = watch(sites.requestPermissions(page, all));
    await turn();
    world.keystoreOn = false;
    await expect(world.answer({ allow: true, expiresIn: null, passphrase })).rejects.toMatchObject({ reason: 'not-granted' });
    expect(asked.done).toBe(false);
    expect(await sites.permissions(page)).toEqual([]);
  });

  test('it is taken from those who have it, who hear of it, and the rest stays', async () => {
    await give();
    world.keystoreOn = false;
    await sites.keystoreOff();
    await expect(call()).rejects.toMatchObject({ reason: 'not-granted' });
    expect(await sites.permissions(page)).toEqual([]);
    expect(await sites.accounts(page)).toHaveLength(1);
  });
});

describe('the yes', () => {
  test('takes the passphrase', async () => {
    const asked = watch(sites.requestPermissions(page, all));
    await expect(world.answer({ allow: true, expiresIn: null })).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await expect(world.answer({ allow: true, expiresIn: null, passphrase: 'another' })).rejects.toMatchObject({
      reason: 'wrong-passphrase',
    });
    expect(asked.done).toBe(false);
    await world.answer({ allow: true, expiresIn: null, passphrase });
    expect(asked.result).toMatchObject([{ kind: 'keystore', peers: '*', expiresAt: null }]);
  });

  test('does not take it where the user leaves the keystore out', async () => {
    const asked = watch(sites.requestPermissions(page, [...all, { kind: 'send', peers: '*' }]));
    await world.answer({ allow: true, expiresIn: null, permissions: [null, { kind: 'send', peers: '*' }] });
    expect(asked.result).toMatchObject([{ kind: 'send' }]);
    await expect(call()).rejects.toMatchObject({ reason: 'not-granted' });
  });

  test.each([
    ['for a week', 604_800],
    ['until the last tab closes', null],
  ])('%s holds for 24 hours and no longer', async (_, expiresIn) => {
    await give(expiresIn);
    const [permission] = await sites.permissions(page);
    if (expiresIn !== null) expect(permission?.expiresAt).toBe(world.now + 24 * hour);
    world.now += 24 * hour - 1;
    expect(await call()).toHaveProperty('response');
    world.now += 1;
    await expect(call()).rejects.toMatchObject({ reason: 'not-granted' });
    expect(await sites.permissions(page)).toEqual([]);
  });

  test.each([
    [{ kind: 'keystore' as const, peers: ['0x0000000000000000000000000000000000000001'] }, 'params.permissions[0].peers'],
    [{ kind: 'keystore' as const, peers: '*' as const, conversations: ['a'] }, 'params.permissions[0].conversations'],
    [{ kind: 'keystore' as const, peers: '*' as const, contentTypes: ['a/b:1.0'] }, 'params.permissions[0].contentTypes'],
    [{ kind: 'keystore' as const, peers: '*' as const, since: 'all' as const }, 'params.permissions[0].since'],
  ])('is to the whole account: what looks like less is refused', async (asked, path) => {
    await expect(sites.requestPermissions(page, [asked])).rejects.toMatchObject({ path });
  });
});

describe('with its permission', () => {
  beforeEach(() => give());

  test('a call is answered', async () => {
    const request = toBase64(new Uint8Array([10, 3, 10, 1, 42]));
    const { response } = await call('selfEncrypt', request);
    const { responses } = fromBinary(SelfEncryptResponseSchema, fromBase64(response));
    expect(responses[0]?.response.case).toBe('result');
  });

  test('the private keys stay: no export, no signature by the identity key or an older pre-key', async () => {
    await expect(call('getPrivateKeyBundle')).rejects.toMatchObject({ reason: 'unsupported-method' });
    await expect(call('signDigest', signing({ case: 'identityKey', value: true }))).rejects.toMatchObject({ reason: 'unsupported-method' });
    await expect(call('signDigest', signing({ case: 'prekeyIndex', value: 1 }))).rejects.toMatchObject({ reason: 'unsupported-method' });
    expect(await call('signDigest', signing({ case: 'prekeyIndex', value: 0 }))).toHaveProperty('response');
  });

  test.each([
    ['toString', undefined, 'params.method'],
    ['initKeystore', undefined, 'params.method'],
    ['selfEncrypt', 'no base64!', 'params.request'],
    ['selfEncrypt', toBase64(new Uint8Array([255, 255])), 'params.request'],
    ['getRefreshJob', undefined, 'params.request'],
  ])('%s with %s is refused by its path', async (method, request, path) => {
    await expect(call(method, request)).rejects.toMatchObject({ path });
  });

  test('locked, a call is a question to the user and goes on after the passphrase', async () => {
    await world.lock();
    const asked = watch(call());
    expect(await world.question()).toEqual({ kind: 'unlock' });
    expect(asked.done).toBe(false);
    await world.unlock();
    expect(asked.result).toHaveProperty('response');
  });

  test('taken back, it ends with the call that is under way, and what calls left behind is gone', async () => {
    await call('getPublicKeyBundle');
    expect([...world.calls.keys()]).toEqual([shop]);
    const asked = watch(call('selfEncrypt', toBase64(new Uint8Array([10, 3, 10, 1, 42]))));
    await sites.revoke(page, 'keystore');
    await turn();
    expect(asked.error).toMatchObject({ reason: 'not-granted' });
    expect([...world.calls.keys()]).toEqual([]);
  });

  test('it ends with the last tab', async () => {
    await sites.tabsClosed(new Set());
    await expect(call()).rejects.toMatchObject({ reason: 'not-granted' });
  });
});
