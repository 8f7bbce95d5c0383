import { expect, test } from 'vitest';
import { createPins, packPin } from '../../../src/background/messages/pins.ts';
import { SealedRecords } from '../../../src/keystore/sealed-records.ts';
import { alice, bob } from '../../support/people.ts';

const sealed = new SealedRecords(new Uint8Array(32).fill(7));
const keystore = {
  blind: (store: string, text: string) => sealed.blind(store, text),
  sealRecord: (store: string, key: string, value: unknown) => sealed.seal(store, key, value),
  openRecord: (store: string, key: string, bytes: Uint8Array) => sealed.open(store, key, bytes),
};
const pin = {
  bundle: bob.contact,
  firstSeenAt: 5,
  checkedAt: 6,
  older: false,
  other: null,
  former: [],
  verified: { at: 7, own: 'ab' },
  events: [{ at: 7, kind: 'verified' as const }],
};

/** Pins over rows that outlive them, as those of a background do. */
function pinsOver(rows: Map<string, Uint8Array>) {
  const table = {
    get: async (key: string) => rows.get(key),
    putAll: async (all: readonly (readonly [string, Uint8Array])[]) => {
      for (const [key, bytes] of all) rows.set(key, bytes);
    },
    all: async () => [...rows],
  };
  return createPins({ account: alice.address, keystore, table: table as unknown as Parameters<typeof createPins>[0]['table'] });
}

test('what is shown of a pin is what the pin says, as it was written and after each change', async () => {
  const rows = new Map<string, Uint8Array>();
  const first = pinsOver(rows);
  expect(await first.facts(bob.address)).toBeNull();
  await first.change(bob.address, () => pin);
  const facts = { firstSeenAt: 5, checkedAt: 6, older: false, other: false, verified: pin.verified, events: pin.events };
  expect(await first.facts(bob.address)).toEqual(facts);
  const next = pinsOver(rows);
  expect(await next.facts(bob.address)).toEqual(facts);
  await next.change(bob.address, (now) => now && { ...now, older: true, other: bob.contact });
  expect(await next.facts(bob.address)).toEqual({ ...facts, older: true, other: true });
  expect(await pinsOver(rows).facts(bob.address)).toEqual({ ...facts, older: true, other: true });
});

test('no key is looked at for that, and no pin is handed out whose keys do not verify', async () => {
  const rows = new Map<string, Uint8Array>();
  await pinsOver(rows).change(bob.address, () => pin);
  const [key = ''] = rows.keys();
  rows.set(key, await keystore.sealRecord('pins', key, { ...packPin(pin), contact: new Uint8Array([1, 2, 3]) }));
  const pins = pinsOver(rows);
  expect(await pins.facts(bob.address)).toMatchObject({ firstSeenAt: 5, verified: pin.verified });
  await expect(pins.get(bob.address)).rejects.toThrow();
});
