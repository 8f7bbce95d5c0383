import { expect, test } from 'vitest';
import { concat } from '../../src/protocol/bytes.ts';
import { addSightings, type ConsentEntry, consentKey, foldConsent, openConsent, sealConsent } from '../../src/protocol/consent.ts';
import type { ConsentAction, Verdict } from '../../src/protocol/preferences.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol } from '../support/people.ts';
import { refused } from './refused.ts';

const me = alice.bundle.identity;
const about = (verdict: Verdict, ...names: string[]): ConsentAction => ({ verdict, kind: 'address', names });
const bobKey = consentKey('address', bob.address);

/** An entry as it is after it was opened; the digest orders entries of one time. */
const entry = (atNs: number, action: ConsentAction, names: { id?: string; digest?: string } = {}): ConsentEntry => {
  const id = names.id ?? `${atNs} ${JSON.stringify(action)}`;
  return { id, timestampNs: BigInt(atNs), digest: names.digest ?? id, actions: [action] };
};

const entries = fc.uniqueArray(
  fc
    .record({
      atNs: fc.nat(5),
      verdict: fc.constantFrom<Verdict>('allowed', 'denied'),
      names: fc.array(fc.constantFrom('0xA', '0xB', '0xC'), { maxLength: 3 }),
      digest: fc.stringMatching(/^[0-9a-f]{8}$/),
    })
    .map(({ atNs, verdict, names, digest }) => entry(atNs, about(verdict, ...names), { id: digest, digest })),
  { selector: ({ id }) => id, maxLength: 12 },
);

test('a published decision is read back from the own topic', async () => {
  const envelope = await sealConsent(me, about('denied', bob.address), 0n, () => 1_700_000_000_123);
  expect(envelope.timestampNs).toBe(1_700_000_000_123_000_000n);
  const read = await openConsent(me, envelope);
  expect(read).toMatchObject({ timestampNs: envelope.timestampNs, actions: [about('denied', bob.address)] });
  expect(foldConsent([read])).toEqual(new Map([[bobKey, 'denied']]));
});

test('own decisions have strictly increasing times, a whole millisecond apart, though the clock stands or goes back', async () => {
  let previous = 0n;
  for (const ms of [1000, 1000, 999, 1000, 2000]) {
    const { timestampNs } = await sealConsent(me, about('allowed', bob.address), previous, () => ms);
    expect(timestampNs > previous).toBe(true);
    expect(timestampNs % 1_000_000n).toBe(0n);
    previous = timestampNs;
  }
  expect(previous).toBe(2_000_000_000n);
});

test('an entry of another topic or another owner decides nothing', async () => {
  const theirs = await sealConsent(bob.bundle.identity, about('allowed', carol.address));
  await refused('wrong-topic', () => openConsent(me, theirs));
  const moved = { ...theirs, contentTopic: (await sealConsent(me, about('denied', carol.address))).contentTopic };
  await refused('cannot-decrypt', () => openConsent(me, moved));
});

test('the last decision in node order wins, in whatever order entries were read', () => {
  fc.assert(
    fc.property(entries, entries, (some, others) => {
      const all = [...some, ...others.filter(({ id }) => some.every((known) => known.id !== id))];
      expect(foldConsent(all.toReversed())).toEqual(foldConsent(all));
      expect(foldConsent([...all].sort((a, b) => (a.id < b.id ? -1 : 1)))).toEqual(foldConsent(all));
    }),
  );
});

test('for each subject the entries of its latest time decide, and among them a denial', () => {
  fc.assert(
    fc.property(entries, (all) => {
      const state = foldConsent(all);
      for (const name of ['0xA', '0xB', '0xC']) {
        const naming = all.filter(({ actions: [action] }) => action?.names.includes(name));
        const latest = naming.map(({ timestampNs }) => Number(timestampNs)).reduce((a, b) => Math.max(a, b), -1);
        const last = naming.filter(({ timestampNs }) => Number(timestampNs) === latest);
        const denied = last.some(({ actions: [action] }) => action?.verdict === 'denied');
        expect(state.get(consentKey('address', name))).toBe(last.length === 0 ? undefined : denied ? 'denied' : 'allowed');
      }
    }),
  );
});

test('two decisions in one millisecond both count', () => {
  const state = foldConsent([entry(5, about('allowed', bob.address)), entry(5, about('denied', carol.address))]);
  expect([...state.values()].sort()).toEqual(['allowed', 'denied']);
});

test('a denial wins within one message that also allows', () => {
  for (const actions of [
    [about('allowed', bob.address), about('denied', bob.address)],
    [about('denied', bob.address), about('allowed', bob.address)],
  ])
    expect(foldConsent([{ ...entry(1, about('allowed')), actions }]).get(bobKey)).toBe('denied');
});

test('an address is one subject in whatever case it is written, an id is not', () => {
  const state = foldConsent([entry(1, about('allowed', bob.address.toLowerCase())), entry(2, about('denied', bob.address))]);
  expect(state).toEqual(new Map([[bobKey, 'denied']]));
  expect(consentKey('groupId', 'A')).not.toBe(consentKey('groupId', 'a'));
});

test('an old allowance that somebody publishes again, in another wrapping and under a new time, does not undo a block', async () => {
  const allowed = await sealConsent(me, about('allowed', bob.address), 0n, () => 1000);
  const denied = await sealConsent(me, about('denied', bob.address), 0n, () => 2000);
  const replayed = { ...allowed, timestampNs: 9_000_000_000n, message: concat(allowed.message, Uint8Array.of(0x78, 1)) };
  const read = await Promise.all([replayed, denied, allowed].map((envelope) => openConsent(me, envelope)));
  expect(foldConsent(read).get(bobKey)).toBe('denied');
});

test('what was sighted keeps its place when a copy with an earlier time turns up later', () => {
  const denial = entry(3, about('denied', bob.address), { id: 'denial' });
  const seen = addSightings([], [entry(2, about('allowed', bob.address)), denial]);
  const later = addSightings(seen, [{ ...denial, timestampNs: 1n, digest: '00' }]);
  expect(later).toEqual(seen);
  expect(foldConsent(later).get(bobKey)).toBe('denied');
});

test('reading page by page, with repetitions, ends where reading at once does', () => {
  fc.assert(
    fc.property(entries, fc.nat(12), (all, cut) => {
      const pages = addSightings(addSightings([], all.slice(0, cut)), all.slice(Math.max(0, cut - 2)));
      expect(pages).toEqual(addSightings([], all));
      expect(foldConsent(pages)).toEqual(foldConsent(all));
    }),
  );
});

test('a local choice that is not published yet wins over the network', () => {
  const state = foldConsent([entry(9, about('denied', bob.address))], new Map([[bobKey, 'allowed']]));
  expect(state.get(bobKey)).toBe('allowed');
});
