import { describe, expect, it } from 'vitest';
import { readContent, show } from '../../src/content-types/index.ts';
import { createAuthToken, verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { fromBase64, randomBytes, toBase64, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { openConsent, sealConsent } from '../../src/protocol/consent.ts';
import { consentProof, consentProofText, maxConsentProofAgeMs, verifyConsentProof } from '../../src/protocol/consent-proof.ts';
import { verifyContact } from '../../src/protocol/contact-bundle.ts';
import { decodeContent, encodeContent, maxContentLength } from '../../src/protocol/content.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { openInvitation } from '../../src/protocol/invitation.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { openMessage } from '../../src/protocol/message.ts';
import { openRemoteContent, type RemoteContentKeys, sealRemoteContent } from '../../src/protocol/remote-content.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { refused } from '../protocol/refused.ts';
import { textPayload } from '../support/hands.ts';
import { alice, bob, carol } from '../support/people.ts';
import { compressed } from './forgeries.ts';

/** The rest of the checklist: content, backups, preferences, tokens, and what is no message at all; see README.md. */

const topic = '/xmtp/0/m-x/proto';
const keyMaterial = sha256(utf8('key'));
const members = [alice.address, bob.address];
const open = (message: Uint8Array) => openMessage({ topic, keyMaterial, members, message, envelopeTopic: topic });

const opened = (message: Uint8Array) => openInvitation(bob.bundle, { timestampNs: 1n, message });

describe('what is refused', () => {
  it('19: content of an unknown type shows its fallback', () => {
    const content = { type: 'example.org/poll:1.0', parameters: new Map(), content: utf8('?'), fallback: 'a poll' };
    expect(show(content)).toEqual({ form: 'unknown', type: 'example.org/poll:1.0', fallback: 'a poll' });
  });

  it('20: content that grows beyond the bound when it is decompressed', async () => {
    await refused('too-large', async () => decodeContent(await compressed(new Uint8Array(maxContentLength + 1))));
    expect((await decodeContent(await compressed(new Uint8Array(60_000)))).content).toHaveLength(60_000);
  });

  it('21: a reply with an unknown type inside shows its fallback', () => {
    const inner = encodeContent({ type: 'example.org/poll:1.0', parameters: new Map(), content: utf8('?'), fallback: 'a poll' });
    const reply = {
      type: 'xmtp.org/reply:1.0',
      parameters: new Map([['reference', '00']]),
      content: inner,
      fallback: 'Replied with a poll',
    };
    expect(show(reply)).toMatchObject({ form: 'unknown', fallback: 'Replied with a poll' });
    expect(readContent(reply)).toMatchObject({ content: { kind: 'unknown', fallback: 'a poll' } });
  });

  it('22: a remote attachment that is not https, or is not what the message tells of', async () => {
    const { payload, ...remote } = await sealRemoteContent(textPayload('a file'));
    const parameters = new Map(Object.entries({ contentDigest: remote.contentDigest, scheme: 'https://', ...hexOf(remote) }));
    const at = (url: string, scheme = 'https://') =>
      readContent({
        type: 'xmtp.org/remoteStaticAttachment:1.0',
        parameters: new Map([...parameters, ['scheme', scheme]]),
        content: utf8(url),
      });
    expect(at('https://files.example/a').kind).toBe('remote-attachment');
    await refused('unsupported', () => at('http://files.example/a'));
    await refused('unsupported', () => at('https://files.example/a', 'http://'));
    expect(await openRemoteContent(remote, payload)).toEqual(textPayload('a file'));
    await refused('malformed', () =>
      openRemoteContent(
        remote,
        Uint8Array.from(payload, (byte) => byte ^ 1),
      ),
    );
  });

  it('23: a key backup with the keys of another wallet', async () => {
    const walletPreKey = randomBytes(32);
    const signature = signText(enableIdentityText(walletPreKey), carol.walletKey);
    const backup = readKeyBackup(await sealKeyBackup(carol.bundle, walletPreKey, signature));
    expect((await backup.open(signature, carol.address)).identity.point).toEqual(carol.bundle.identity.point);
    await refused('wrong-sender', () => backup.open(signature, alice.address));
    await refused('wrong-sender', () => sealKeyBackup(alice.bundle, walletPreKey, signature));
  });

  it('24: a preference that does not decrypt', async () => {
    const mine = await sealConsent(alice.bundle.identity, { verdict: 'allowed', kind: 'address', names: [bob.address] });
    expect((await openConsent(alice.bundle.identity, mine)).actions).toHaveLength(1);
    const foreign = await sealConsent(carol.bundle.identity, { verdict: 'allowed', kind: 'address', names: [bob.address] });
    await refused('cannot-decrypt', () => openConsent(alice.bundle.identity, { ...foreign, contentTopic: mine.contentTopic }));
    await refused('wrong-topic', () => openConsent(alice.bundle.identity, foreign));
  });

  it('25: a consent proof by another signer, for another sender, too old, or from the future', async () => {
    const now = Date.UTC(2025, 5, 1);
    const proof = (from: string, atMs = now, signer = bob) => consentProof(signText(consentProofText(from, atMs), signer.walletKey), atMs);
    const check = (given: ReturnType<typeof proof>) =>
      verifyConsentProof(given, { sender: alice.address, receiver: bob.address }, () => now);
    expect(check(proof(alice.address)).sender).toBe(alice.address);
    await refused('wrong-sender', () => check(proof(alice.address, now, carol)));
    await refused('wrong-sender', () => check(proof(carol.address)));
    await refused('wrong-time', () => check(proof(alice.address, now - maxConsentProofAgeMs - 1000)));
    await refused('wrong-time', () => check(proof(alice.address, now + 1000)));
  });

  it('26: a token that is expired, of another wallet, or signed wrongly', async () => {
    const nowMs = Date.now();
    const at = (ms: number) => createAuthToken(alice.bundle, () => ms);
    expect(verifyAuthToken(at(nowMs), { nowMs }).address).toBe(alice.address);
    await refused('wrong-time', () => verifyAuthToken(at(nowMs - 3_601_000), { nowMs }));
    const bytes = fromBase64(at(nowMs));
    // The last byte of the signature, before the recovery bit.
    const broken = bytes.slice();
    broken[broken.length - 3] = (broken[broken.length - 3] as number) ^ 1;
    await refused('bad-signature', () => verifyAuthToken(toBase64(broken), { nowMs }));
    // Bob's identity key says that Bob wrote what Alice's token says.
    const identity = { ...alice.bundle.identity, publicKey: bob.bundle.identity.publicKey };
    await refused('bad-signature', () =>
      verifyAuthToken(
        createAuthToken({ ...alice.bundle, identity }, () => nowMs),
        { nowMs },
      ),
    );
  });

  it('27: a token from the future', async () => {
    const nowMs = Date.now();
    const token = createAuthToken(alice.bundle, () => nowMs + 3_600_000);
    await refused('wrong-time', () => verifyAuthToken(token, { nowMs }));
  });

  it('28: bytes that do not parse', async () => {
    const garbage = [utf8('garbage'), randomBytes(300), Uint8Array.of(0x0a, 0xff, 0xff)];
    for (const bytes of garbage) {
      await refused('malformed', () => open(bytes));
      await refused('malformed', () => opened(bytes));
      await refused('malformed', () => verifyContact(bytes, alice.address));
      await refused('malformed', () => decodeContent(bytes));
      await refused('malformed', () => readKeyBackup(bytes));
    }
  });
});

const hexOf = ({ secret, salt, nonce }: RemoteContentKeys) => ({ secret: toHex(secret), salt: toHex(salt), nonce: toHex(nonce) });
