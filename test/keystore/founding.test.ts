import { beforeEach, describe, expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { Founding, type FoundingState, type SignatureFault } from '../../src/keystore/founding.ts';
import { DraftStore } from '../../src/keystore/founding-draft.ts';
import { pathKinds, walletOfEntropy } from '../../src/keystore/wallet.ts';
import type { BackupSeal } from '../../src/keystore/wallet-identity.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { addressOfBundle, encodePrivateBundle, type PrivateBundle } from '../../src/protocol/private-keys.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { cell, sessionArea } from '../support/memory.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { compact, type FakeWallet, honest, lagging, unsteady } from '../support/wallets.ts';

const node = 'http://127.0.0.1:5555';
const page = 'https://node.example';
let area: ReturnType<typeof sessionArea>;
let key: ReturnType<typeof cell<CryptoKey>>;
let now: number;

beforeEach(() => {
  area = sessionArea();
  key = cell<CryptoKey>();
  now = Date.UTC(2026, 0, 1);
});

/** A background that has just started: nothing but the draft is left of the one before. */
const founding = (): Founding => new Founding(new DraftStore(area, key), () => now);

const reason = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof KeystoreError) return error.reason;
  throw error ?? new Error('no error');
};

/** Lets a wallet answer what is asked now, each time by another background. */
async function sign(wallet: FakeWallet, origin: string | null = page): Promise<{ state: FoundingState; fault: SignatureFault | null }> {
  const { nonce, text } = await founding().ask(origin);
  return founding().answer({ nonce, origin, signature: wallet(text) });
}

const preKey = new Uint8Array(32).fill(7);
const backupOf = (bundle: PrivateBundle, walletKey: Uint8Array, pre = preKey): Promise<Uint8Array> =>
  sealKeyBackup(bundle, pre, signText(enableIdentityText(pre), walletKey));

const external = async (backups: readonly Uint8Array[] = [], contact: Uint8Array | null = null): Promise<FoundingState> => {
  await founding().begin({ way: 'external', address: alice.address });
  return founding().found(node, backups, contact);
};

