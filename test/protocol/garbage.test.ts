import { expect, test } from 'vitest';
import { encodeText } from '../../src/content-types/index.ts';
import { createAuthToken, verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { fromBase64, toBase64 } from '../../src/protocol/bytes.ts';
import { encodeContact, verifyContact } from '../../src/protocol/contact-bundle.ts';
import { decodeContent, encodeContent } from '../../src/protocol/content.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { openFrameAction, signFrameAction } from '../../src/protocol/frame-action.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { openLegacyMessage, sealLegacyMessage } from '../../src/protocol/legacy-message.ts';
import { openLocalValue, sealLocalValue } from '../../src/protocol/local-persistence.ts';
import { openMessage, sealMessage } from '../../src/protocol/message.ts';
import { decodeActions, encodeAction, openFromSelf, sealToSelf } from '../../src/protocol/preferences.ts';
import { decodePrivateBundle, encodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { conversationTopic, directTopic } from '../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob } from '../support/people.ts';

const topic = conversationTopic('a');
const keyMaterial = new Uint8Array(32).fill(7);
const payload = encodeContent({ ...encodeText('a text'), fallback: 'another text' });
const signature = signText(enableIdentityText(keyMaterial), alice.walletKey);
const invitation = await deriveInvitation(alice.bundle, bob.contact);

/** Everything that reads foreign bytes: what it takes, and what must stay the same where a changed bit is taken. */
const readers: readonly [what: string, good: Uint8Array, read: (bytes: Uint8Array) => unknown][] = [
  ['a contact', encodeContact(alice.contact, 2), (bytes) => verifyContact(bytes, alice.address).identityKey],
  ['a legacy contact', encodeContact(alice.contact, 1), (bytes) => verifyContact(bytes, alice.address).identityKey],
  [
    'an invitation',
    await sealInvitation(alice.bundle, bob.contact, invitation, 5n),
    async (message) => (await openInvitation(bob.bundle, { timestampNs: 5n, message })).topic,
  ],
  [
    'a message',
    (await sealMessage({ topic, keyMaterial, bundle: alice.bundle, payload, createdNs: 5n, shouldPush: true })).message,
    async (message) => (await openMessage({ topic, keyMaterial, members: [alice.address], message, envelopeTopic: topic })).dedupKey,
  ],
  [
    'a token',
    fromBase64(createAuthToken(alice.bundle, () => 0)),
    (bytes) => verifyAuthToken(toBase64(bytes), { nowMs: 0, maxFutureMs: 0 }).address,
  ],
  ['a private bundle', encodePrivateBundle(alice.bundle), (bytes) => decodePrivateBundle(bytes).preKeys.length],
  [
    'a key backup',
    await sealKeyBackup(alice.bundle, keyMaterial, signature),
    async (bytes) => (await readKeyBackup(bytes).open(signature, alice.address)).identity.secret,
  ],
  [
    'a legacy message',
    (await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload, timestampMs: 5 })).message,
    async (message) =>
      (await openLegacyMessage({ bundle: bob.bundle, message, envelopeTopic: directTopic(alice.address, bob.address) })).dedupKey,
  ],
  [
    'a preference',
    await sealToSelf(alice.bundle.identity, encodeAction({ verdict: 'denied', kind: 'address', names: [bob.address] })),
    async (bytes) => decodeActions(await openFromSelf(alice.bundle.identity, bytes)),
  ],
  [
    'a frame action',
    signFrameAction(alice.bundle, { frameUrl: 'https://a', buttonIndex: 1, conversationTopic: topic, participants: [] }, () => 0),
    // Not the sender: a wallet's signature that is changed is some other wallet's, and a frame server expects nobody in particular.
    (bytes) => openFrameAction(bytes).body,
  ],
  ['a stored value', await sealLocalValue(alice.bundle.identity, payload), (bytes) => openLocalValue(alice.bundle.identity, bytes)],
];

/** What the reader returns, or `refused`; fails for an error that is none of ours. */
async function outcome(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProtocolError) return 'refused';
    throw error;
  }
}

test.each(readers)('%s: bytes of any kind are refused by a ProtocolError', async (_, _good, read) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await outcome(() => read(bytes))).toBe('refused');
    }),
    { numRuns: 150 },
  );
});

test.each(readers)('%s that is cut short is refused by a ProtocolError', async (_, good, read) => {
  for (let length = 0; length < good.length; length += 7) expect(await outcome(() => read(good.slice(0, length)))).toBe('refused');
});

test.each(readers)('%s: a changed bit is refused, or changes nothing of what was read', async (_, good, read) => {
  const original = await read(good);
  const place = fc.record({ byte: fc.nat(good.length - 1), bit: fc.nat(7) });
  await fc.assert(
    fc.asyncProperty(place, async ({ byte, bit }) => {
      const changed = good.slice();
      changed[byte] = (changed[byte] as number) ^ (1 << bit);
      expect(['refused', original]).toContainEqual(await outcome(() => read(changed)));
    }),
    { numRuns: 100 },
  );
});

test('content of any kind of bytes is read or refused by a ProtocolError', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.nat(payload.length - 1).map((length) => payload.slice(0, length)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (frame) => {
      await outcome(() => decodeContent(frame));
    }),
    { numRuns: 300 },
  );
});
