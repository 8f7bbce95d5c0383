import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { FrameActionBodySchema, FrameActionSchema } from '../../src/gen/xmtp/message_contents/frames_pb.ts';
import { SignedPublicKeySchema, UnsignedPublicKeySchema } from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { SignatureSchema } from '../../src/gen/xmtp/message_contents/signature_pb.ts';
import { fromBase64 } from '../../src/protocol/bytes.ts';
import { conversationIdentifier, type FrameClick, framePost, openFrameAction, signFrameAction } from '../../src/protocol/frame-action.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { signByIdentity, signByPreKey } from '../../src/protocol/private-keys.ts';
import { readSignedKey } from '../../src/protocol/public-keys.ts';
import type { EcdsaSignature } from '../../src/protocol/secp256k1.ts';
import { conversationTopic } from '../../src/protocol/topic.ts';
import { tryDecode } from '../../src/protocol/wire.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const nowMs = 1_683_676_800_111;
const click: FrameClick = {
  frameUrl: 'https://frame.example/1',
  buttonIndex: 2,
  conversationTopic: conversationTopic('ABC'),
  participants: [alice.address, bob.address],
  inputText: 'typed',
  state: '{}',
};
const signed = signFrameAction(alice.bundle, click, () => nowMs);

/** The action with another body, signed as told. */
function withBody(changes: Record<string, unknown>, sign?: (digest: Uint8Array) => EcdsaSignature): Uint8Array {
  const action = fromBinary(FrameActionSchema, signed);
  const body = Object.assign(fromBinary(FrameActionBodySchema, action.actionBody), changes);
  action.actionBody = toBinary(FrameActionBodySchema, body);
  if (sign && action.signature?.union.value) Object.assign(action.signature.union.value, sign(sha256(action.actionBody)));
  return toBinary(FrameActionSchema, action);
}

const byAlice = (digest: Uint8Array) => signByIdentity(alice.bundle, digest);

test('a click is read back with its sender', () => {
  const { sender, body } = openFrameAction(signed);
  expect(sender).toBe(alice.address);
  expect(body).toMatchObject({
    frameUrl: click.frameUrl,
    buttonIndex: 2,
    timestamp: BigInt(nowMs),
    inputText: 'typed',
    state: '{}',
    address: '',
  });
  expect(body.unixTimestamp).toBe(nowMs % 2 ** 32);
});

test('the post tells in clear what the signed bytes say', () => {
  const { untrustedData, trustedData, clientProtocol } = framePost(alice.bundle, click, () => nowMs);
  expect(clientProtocol).toBe('xmtp@2024-02-09');
  expect(fromBase64(trustedData.messageBytes)).toEqual(signed);
  expect(untrustedData).toMatchObject({ url: click.frameUrl, walletAddress: alice.address, timestamp: nowMs, inputText: 'typed' });
  expect(untrustedData).not.toHaveProperty('address');
});

test('the conversation is named the same for all its members, in whatever order and case', () => {
  const { conversationTopic: topic } = click;
  const name = conversationIdentifier(click);
  expect(conversationIdentifier({ conversationTopic: topic.toLowerCase(), participants: [bob.address, alice.address] })).toBe(name);
  expect(conversationIdentifier({ conversationTopic: topic, participants: [bob.address] })).not.toBe(name);
});

test('a changed click, a pre-key’s signature and another’s signature are refused', async () => {
  await refused('bad-signature', () => openFrameAction(withBody({ buttonIndex: 3 })));
  await refused('bad-signature', () => openFrameAction(withBody({}, (digest) => signByPreKey(alice.bundle, digest))));
  await refused('bad-signature', () => openFrameAction(withBody({}, (digest) => signByIdentity(bob.bundle, digest))));
  expect(openFrameAction(withBody({ buttonIndex: 3 }, byAlice)).body.buttonIndex).toBe(3);
});

test('an incomplete action is refused', async () => {
  await refused('malformed', () => openFrameAction(Uint8Array.of(10, 9)));
  await refused('malformed', () => openFrameAction(new Uint8Array(0)));
  const { signature, ...unsigned } = fromBinary(FrameActionSchema, signed);
  await refused('bad-signature', () => openFrameAction(toBinary(FrameActionSchema, unsigned)));
  if (signature?.union.case !== 'ecdsaCompact') throw new Error('not signed');
  const { bytes, recovery } = signature.union.value;
  const asWallets = create(SignatureSchema, { union: { case: 'walletEcdsaCompact', value: { bytes, recovery } } });
  await refused('bad-signature', () => openFrameAction(toBinary(FrameActionSchema, { ...unsigned, signature: asWallets })));
});

test('a state of more than 4096 bytes and a button before the first are refused on both sides', async () => {
  for (const [reason, changes] of [
    ['too-large', { state: 'é'.repeat(2049) }],
    ['malformed', { buttonIndex: 0 }],
    ['malformed', { frameUrl: 'javascript:1' }],
  ] as const) {
    await refused(reason, () => signFrameAction(alice.bundle, { ...click, ...changes }));
    await refused(reason, () => openFrameAction(withBody(changes, byAlice)));
  }
  expect(openFrameAction(withBody({ state: 'é'.repeat(2048) }, byAlice)).body.state.length).toBe(2048);
  await refused('malformed', () => signFrameAction(alice.bundle, { ...click, buttonIndex: 1.5 }));
});

test('no address makes the signed bytes pass for a pre-key of the signer, neither when signing nor when reading keys', async () => {
  // Read as a key, the length of the address is its time, the address holds the point, and a field that nobody knows swallows the rest.
  const point = `\x1a\x43\x0a\x41\x04${'A'.repeat(64)}`;
  const bodyOf = (bytes: Uint8Array) => fromBinary(FrameActionSchema, bytes).actionBody;
  const rest = bodyOf(withBody({ frameUrl: point })).length - 2 - point.length;
  const hostile = `${point}\x7a${String.fromCharCode(rest)}`;
  const keyBytes = bodyOf(withBody({ frameUrl: hostile }));
  expect(tryDecode(UnsignedPublicKeySchema, keyBytes)?.union.value?.bytes.length).toBe(65);

  for (const frameUrl of [hostile, ` https://${hostile}`, `HTTPS://${hostile}`])
    await refused('malformed', () => signFrameAction(alice.bundle, { ...click, frameUrl }));
  const honest = bodyOf(signFrameAction(alice.bundle, { ...click, frameUrl: `https://${hostile}` }));
  expect(tryDecode(UnsignedPublicKeySchema, honest)).toBeUndefined();
  expect(() => readSignedKey(create(SignedPublicKeySchema, { keyBytes }))).toThrow('canonical');
});
