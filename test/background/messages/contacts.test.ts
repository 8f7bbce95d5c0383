import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createContacts } from '../../../src/background/messages/contacts.ts';
import { createPins } from '../../../src/background/messages/pins.ts';
import type { AccountKeys } from '../../../src/keystore/account-keys.ts';
import { NodeError } from '../../../src/network/errors.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { publicBundle, rotatePreKey } from '../../../src/protocol/private-keys.ts';
import type { VerifiedBundle } from '../../../src/protocol/public-keys.ts';
import { openRecords, type Records } from '../../../src/storage/records.ts';
import { alice, person } from '../../support/people.ts';

const bob = person('Bob', Date.UTC(2024, 0, 1));
const rotated = publicBundle(rotatePreKey(bob.bundle, () => Date.UTC(2024, 6, 1)));
/** The same wallet with keys that another program made for it. */
const renewed = renew();

function renew(): VerifiedBundle {
  return person('Bob', Date.UTC(2025, 0, 1)).contact;
}

/** Seals nothing: what is kept how is tested where the sealing lives. */
const keystore = {
  blind: async (_: string, text: string) => text,
  sealRecord: async (_: string, __: string, value: unknown) => value,
  openRecord: async (_: string, __: string, sealed: unknown) => sealed,
} as unknown as AccountKeys;

let records: Records;
let told: string[];
let topic: Uint8Array[];
let away: boolean;
let asked: number;
let now: number;

const node = {
  async *pages(): AsyncGenerator<readonly Envelope[], void, undefined> {
    asked += 1;
    if (away) throw new NodeError('unreachable', 'away');
    yield topic.map((message) => ({ contentTopic: '', timestampNs: 0n, message }));
  },
};
const pins = () => createPins({ account: alice.address, keystore, table: records.pins });
const contacts = () => createContacts({ pins: pins(), node, clock: () => now, otherKeys: (address) => told.push(address) });
const entry = (bundle: VerifiedBundle): Uint8Array => encodeContact(bundle, 2);

beforeEach(async () => {
  records = openRecords(`contacts-${Math.random()}`);
  told = [];
  topic = [];
  away = false;
  asked = 0;
  now = 1_000_000;
});

