import { expect } from 'vitest';
import { createExclusive, createSingle } from '../../src/background/exclusive.ts';
import { chain, epochsOf } from '../../src/background/messages/group-state.ts';
import {
  type Binding,
  claimedTime,
  previewText,
  type StoredConversation,
  type StoredMessage,
  withMessage,
} from '../../src/background/messages/model.ts';
import { parseNodeUrl } from '../../src/background/nodes/node-url.ts';
import { decodedHost, pageOrigin } from '../../src/background/sites/origins.ts';
import { createRates } from '../../src/background/sites/rates.ts';
import { bind, conversationOf } from '../../src/background/sync/bindings.ts';
import type { SealedKey } from '../../src/keystore/keystore.ts';
import { createGroup, groupPrefix, type SignedGroup, succeedGroup } from '../../src/protocol/group.ts';
import { RefusalError } from '../../src/rpc/errors.ts';
import { fc } from '../support/fast-check.ts';
import { people, text } from './arbitraries.ts';
import { property } from './property.ts';

/** What was returned, or the refusal; any other error is thrown on. */
function refusalOf<T>(action: () => T): T | RefusalError {
  try {
    return action();
  } catch (error) {
    if (error instanceof RefusalError) return error;
    throw error;
  }
}

const [alice, bob] = people;
const binding = (name: string, derived: boolean): Binding => ({
  binding: name,
  topic: 'topic',
  key: new Uint8Array(0) as SealedKey,
  peer: bob.address,
  peerIdentityKey: '',
  derived,
  createdAt: 0,
  conversationId: null,
  metadata: null,
});
const row = conversationOf({ ...binding('a', true), id: 'a' }, 0);

const message: fc.Arbitrary<StoredMessage> = fc
  .record({ id: fc.stringMatching(/^[0-9a-f]{4}$/), sentAt: fc.nat(5), mine: fc.boolean() })
  .map((each) => ({ ...each, conversation: 'a', sender: each.mine ? alice.address : bob.address, payload: new Uint8Array(0) }));
const messages = fc.uniqueArray(message, { maxLength: 8, selector: ({ id }) => id });
const shuffle = <T>(list: readonly T[], order: readonly number[]): T[] =>
  list
    .map((each, index) => [order[index] ?? 0, each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each);
const order = fc.array(fc.nat(), { minLength: 8, maxLength: 8 });
const take = (all: readonly StoredMessage[]): StoredConversation =>
  all.reduce((to, each) => withMessage(to, each, { form: 'text', text: each.id }), row);
const inTurn = (a: StoredMessage, b: StoredMessage): number => a.sentAt - b.sentAt || (a.id < b.id ? -1 : 1);

property('the last message of a conversation is the last by time and id, in whatever order they come', [messages, order], (all, by) => {
  const last = all.toSorted(inTurn).at(-1);
  expect(take(shuffle(all, by)).last?.id).toBe(last?.id);
});

property(
  'as long as I say nothing, all that is said to me is unread, in whatever order it comes',
  [messages, order, fc.nat(5)],
  (all, by, readUpTo) => {
    const theirs = all.filter(({ mine }) => !mine);
    const counted = shuffle(theirs, by).reduce((to, each) => withMessage(to, each, { form: 'text', text: '' }), { ...row, readUpTo });
    expect(counted.unread).toBe(theirs.filter(({ sentAt }) => sentAt > readUpTo).length);
  },
);

property('what came before my own last word is read, when all comes in its order', [messages], (all) => {
  const ordered = all.toSorted(inTurn);
  const mine = ordered.findLastIndex((each) => each.mine);
  const after = ordered.slice(mine + 1).filter(({ sentAt }) => sentAt > (ordered[mine]?.sentAt ?? 0));
  expect(take(ordered).unread).toBe(after.length);
});

property(
  'the time of a message is never more than two minutes after it was seen, and earlier ones stay',
  [fc.nat(), fc.nat()],
  (claimed, seenAt) => {
    const shown = claimedTime(claimed, seenAt);
    expect(shown).toBe(Math.min(claimed, seenAt + 120_000));
    expect(claimedTime(shown, seenAt)).toBe(shown);
  },
);

property(
  'a preview is one line of at most 160 whole characters, and is its own preview',
  [
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: fc.constantFrom(' ', ' ', ' ', '\n', '🎹', 'a'), minLength: 300, maxLength: 400 }),
    ),
  ],
  (words) => {
    const line = previewText({ form: 'text', text: words });
    expect(line).not.toMatch(/\n|\p{Surrogate}|^\s|\s$/u);
    expect([...line].length).toBeLessThanOrEqual(160);
    expect(previewText({ form: 'text', text: line })).toBe(line);
  },
);