describe('a wallet outside', () => {
  test('vouches for new keys, seals their backup twice alike, and the backup opens again', async () => {
    expect((await external()).stage).toMatchObject({ step: 'sign', purpose: 'create' });
    const wallet = honest(alice.walletKey);
    expect((await sign(wallet)).state.stage).toEqual({ step: 'backup' });
    expect((await founding().decide('backup')).stage).toMatchObject({ step: 'sign', purpose: 'enable' });
    expect((await sign(wallet)).state.stage).toMatchObject({ step: 'sign', purpose: 'enable-again' });
    expect((await sign(wallet)).state.stage).toEqual({ step: 'ready', restored: false, replaces: false, backup: true });
    const { account, address } = await founding().finished();
    expect([account.kind, account.wallet, account.phraseSaved, address]).toEqual(['external', null, true, alice.address]);
    expect(addressOfBundle(account.bundle)).toBe(alice.address);
    const { walletPreKey, signature } = account.seal as BackupSeal;
    expect(signature).toEqual(signText(enableIdentityText(walletPreKey), alice.walletKey));
  });

  test('may go without a backup', async () => {
    await external();
    await sign(honest(alice.walletKey));
    expect((await founding().decide('no-backup')).stage).toMatchObject({ step: 'ready', backup: false });
    expect((await founding().finished()).account.seal).toBeNull();
  });

  test('that signs differently each time is found out before anything is sealed, and may go without a backup', async () => {
    await external();
    const wallet = unsteady(alice.walletKey);
    await sign(wallet);
    await founding().decide('backup');
    await sign(wallet);
    expect(await sign(wallet)).toMatchObject({ fault: null, state: { stage: { step: 'stuck', why: 'signs-differently' } } });
    expect(await reason(founding().finished())).toBe('not-asked');
    expect((await founding().decide('no-backup')).stage).toMatchObject({ step: 'ready', backup: false });
    expect((await founding().finished()).account.seal).toBeNull();
  });

  test('that answers with the signature of the time before is told apart from another wallet', async () => {
    await external();
    const wallet = lagging(alice.walletKey);
    await sign(wallet);
    await founding().decide('backup');
    const { state, fault } = await sign(wallet);
    expect(fault).toEqual({ why: 'previous' });
    expect(state.stage).toMatchObject({ step: 'sign', purpose: 'enable' });
    // It has caught up by now: the same text again gets its own signature.
    expect((await sign(wallet)).fault).toBeNull();
  });

  test('of another address is named, and nothing is made of its word', async () => {
    await external();
    const { state, fault } = await sign(honest(bob.walletKey));
    expect(fault).toEqual({ why: 'wrong-signer', signer: bob.address });
    expect(state.stage).toMatchObject({ step: 'sign', purpose: 'create' });
  });

  test.each<[string, string, SignatureFault['why']]>([
    ['nothing', '', 'malformed'],
    ['words', 'here you are', 'malformed'],
    ['a signature that is cut', `0x${'ab'.repeat(60)}`, 'malformed'],
    ['a signature with a last byte that none has', `0x${'11'.repeat(64)}09`, 'malformed'],
    ['what a contract would check', `0x${'ab'.repeat(200)}`, 'contract'],
  ])('that answers with %s is told so', async (_, answer, why) => {
    await external();
    expect((await sign(() => answer)).fault).toEqual({ why });
  });

  test.each<[string, (signature: string) => string]>([
    ['without 0x', (signature) => signature.slice(2)],
    [
      'in capitals, with gaps',
      (signature) =>
        ` ${signature
          .toUpperCase()
          .replace('0X', '0x')
          .replace(/(.{20})/g, '$1\n')} `,
    ],
    ['with a last byte of 0 or 1', (signature) => `${signature.slice(0, 130)}0${Number.parseInt(signature.slice(130), 16) - 27}`],
    ['in the compact form', compact],
    ['in the JSON of a tool', (signature) => JSON.stringify({ address: alice.address, sig: signature })],
    ['in quotes', (signature) => `"${signature}"`],
  ])('may answer %s', async (_, change) => {
    await external();
    for (let i = 0; i < 8; i++) {
      // Both recovery bits come by sooner or later.
      await external();
      expect((await sign((text) => change(honest(alice.walletKey)(text)), null)).fault).toBeNull();
    }
  });

  test('answers once, from the place that was asked, and only the last question', async () => {
    await external();
    const first = await founding().ask(page);
    const second = await founding().ask(page);
    const signature = honest(alice.walletKey)(first.text);
    expect((await founding().answer({ nonce: first.nonce, origin: page, signature })).fault).toEqual({ why: 'stale' });
    expect((await founding().answer({ nonce: second.nonce, origin: 'https://other.example', signature })).fault).toEqual({
      why: 'wrong-origin',
    });
    expect((await founding().answer({ nonce: second.nonce, origin: page, signature })).fault).toEqual({ why: 'stale' });
    const third = await founding().ask(page);
    expect((await founding().answer({ nonce: third.nonce, origin: page, signature })).fault).toBeNull();
    expect(
      (
        await founding()
          .answer({ nonce: third.nonce, origin: page, signature })
          .catch(({ reason: why }) => ({ fault: why }))
      ).fault,
    ).toBe('not-asked');
  });

  test('opens the backup that is there with one signature', async () => {
    const state = await external([await backupOf(alice.bundle, alice.walletKey)], alice.bundle.identity.point);
    expect(state.stage).toMatchObject({ step: 'sign', purpose: 'open', text: enableIdentityText(preKey), number: 1 });
    expect((await sign(honest(alice.walletKey))).state.stage).toEqual({ step: 'ready', restored: true, replaces: false, backup: true });
    const { account } = await founding().finished();
    expect(encodePrivateBundle(account.bundle)).toEqual(encodePrivateBundle(alice.bundle));
    expect(account.seal).toEqual({ walletPreKey: preKey, signature: signText(enableIdentityText(preKey), alice.walletKey) });
  });

  test('that does not open the newest backup is asked for one older a time, and new keys come last', async () => {
    // Sealed by somebody who signed differently then.
    const closed = async (fill: number): Promise<Uint8Array> => {
      const pre = new Uint8Array(32).fill(fill);
      return sealKeyBackup(
        alice.bundle,
        pre,
        Uint8Array.from(Buffer.from(unsteady(alice.walletKey)(enableIdentityText(pre)).slice(2), 'hex')),
      );
    };
    const backups = [await closed(1), await closed(2), await backupOf(alice.bundle, alice.walletKey)];
    await external(backups, alice.bundle.identity.point);
    const wallet = honest(alice.walletKey);
    expect((await sign(wallet)).state.stage).toEqual({ step: 'stuck', why: 'backup-closed', tried: 1, older: 2 });
    expect(await reason(founding().finished())).toBe('not-asked');
    expect((await founding().decide('older')).stage).toMatchObject({ purpose: 'open', number: 2 });
    expect((await sign(wallet)).state.stage).toEqual({ step: 'stuck', why: 'backup-closed', tried: 2, older: 1 });
    await founding().decide('older');
    expect((await sign(wallet)).state.stage).toMatchObject({ step: 'ready', restored: true });

    await external(backups.slice(0, 1), alice.bundle.identity.point);
    expect((await sign(wallet)).state.stage).toEqual({ step: 'stuck', why: 'backup-closed', tried: 1, older: 0 });
    expect(await reason(founding().decide('older'))).toBe('not-asked');
    expect((await founding().decide('new-identity')).stage).toMatchObject({ step: 'sign', purpose: 'create' });
    await sign(wallet);
    expect((await founding().decide('no-backup')).stage).toMatchObject({ step: 'ready', replaces: true, restored: false });
    expect((await founding().finished()).replaces).toBe(true);
  });

  test('is told of a backup that is none, and of keys without a backup: nothing is replaced by itself', async () => {
    expect((await external([new Uint8Array(5)])).stage).toMatchObject({ step: 'stuck', why: 'backup-closed', older: 0 });
    expect((await external([], bob.bundle.identity.point)).stage).toMatchObject({ step: 'stuck', why: 'keys-elsewhere' });
  });

  test('is told when the backup holds other keys than the network shows', async () => {
    const earlier = person('Alice', Date.UTC(2023, 0, 1));
    await external([await backupOf(earlier.bundle, earlier.walletKey)], alice.bundle.identity.point);
    expect((await sign(honest(alice.walletKey))).state.stage).toMatchObject({ step: 'stuck', why: 'other-keys' });
  });
});

