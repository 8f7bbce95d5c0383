import type { Address } from '../../src/protocol/address.ts';
import { addressOf } from '../../src/protocol/address.ts';
import { fc } from '../support/fast-check.ts';
import { type Person, person } from '../support/people.ts';

export const bytes = (maxLength = 200) => fc.uint8Array({ maxLength });
export const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** Any text that UTF-8 can hold, but none that begins with a byte order mark: its readers drop that, ours as the reference client's. */
export const text = (maxLength = 40) => fc.string({ unit: 'binary', maxLength }).filter((each) => !each.startsWith('\ufeff'));

/** Any whole number, to choose a place with. */
export const place = fc.nat();

export const address: fc.Arbitrary<Address> = exactly(65).map(addressOf);

/** The name of a conversation's topic. */
export const topicName = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 60,
});

/** A time as the wire has it. */
export const timeNs = fc.bigInt(0n, 2n ** 64n - 1n);

/** Keys are dear: a few people whom all properties share. */
export const people: readonly [Person, Person, ...Person[]] = [
  person('Alice'),
  person('Bob'),
  ...['Carol', 'Dave', 'Erin', 'Frank'].map((name) => person(name)),
];
export const someone = fc.constantFrom(...people);

/** Two different people. */
export const pair = fc
  .tuple(fc.nat(people.length - 1), fc.integer({ min: 1, max: people.length - 1 }))
  .map(([first, step]) => [people[first], people[(first + step) % people.length]] as [Person, Person]);