// Invitations to one topic: one of them at most is derived.
const invitations = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'derived'), { minLength: 1, maxLength: 8 });

property(
  'of the invitations to a topic the derived one is shown, else the first, and the others are kept once each',
  [invitations, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 })],
  (names, spoken) => {
    const rows = new Map<string, StoredConversation>();
    let shown: StoredConversation | undefined;
    for (const [turn, name] of names.entries()) {
      const bound = bind(shown, binding(name, name === 'derived'), { topicId: 'first', spoken: spoken[turn] as boolean, readUpTo: 0 });
      for (const each of bound.rows) rows.set(each.id, each);
      shown = [...rows.values()].find(({ rival }) => !rival);
    }
    expect(shown?.binding).toBe(names.includes('derived') ? 'derived' : names[0]);
    const others = [...new Set(names)].filter((name) => name !== shown?.binding).sort();
    expect((shown?.rivals ?? []).map((rival) => rival.binding).sort()).toEqual(others);
    expect([...rows.values()].filter(({ rival }) => !rival)).toHaveLength(1);
  },
);

// Five epochs of one group, and what the cache would hold of each.
const founded = createGroup(alice.bundle, { members: people.slice(1).map(({ address }) => address), title: 'Friday' }).group;
const epochs: SignedGroup[] = [founded];
for (const { address } of people.slice(2))
  epochs.push(succeedGroup(alice.bundle, epochs.at(-1) as SignedGroup, { remove: [address] }).group);
const rowOf = (group: SignedGroup): StoredConversation => ({
  ...row,
  id: `epoch ${group.epoch}`,
  topic: group.topic,
  conversationId: groupPrefix + group.groupId,
  unread: 1,
  group: { state: group.bytes, left: [], closed: false },
});

property(
  'the epochs of a group are one chain in whatever order they come, and only the last is open',
  [fc.shuffledSubarray(epochs, { minLength: 1 })],
  (come) => {
    const rows = new Map<string, StoredConversation>();
    for (const group of come) for (const each of chain(rowOf(group), rows.values())) rows.set(each.id, each);
    for (const { epoch } of come) {
      const next = come.some((other) => other.epoch === epoch + 1);
      expect(rows.get(`epoch ${epoch}`)?.group).toMatchObject(next ? { closed: true, next: `epoch ${epoch + 1}` } : { closed: false });
      // What is unread in the epochs that have a next one counts in the last of them.
      let behind = 1;
      while (come.some((other) => other.epoch === epoch - behind)) behind += 1;
      expect(rows.get(`epoch ${epoch}`)?.unread).toBe(next ? 0 : behind);
    }
    const newest = Math.max(...come.map(({ epoch }) => epoch));
    const history = epochsOf(`epoch ${newest}`, { all: () => rows.values() });
    let first = newest;
    while (come.some(({ epoch }) => epoch === first - 1)) first -= 1;
    expect(history).toEqual(Array.from({ length: newest - first + 1 }, (_, back) => `epoch ${newest - back}`));
  },
);

property(
  'the history of a group ends, whatever the cache says comes after what',
  [fc.array(fc.tuple(fc.nat(4), fc.option(fc.nat(4))), { maxLength: 6 }), fc.nat(4)],
  (links, start) => {
    const rows = links.map(([id, next]) => ({
      ...row,
      id: `${id}`,
      group: { state: new Uint8Array(0), left: [], closed: true, ...(next !== null && { next: `${next}` }) },
    }));
    const history = epochsOf(`${start}`, { all: () => rows.values() });
    expect(new Set(history).size).toBe(history.length);
    expect(history[0]).toBe(`${start}`);
  },
);

const windows = [
  { calls: 10, withinMs: 1_000 },
  { calls: 300, withinMs: 60_000 },
];

property(
  'no site gets more calls through than it may in any span, and who waits as long as he is told gets through',
  [
    fc.array(fc.oneof({ weight: 4, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(300) }), { maxLength: 60, size: 'max' }),
    fc.boolean(),
  ],
  (waits, patient) => {
    let now = 1_000_000;
    const rates = createRates(() => now);
    const times: number[] = [];
    for (const wait of waits) {
      now += wait;
      const refused = refusalOf(() => rates.take('https://a.example'));
      if (refused instanceof RefusalError) {
        if (!patient) continue;
        now += refused.data['retryAfterMs'] as number;
        rates.take('https://a.example');
      }
      times.push(now);
      for (const { calls, withinMs } of windows) expect(times.filter((time) => time > now - withinMs).length).toBeLessThanOrEqual(calls);
    }
  },
);