describe('a wallet in our hands', () => {
  const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
  const at = (path: string, extraWord = '') => walletOfEntropy(new Uint8Array(16).fill(0x7f), path, extraWord);

  test.each([12, 24] as const)('is new, with %i words, and complete at once', async (words) => {
    const { stage, address } = await founding().begin({ way: 'new', words });
    expect(stage).toEqual({ step: 'ready', restored: false, replaces: false, backup: true });
    const { account } = await founding().finished();
    expect(account).toMatchObject({ kind: 'phrase', phraseSaved: false, wallet: { address, path: pathKinds.standard(0) } });
    expect(account.wallet?.entropy).toHaveLength(words === 12 ? 16 : 32);
  });

  test('shows its accounts, and the chosen one goes on', async () => {
    expect((await founding().begin({ way: 'phrase', phrase, extraWord: '' })).stage).toEqual({ step: 'account' });
    const paths = [pathKinds.standard(1), pathKinds['ledger-live'](2)];
    expect(await founding().accounts(paths)).toEqual(paths.map((path) => ({ path, address: at(path).address })));
    const path = paths[1] as string;
    expect(await founding().choose(path)).toMatchObject({ address: at(path).address, stage: { step: 'look' } });
    expect((await founding().found(node, [], null)).stage).toMatchObject({ step: 'ready', restored: false, backup: true });
    expect((await founding().finished()).account).toMatchObject({ kind: 'phrase', phraseSaved: true, wallet: at(path) });
  });

  test('has other accounts with a passphrase of its own', async () => {
    await founding().begin({ way: 'phrase', phrase, extraWord: 'TREZOR' });
    const [first] = await founding().accounts([pathKinds.standard(0)]);
    expect(first?.address).toBe(at(pathKinds.standard(0), 'TREZOR').address);
  });

  test('opens the backup that the contact shows, whatever else lies beside it', async () => {
    const earlier = person('Carol', Date.UTC(2023, 0, 1));
    const backups = [
      new Uint8Array(3),
      await backupOf(earlier.bundle, carol.walletKey, new Uint8Array(32).fill(9)),
      await backupOf(carol.bundle, carol.walletKey),
    ];
    await founding().begin({ way: 'key', key: toHex(carol.walletKey) });
    expect((await founding().found(node, backups, carol.bundle.identity.point)).stage).toMatchObject({ step: 'ready', restored: true });
    expect((await founding().finished()).account.bundle.identity.point).toEqual(carol.bundle.identity.point);
  });

  test('never replaces what it cannot open unless somebody says so', async () => {
    await founding().begin({ way: 'key', key: toHex(carol.walletKey) });
    const foreign = await backupOf(bob.bundle, bob.walletKey);
    expect((await founding().found(node, [foreign], null)).stage).toMatchObject({ step: 'stuck', why: 'backup-closed', older: 0 });
    expect((await founding().found(node, [], carol.bundle.identity.point)).stage).toMatchObject({ step: 'stuck', why: 'keys-elsewhere' });
    expect((await founding().decide('new-identity')).stage).toMatchObject({ step: 'ready', restored: false, replaces: true });
    // Another node, another look: what was decided for the one before does not hold for it.
    expect((await founding().found('https://other.example', [foreign], null)).stage).toMatchObject({ step: 'stuck', why: 'backup-closed' });
  });
});

