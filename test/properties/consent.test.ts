import { expect } from 'vitest';
import { concat } from '../../src/protocol/bytes.ts';
import { addSightings, type ConsentEntry, consentKey, foldConsent, openConsent, sealConsent } from '../../src/protocol/consent.ts';
import { type ConsentAction, decodeActions, encodeAction, type Verdict } from '../../src/protocol/preferences.ts';
import { fc } from '../support/fast-check.ts';
import { address, bytes, someone, text } from './arbitraries.ts';
import { outcome, property } from './property.ts';

const verdict = fc.constantFrom<Verdict>('allowed', 'denied');
const kind = fc.constantFrom('address' as const, 'groupId' as const, 'inboxId' as const);
const anyAction: fc.Arbitrary<ConsentAction> = fc.record({ verdict, kind, names: fc.array(text(20), { maxLength: 4 }) });

property('a decision is read as it was written', [anyAction], (action) => {
  expect(decodeActions(encodeAction(action))).toEqual([action]);
});

property('several decisions in one message are read in their order', [fc.array(anyAction, { maxLength: 5 })], (actions) => {
  expect(decodeActions(concat(...actions.map(encodeAction)))).toEqual(actions);
});

property('bytes of any kind are decisions or refused as malformed', [bytes(40)], async (given) => {
  const read = await outcome(() => decodeActions(given));
  expect(read === 'malformed' || Array.isArray(read)).toBe(true);
});

property('an address is one subject in any case', [address, kind], (name, of) => {
  const upper = `0x${name.slice(2).toUpperCase()}`;
  expect(consentKey('address', upper)).toBe(consentKey('address', name.toLowerCase()));
  expect(consentKey(of, name)).not.toBe(consentKey('groupId', `${name}a`));
});

// Few names and times, so that decisions meet.
const action: fc.Arbitrary<ConsentAction> = fc.record({
  verdict,
  kind: fc.constant('address' as const),
  names: fc.array(fc.constantFrom('0xA', '0xa', '0xB', '0xC'), { maxLength: 3 }),
});
const entry: fc.Arbitrary<ConsentEntry> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{8}$/),
  timestampNs: fc.bigInt(0n, 5n),
  digest: fc.stringMatching(/^[0-9a-f]{8}$/),
  actions: fc.array(action, { maxLength: 2 }),
});
const entries = fc.uniqueArray(entry, { maxLength: 8, selector: ({ id }) => id });
const shuffle = <T>(list: readonly T[], order: readonly number[]): T[] =>
  list
    .map((each, index) => [order[index] ?? 0, each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each);
const order = fc.array(fc.nat(), { minLength: 16, maxLength: 16 });

/** The rule, as plainly as it can be put: of the entries about a subject the latest time counts, and at that time a denial. */
function byRule(all: readonly ConsentEntry[]): Map<string, Verdict> {
  const state = new Map<string, Verdict>();
  const about = all.flatMap(({ timestampNs, digest, actions }, index) =>
    actions.flatMap(({ verdict: decided, names }, turn) =>
      names.map((name) => ({ key: consentKey('address', name), decided, timestampNs, digest, index, turn })),
    ),
  );
  for (const key of new Set(about.map((each) => each.key))) {
    const mine = about.filter((each) => each.key === key);
    const last = mine
      .map(({ timestampNs }) => timestampNs)
      .sort((a, b) => Number(a - b))
      .at(-1);
    state.set(key, mine.some(({ decided, timestampNs }) => timestampNs === last && decided === 'denied') ? 'denied' : 'allowed');
  }
  return state;
}

property('what holds is what was decided last, and a denial where two were decided at once', [entries], (all) => {
  expect(new Map(foldConsent(all))).toEqual(byRule(all));
});

property('what holds does not depend on the order in which decisions come', [entries, order], (all, by) => {
  expect(new Map(foldConsent(shuffle(all, by)))).toEqual(new Map(foldConsent(all)));
});

property('what holds does not depend on the pieces in which decisions come in the order of the node', [entries, fc.nat(8)], (all, cut) => {
  const inOrder = addSightings([], all);
  expect(addSightings(inOrder.slice(0, cut), inOrder.slice(cut))).toEqual(inOrder);
  expect(addSightings(addSightings([], inOrder.slice(0, cut)), inOrder)).toEqual(inOrder);
});

property(
  'a decision that was seen is not moved by copies of it, whatever time they bear',
  [entries, order, fc.bigInt(0n, 9n)],
  (all, by, timestampNs) => {
    const seen = addSightings([], all);
    const copies = shuffle(seen, by).map((each, index) => ({ ...each, timestampNs: timestampNs + BigInt(index), digest: `${index}` }));
    expect(addSightings(seen, copies)).toEqual(seen);
    expect(new Map(foldConsent(addSightings(seen, copies)))).toEqual(new Map(foldConsent(seen)));
  },
);

property('one more decision later than all others holds, and changes nothing about others', [entries, verdict], (all, decided) => {
  const before = new Map(foldConsent(all));
  const latest: ConsentEntry = {
    id: 'the latest',
    timestampNs: 9n,
    digest: '',
    actions: [{ verdict: decided, kind: 'address', names: ['0xA'] }],
  };
  expect(new Map(foldConsent([...all, latest]))).toEqual(new Map([...before, [consentKey('address', '0xA'), decided]]));
});

property('a choice of this device that is not published yet wins over all that is', [entries, verdict], (all, decided) => {
  const key = consentKey('address', '0xA');
  const state = foldConsent(all, new Map([[key, decided]]));
  expect(state.get(key)).toBe(decided);
  expect(new Map([...state].filter(([each]) => each !== key))).toEqual(new Map([...foldConsent(all)].filter(([each]) => each !== key)));
});

property(
  'a decision is opened by its owner as it was sealed, later than the one before it in every order',
  [someone, anyAction, fc.nat({ max: 2 ** 43 }), fc.bigInt(0n, 2n ** 63n)],
  async ({ bundle }, decided, nowMs, previousNs) => {
    const envelope = await sealConsent(bundle.identity, decided, previousNs, () => nowMs);
    expect(envelope.timestampNs > previousNs).toBe(true);
    expect(envelope.timestampNs / 1_000_000n > previousNs / 1_000_000n || envelope.timestampNs === BigInt(nowMs) * 1_000_000n).toBe(true);
    const opened = await openConsent(bundle.identity, envelope);
    expect(opened).toMatchObject({ timestampNs: envelope.timestampNs, actions: [decided] });
    expect(await outcome(() => openConsent(bundle.identity, { ...envelope, contentTopic: `${envelope.contentTopic}a` }))).toBe(
      'wrong-topic',
    );
  },
);
