import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  PublicKeyBundleSchema,
  type SignedPublicKeyBundle,
  SignedPublicKeyBundleSchema,
} from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { toRefusal } from '../../src/node/refusal.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import type { NewEnvelope, Store } from '../../src/node/store/store.ts';
import { checkEnvelope } from '../../src/node/topic-rules.ts';
import type { Address } from '../../src/protocol/address.ts';
import { randomBytes, utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { legacyTopics, sealLegacyMessage } from '../../src/protocol/legacy-message.ts';
import { encodeAction, preferencesIdentifier, sealToSelf } from '../../src/protocol/preferences.ts';
import { publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import type { VerifiedBundle } from '../../src/protocol/public-keys.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, ephemeralTopic, inviteTopic, preferencesTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { alice, bob, carol, type Person, person } from '../support/people.ts';
import { invitationEnvelopes, messageEnvelope } from './clients.ts';

const nowMs = Date.UTC(2025, 0, 1);
const hour = 3_600_000;
const at = (topic: string, message: Uint8Array, timeMs = nowMs): NewEnvelope => ({ topic, timestampNs: msToNs(timeMs), message });

/** The code of the refusal, or 'taken'. */
function check(envelope: NewEnvelope, wallet: Address = alice.address, compat = false): string {
  try {
    checkEnvelope(envelope, wallet, { compat, nowMs });
    return 'taken';
  } catch (error) {
    return Code[toRefusal(error).code];
  }
}

describe('contacts, one after the other', () => {
  let store: Store;
  let timeMs: number;
  beforeEach(async () => {
    store = openSqliteStore({ data: ':memory:' });
    timeMs = nowMs;
    // What a client has published that began as they all do: both formats of one bundle.
    for (const version of [1, 2] as const) expect(await publish(encodeContact(alice.contact, version))).toBe('stored');
  });

  async function publish(message: Uint8Array, topic = contactTopic(alice.address), wallet = alice.address): Promise<string> {
    try {
      const envelope = checkEnvelope(at(topic, message, timeMs++), wallet, { compat: false, nowMs });
      const [seq] = await store.append([envelope]);
      return seq === null ? 'taken, not stored' : 'stored';
    } catch (error) {
      return Code[toRefusal(error).code];
    }
  }
  const rotated = (ms: number, of: Person = alice): VerifiedBundle => publicBundle(rotatePreKey(of.bundle, () => ms));
  const changed = (change: (bundle: SignedPublicKeyBundle) => void, of: VerifiedBundle = rotated(nowMs - hour)): Uint8Array => {
    const signed = fromBinary(SignedPublicKeyBundleSchema, toBinary(SignedPublicKeyBundleSchema, of.signed));
    change(signed);
    return encodeContact({ ...of, signed }, 2);
  };
  const flip = (bytes: Uint8Array | undefined): void => {
    if (bytes) bytes[5] = (bytes[5] as number) ^ 1;
  };

  test.each<[string, () => Uint8Array, string]>([
    ['the same, second format', () => encodeContact(alice.contact, 2), 'taken, not stored'],
    ['the same, first format after the second', () => encodeContact(alice.contact, 1), 'taken, not stored'],
    ['a newer one', () => encodeContact(rotated(nowMs - hour), 2), 'stored'],
    ['a newer one in the first format', () => encodeContact(rotated(nowMs - hour), 1), 'stored'],
    ['an older one', () => encodeContact(rotated(Date.UTC(2023, 0, 1)), 2), 'FailedPrecondition'],
    ['an older one in the first format', () => encodeContact(rotated(Date.UTC(2023, 0, 1)), 1), 'FailedPrecondition'],
    ['one with other keys of the same time', () => encodeContact(rotated(Date.UTC(2024, 0, 1)), 2), 'FailedPrecondition'],
    ['new keys of the wallet after the old ones were lost', () => encodeContact(person('Alice', nowMs - hour).contact, 2), 'stored'],
    ['a pre-key an hour ahead', () => encodeContact(rotated(nowMs + hour), 2), 'stored'],
    ['a pre-key a day ahead', () => encodeContact(rotated(nowMs + 24 * hour), 2), 'InvalidArgument'],
    ["somebody else's, genuine", () => encodeContact(bob.contact, 2), 'PermissionDenied'],
    [
      'one whose wallet signature is changed',
      () => changed(({ identityKey }) => flip(identityKey?.signature?.union.value?.bytes)),
      'PermissionDenied',
    ],
    [
      'one whose pre-key signature is changed',
      () => changed(({ preKey }) => flip(preKey?.signature?.union.value?.bytes)),
      'PermissionDenied',
    ],
    [
      'one with the pre-key of somebody else',
      () =>
        changed((bundle) => {
          bundle.preKey = bob.contact.signed.preKey;
        }),
      'PermissionDenied',
    ],
    [
      'one without a wallet signature',
      () =>
        changed(({ identityKey }) => {
          if (identityKey) identityKey.signature = undefined;
        }),
      'PermissionDenied',
    ],
    [
      'one without a pre-key',
      () =>
        changed((bundle) => {
          bundle.preKey = undefined;
        }),
      'InvalidArgument',
    ],
    ['nonsense', () => utf8('nonsense'), 'InvalidArgument'],
    ['nothing', () => new Uint8Array(0), 'InvalidArgument'],
    [
      'the oldest, bare form of a newer one',
      () => toBinary(PublicKeyBundleSchema, rotated(nowMs - hour).legacy ?? create(PublicKeyBundleSchema)),
      'stored',
    ],
  ])('%s', async (_what, message, outcome) => {
    expect(await publish(message())).toBe(outcome);
  });

  test('the one before comes not back after a newer one, nor do the keys before new keys', async () => {
    expect(await publish(encodeContact(rotated(nowMs - hour), 2))).toBe('stored');
    expect(await publish(encodeContact(alice.contact, 2))).toBe('FailedPrecondition');
    expect(await publish(encodeContact(person('Alice', nowMs - hour + 1).contact, 2))).toBe('stored');
    expect(await publish(encodeContact(rotated(nowMs - hour), 2))).toBe('FailedPrecondition');
  });

  test('a newer one in an older envelope is refused, since nobody would find it', async () => {
    timeMs = nowMs - hour;
    expect(await publish(encodeContact(rotated(nowMs - hour), 2))).toBe('FailedPrecondition');
  });

  test('no second topic of the same wallet is taken', async () => {
    const message = encodeContact(alice.contact, 2);
    expect(await publish(message, contactTopic(alice.address.toLowerCase() as Address))).toBe('PermissionDenied');
    expect(await publish(message, `/xmtp/0/contact-${alice.address}-2/proto`)).toBe('InvalidArgument');
    expect(await publish(message, `/xmtp/0/contact-${alice.address}/proto/2`)).toBe('InvalidArgument');
  });
});

describe('what a topic takes', () => {
  test('of key backups: what its owner could open', async () => {
    const walletPreKey = randomBytes(32);
    const backup = await sealKeyBackup(alice.bundle, walletPreKey, signText(enableIdentityText(walletPreKey), alice.walletKey));
    const topic = privateStoreTopic(alice.address);
    expect(check(at(topic, backup))).toBe('taken');
    expect(check(at(topic, backup), bob.address)).toBe('PermissionDenied');
    expect(check(at(topic, utf8('nonsense')))).toBe('InvalidArgument');
    expect(check(at(topic, utf8('nonsense')), alice.address, true)).toBe('taken');
  });

  test('of preferences: what is sealed', async () => {
    const topic = preferencesTopic(await preferencesIdentifier(alice.bundle.identity));
    const sealed = await sealToSelf(alice.bundle.identity, encodeAction({ verdict: 'allowed', kind: 'address', names: [bob.address] }));
    expect(check(at(topic, sealed))).toBe('taken');
    expect(check(at(topic, utf8('nonsense')))).toBe('InvalidArgument');
  });

  test('of invitations: those of its owner, by their sender, at their time', async () => {
    const [toBob, toAlice] = (await invitationEnvelopes(alice, bob, nowMs)).map(({ contentTopic, message }) => at(contentTopic, message));
    if (!toBob || !toAlice) throw new Error('two envelopes');
    expect([check(toBob), check(toAlice)]).toEqual(['taken', 'taken']);
    expect(check(toAlice, bob.address)).toBe('PermissionDenied');
    expect(check({ ...toBob, topic: inviteTopic(carol.address) })).toBe('InvalidArgument');
    expect(check({ ...toBob, timestampNs: toBob.timestampNs + 1n })).toBe('InvalidArgument');
    expect(check({ ...toBob, message: utf8('nonsense') })).toBe('InvalidArgument');
    const past = (await invitationEnvelopes(alice, bob, nowMs - 10_000 * hour)).map(({ contentTopic, message }) =>
      at(contentTopic, message, nowMs - 10_000 * hour),
    );
    expect(past.map((each) => check(each))).toEqual(['taken', 'taken']); // conversations may be filled in later
  });

  test('of messages: those that name it and their time, ephemeral or not', async () => {
    const { contentTopic, message } = await messageEnvelope(alice, bob, nowMs);
    const envelope = at(contentTopic, message);
    expect(check(envelope)).toBe('taken');
    expect(check(envelope, carol.address)).toBe('taken'); // who may write is for the conversation's members to see
    expect(check({ ...envelope, topic: ephemeralTopic(contentTopic) })).toBe('taken');
    expect(check({ ...envelope, topic: '/xmtp/0/m-other/proto' })).toBe('InvalidArgument');
    expect(check({ ...envelope, timestampNs: envelope.timestampNs - 1n })).toBe('InvalidArgument');
    expect(check({ ...envelope, topic: '/xmtp/0/m-other/proto' }, alice.address, true)).toBe('taken');
  });

  test('of legacy messages: those between its two, by their sender, at their time', async () => {
    const { message } = await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload: utf8('x'), timestampMs: nowMs });
    const topics = legacyTopics(alice.address, bob.address, true);
    expect(topics.map((topic) => check(at(topic, message)))).toEqual(['taken', 'taken', 'taken']);
    expect(topics.map((topic) => check(at(topic, message), bob.address))).toEqual(topics.map(() => 'PermissionDenied'));
    expect(legacyTopics(alice.address, carol.address, true).map((topic) => check(at(topic, message)))).toEqual([
      'InvalidArgument',
      'taken',
      'InvalidArgument',
    ]);
    expect(topics.map((topic) => check(at(topic, message, nowMs + 1)))).toEqual(topics.map(() => 'InvalidArgument'));
  });

  test('of anything else: what is printable, not empty, and not dated ahead', () => {
    const topic = '/xmtp/0/groupInvite-x/proto';
    expect(check(at(topic, utf8('x')))).toBe('taken');
    expect(check(at('', utf8('x')))).toBe('InvalidArgument');
    expect(check(at('/xmtp/0/some thing/proto', utf8('x')))).toBe('InvalidArgument');
    expect(check(at(topic, new Uint8Array(0)))).toBe('InvalidArgument');
    expect(check(at(topic, utf8('x'), nowMs + hour))).toBe('taken');
    expect(check(at(topic, utf8('x'), nowMs + hour + 1))).toBe('InvalidArgument');
    expect(check({ ...at(topic, utf8('x')), timestampNs: 2n ** 63n }, alice.address, true)).toBe('InvalidArgument');
    expect(check(at('', new Uint8Array(0), nowMs + 100 * hour), alice.address, true)).toBe('taken');
  });
});