describe('the contact of a peer', () => {
  it('is the newest pre-key, whatever lies on top of it', async () => {
    topic = [utf8('garbage'), entry(person('Mallory').contact), entry(bob.contact), entry(rotated)];
    expect((await contacts().lookUp(bob.address, 0))?.preKey).toEqual(rotated.preKey);
  });

  it('is nobody where nothing verifies', async () => {
    topic = [utf8('garbage'), entry(person('Mallory').contact)];
    expect(await contacts().lookUp(bob.address, 0)).toBeNull();
  });

  it('does not fall back to an older pre-key that a node shows instead', async () => {
    topic = [entry(rotated)];
    await contacts().lookUp(bob.address, 0);
    topic = [entry(bob.contact)];
    expect((await contacts().lookUp(bob.address, 0))?.preKey).toEqual(rotated.preKey);
    topic = [];
    expect((await contacts().lookUp(bob.address, 0))?.preKey).toEqual(rotated.preKey);
  });

  it('follows a pre-key that is newer than the one that was kept', async () => {
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    topic = [entry(rotated), entry(bob.contact)];
    expect((await contacts().lookUp(bob.address, 0))?.preKey).toEqual(rotated.preKey);
  });

  it('keeps the identity key that was known first', async () => {
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    topic = [entry(renewed), entry(bob.contact)];
    expect((await contacts().lookUp(bob.address, 0))?.identityKey).toEqual(bob.contact.identityKey);
  });

  it('is that of the newest entry where two identities were published before we looked', async () => {
    topic = [entry(renewed), entry(bob.contact)];
    expect((await contacts().lookUp(bob.address, 0))?.identityKey).toEqual(renewed.identityKey);
  });

  it('is asked for again after its time only, also across a death', async () => {
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    now += 59_000;
    await contacts().lookUp(bob.address, 60_000);
    expect(asked).toBe(1);
    now += 2_000;
    await contacts().lookUp(bob.address, 60_000);
    expect(asked).toBe(2);
  });

  it('serves from memory while the node is away, and is an error where nothing is known', async () => {
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    away = true;
    expect((await contacts().lookUp(bob.address, 0))?.address).toBe(bob.address);
    await expect(contacts().lookUp(person('Carol').address, 0)).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('that came with an invitation is pinned and used, and checked with the node when there is time', async () => {
    const { learn, lookUp } = contacts();
    await learn(bob.contact);
    away = true;
    expect((await lookUp(bob.address, 60_000))?.preKey).toEqual(bob.contact.preKey);
    away = false;
    topic = [entry(renewed), entry(rotated)];
    expect((await lookUp(bob.address, 60_000))?.preKey).toEqual(rotated.preKey);
  });

  it('warns of a node that shows nothing but older pre-keys, until it shows the newer one', async () => {
    topic = [entry(rotated), entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    expect(await contacts().warning(bob.address)).toBeNull();
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    expect(await contacts().warning(bob.address)).toBe('older-keys');
    topic = [entry(rotated), entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    expect(await contacts().warning(bob.address)).toBeNull();
  });

  it.each([
    ['the node', async () => void topic.unshift(entry(renewed))],
    ['an invitation', async () => expect(await contacts().learn(renewed)).toBe('other')],
  ])('warns of another identity that comes by %s, and takes it up at a word', async (_, come) => {
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    await come();
    expect((await contacts().lookUp(bob.address, 0))?.identityKey).toEqual(bob.contact.identityKey);
    expect(await contacts().warning(bob.address)).toBe('other-keys');
    await contacts().acceptOther(bob.address);
    expect((await contacts().known(bob.address))?.identityKey).toEqual(renewed.identityKey);
    expect(await contacts().warning(bob.address)).toBeNull();
    expect(await contacts().learn(renewed)).toBe('known');
    // Old invitations, and a node that plays old answers again, say nothing new.
    expect(await contacts().learn(bob.contact)).toBe('former');
    expect(await contacts().warning(bob.address)).toBeNull();
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    expect(await contacts().warning(bob.address)).toBe('older-keys');
    expect((await contacts().known(bob.address))?.identityKey).toEqual(renewed.identityKey);
  });

  it('tells once of another identity, with the time, and once more of a third', async () => {
    await contacts().learn(bob.contact);
    now += 1_000;
    await contacts().learn(renewed);
    await contacts().learn(renewed);
    topic = [entry(renewed)];
    await contacts().lookUp(bob.address, 0);
    expect(told).toEqual([bob.address]);
    expect((await pins().get(bob.address))?.events).toEqual([{ at: 1_001_000, kind: 'changed' }]);
    await contacts().learn(person('Bob', Date.UTC(2025, 5, 1)).contact);
    expect(told).toHaveLength(2);
  });

  it('has the time of its first sight, a new one when other keys are accepted, and a history of what happened', async () => {
    await contacts().learn(bob.contact);
    now += 1_000;
    topic = [entry(renewed)];
    await contacts().lookUp(bob.address, 0);
    expect((await pins().get(bob.address))?.firstSeenAt).toBe(1_000_000);
    now += 1_000;
    await contacts().acceptOther(bob.address);
    topic = [entry(bob.contact)];
    await contacts().lookUp(bob.address, 0);
    await contacts().lookUp(bob.address, 0);
    expect(await pins().get(bob.address)).toMatchObject({
      firstSeenAt: 1_002_000,
      verified: null,
      events: [{ kind: 'changed' }, { kind: 'accepted' }, { kind: 'older' }],
    });
  });

  it('is an account of its own for each account', async () => {
    await contacts().learn(bob.contact);
    const others = createPins({ account: person('Carol').address, keystore, table: records.pins });
    expect(await others.get(bob.address)).toBeNull();
    expect(await others.all()).toEqual([]);
    expect((await pins().all()).map(({ bundle }) => bundle.address)).toEqual([bob.address]);
  });

  it('loses neither of two changes that are made at the same time', async () => {
    const both = pins();
    const two = createContacts({ pins: both, node, clock: () => now, otherKeys: () => undefined });
    await two.learn(bob.contact);
    topic = [entry(rotated)];
    const [looked] = await Promise.all([
      two.lookUp(bob.address, 0),
      both.change(bob.address, (pin) => pin && { ...pin, verified: { at: now, own: 'ours' } }, true),
    ]);
    expect(looked?.preKey).toEqual(rotated.preKey);
    // As the next life of the background finds it.
    expect(await pins().get(bob.address)).toMatchObject({ verified: { own: 'ours' }, bundle: { preKey: rotated.preKey } });
  });

  it('reads no more of a topic than is reasonable', async () => {
    topic = Array.from({ length: 201 }, () => utf8('noise'));
    topic.push(entry(bob.contact));
    expect(await contacts().lookUp(bob.address, 0)).toBeNull();
    topic.splice(0, 2);
    expect(await contacts().lookUp(bob.address, 0)).not.toBeNull();
  });
});
