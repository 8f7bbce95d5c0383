import { expect, test } from 'vitest';
import { concat, equalBytes, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import {
  type ConsentAction,
  ciphertextId,
  decodeActions,
  encodeAction,
  openFromSelf,
  preferencesIdentifier,
  sealToSelf,
} from '../../src/protocol/preferences.ts';
import { preferencesTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const me = alice.bundle.identity;
const allow: ConsentAction = { verdict: 'allowed', kind: 'address', names: [bob.address] };
const deny: ConsentAction = { ...allow, verdict: 'denied' };

const actions: fc.Arbitrary<ConsentAction> = fc.record({
  verdict: fc.constantFrom('allowed', 'denied'),
  kind: fc.constantFrom('address', 'groupId', 'inboxId'),
  names: fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
});

test('the topic belongs to the identity key: 43 characters that no other key yields', async () => {
  const identifier = await preferencesIdentifier(me);
  expect(identifier).toMatch(/^[\w-]{43}$/);
  expect(identifier).toBe(await preferencesIdentifier({ secret: me.secret }));
  expect(identifier).not.toBe(await preferencesIdentifier(bob.bundle.identity));
  expect(preferencesTopic(identifier)).toBe(`/xmtp/0/userpreferences-${identifier}/proto`);
});

test('what I seal for myself I open, and nobody else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const sealed = await sealToSelf(me, bytes);
      expect(await openFromSelf(me, sealed)).toEqual(bytes);
      await refused('cannot-decrypt', () => openFromSelf(bob.bundle.identity, sealed));
    }),
    { numRuns: 50 },
  );
});

test('the public key is bound to the seal', async () => {
  const sealed = await sealToSelf(me, utf8('x'));
  await refused('cannot-decrypt', () => openFromSelf({ secret: me.secret, point: bob.bundle.identity.point }, sealed));
});

test('bytes that are no seal are refused', async () => {
  for (const bytes of [new Uint8Array(0), Uint8Array.of(10, 127), Uint8Array.of(10, 0), randomBytes(40)])
    await refused('malformed', () => openFromSelf(me, bytes));
});

test('a decision comes back as it was written, or is refused when its texts are none', async () => {
  fc.assert(
    fc.property(actions, (action) => {
      expect(decodeActions(encodeAction(action))).toEqual([action]);
    }),
  );
  await refused('malformed', () => decodeActions(Uint8Array.of(0x0a, 3, 0x0a, 1, 0xff)));
});

test('a message that holds several decisions decides them all, in their order', () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 5 }), (several) => {
      expect(decodeActions(concat(...several.map(encodeAction)))).toEqual(several);
    }),
  );
});

test('decisions of later protocols are skipped, beside those that are known', () => {
  expect(decodeActions(concat(Uint8Array.of(0x3a, 2, 1, 1, 0x78, 5), encodeAction(deny)))).toEqual([deny]);
  expect(decodeActions(new Uint8Array(0))).toEqual([]);
});

test('a decision that is cut short, or is no message, is refused', async () => {
  const whole = encodeAction(allow);
  for (let length = 1; length < whole.length; length++) await refused('malformed', () => decodeActions(whole.slice(0, length)));
  await refused('malformed', () => decodeActions(Uint8Array.of(0x08, 0)));
  await refused('malformed', () => decodeActions(Uint8Array.of(0x00)));
});

test('a ciphertext has one name, whatever wraps it, and two seals of one decision have two', async () => {
  const sealed = await sealToSelf(me, encodeAction(allow));
  expect(ciphertextId(concat(sealed, Uint8Array.of(0x78, 1)))).toBe(ciphertextId(sealed));
  expect(ciphertextId(await sealToSelf(me, encodeAction(allow)))).not.toBe(ciphertextId(sealed));
  expect(equalBytes(sealed, await sealToSelf(me, encodeAction(allow)))).toBe(false);
  await refused('malformed', () => ciphertextId(Uint8Array.of(10, 2, 10, 0)));
  expect(toHex(utf8(ciphertextId(sealed))).length).toBe(128);
});