property('what one site calls costs no other anything', [fc.nat(40), fc.nat(9)], (noisy, quiet) => {
  const rates = createRates(() => 5);
  for (let call = 0; call < noisy; call++) refusalOf(() => rates.take('https://a.example'));
  for (let call = 0; call <= quiet; call++) rates.take('https://b.example');
});

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((ip) => `[${ip}]`),
  fc.constant('localhost'),
);
const nodeText = fc.oneof(
  text(),
  fc
    .tuple(
      fc.constantFrom('', 'http://', 'https://', 'HTTPS://', 'ftp://'),
      host,
      fc.constantFrom('', ':5555', ':443'),
      fc.constantFrom('', '/', '/a//', '/a?b', '#c'),
    )
    .map((parts) => parts.join('')),
);

property(
  'the address of a node has one normal form, which leads nowhere else and is never open where it is public',
  [nodeText],
  (words) => {
    const url = refusalOf(() => parseNodeUrl(` ${words} `));
    if (url instanceof RefusalError) return;
    expect(parseNodeUrl(url)).toBe(url);
    expect(parseNodeUrl(`${url}/`)).toBe(url);
    expect(url).not.toMatch(/\/$|[?#@]|\s/);
    if (url.startsWith('http:'))
      expect(new URL(url).hostname).toMatch(
        /^(localhost|127\.|10\.|172\.|192\.168\.|169\.254\.|\[(::1|f[cd]|fe[89ab]))|\.localhost$|\.local$/,
      );
  },
);

const label = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', 'é', 'ж', '日', '本', 'ひ', '1'), minLength: 1, maxLength: 12 });

property(
  'a host in other letters is read as it was typed, when the browser has made it punycode',
  [fc.array(label, { minLength: 1, maxLength: 3 }), fc.constantFrom('', ':8080')],
  (labels, port) => {
    let url: URL;
    try {
      url = new URL(`https://${labels.join('.')}.example${port}`);
    } catch {
      return; // letters that may not stand side by side
    }
    const typed = `${labels.join('.')}.example${port}`;
    expect(decodedHost(url.origin) ?? url.host).toBe(typed);
  },
);

property(
  'an origin of any kind has a readable host or none',
  [
    fc.oneof(
      text(),
      fc.string({ unit: fc.constantFrom('x', 'n', '-', 'a', '9', '.'), maxLength: 80 }).map((name) => `https://${name}`),
    ),
  ],
  (origin) => {
    const readable = decodedHost(origin);
    expect(readable === null || readable.length > 0).toBe(true);
  },
);

property(
  'only the top document of a tab speaks for its origin, and only on https or on this machine',
  [fc.oneof(fc.webUrl({ validSchemes: ['http', 'https'] }), text()), fc.option(fc.nat(1)), fc.boolean(), fc.boolean()],
  (url, frameId, tab, incognito) => {
    let origin = url;
    try {
      ({ origin } = new URL(url));
    } catch {
      // no origin at all
    }
    const answer = refusalOf(() => pageOrigin({ origin, frameId: frameId ?? undefined, ...(tab && { tab: { incognito } }) }));
    if (answer instanceof RefusalError) return;
    expect([answer, frameId, tab, incognito]).toEqual([origin, 0, true, false]);
    expect(answer).toMatch(/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$)/);
  },
);

property(
  'tasks that exclude each other run in their order and never together, whichever fail',
  [fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean() }), { maxLength: 8 })],
  async (tasks) => {
    const exclusive = createExclusive();
    const done: number[] = [];
    let running = 0;
    const results = await Promise.allSettled(
      tasks.map(({ turns, fails }, index) =>
        exclusive(async () => {
          expect(++running).toBe(1);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          running -= 1;
          done.push(index);
          if (fails) throw new Error('as planned');
          return index;
        }),
      ),
    );
    expect(done).toEqual(tasks.map((_, index) => index));
    expect(results.map(({ status }) => status === 'rejected')).toEqual(tasks.map(({ fails }) => fails));
  },
);

property(
  'whoever asks for a job gets a whole run that began after he asked, and no two run together',
  [fc.array(fc.nat(4), { minLength: 1, maxLength: 8 })],
  async (gaps) => {
    let begun = 0;
    let running = 0;
    const run = createSingle(async () => {
      begun += 1;
      expect(++running).toBe(1);
      for (let turn = 0; turn < 3; turn++) await Promise.resolve();
      running -= 1;
    });
    const asked: Promise<void>[] = [];
    for (const gap of gaps) {
      const before = begun;
      asked.push(run().then(() => expect(begun).toBeGreaterThan(before)));
      for (let turn = 0; turn < gap; turn++) await Promise.resolve();
    }
    await Promise.all(asked);
    expect(running).toBe(0);
    expect(begun).toBeLessThanOrEqual(gaps.length);
  },
);