describe('a key bundle', () => {
  test('is an account without a wallet, and says when the network shows other keys', async () => {
    await founding().begin({ way: 'bundle', bytes: encodePrivateBundle(bob.bundle) });
    expect((await founding().found(node, [], null)).stage).toEqual({ step: 'ready', restored: false, replaces: false, backup: false });
    expect((await founding().finished()).account).toMatchObject({ kind: 'bundle', wallet: null, phraseSaved: true });
    const later = person('Bob', Date.UTC(2025, 0, 1));
    expect((await founding().found(node, [], later.bundle.identity.point)).stage).toMatchObject({ step: 'stuck', why: 'other-keys' });
  });
});

describe('the draft', () => {
  test('is sealed: neither half of what is kept says anything', async () => {
    const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
    await founding().begin({ way: 'phrase', phrase, extraWord: 'a passphrase' });
    const kept = String(await area.get('founding'));
    const plain = Buffer.from(kept, 'base64').toString('latin1');
    for (const secret of ['phrase', 'legal', 'f39/f39', 'entropy']) expect(kept + plain).not.toContain(secret);
    expect(key.value?.extractable).toBe(false);
    await key.delete();
    expect(await founding().state()).toBeNull();
  });

  test('is gone when it is dropped, with the session, and after half a day', async () => {
    await external();
    await founding().drop();
    expect([await founding().state(), key.value]).toEqual([null, undefined]);
    await external();
    area.clear();
    expect(await founding().state()).toBeNull();
    await external();
    now += 12 * 3_600_000;
    expect(await founding().state()).toBeNull();
    expect(await reason(founding().ask(page))).toBe('no-founding');
  });

  test('gives way to the next one', async () => {
    await external();
    await founding().begin({ way: 'external', address: bob.address });
    expect(await founding().state()).toMatchObject({ address: bob.address, stage: { step: 'look' } });
  });
});
