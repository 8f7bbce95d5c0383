import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { checks, type Row, runStage, stages } from '../../src/sdk/conformance.ts';
import { tablePath } from '../conformance/table.ts';
import { createModel, type Faults } from './conformance-model.ts';

async function run(faults: Faults = {}): Promise<Row[]> {
  const { target, reload } = createModel(faults);
  const rows: Row[] = [];
  for (const stage of stages) {
    rows.push(...(await runStage(stage, target)));
    reload();
  }
  return rows;
}

const failed = (rows: readonly Row[]): string[] => rows.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);
const isCall = (args: unknown, ...methods: string[]): boolean => methods.includes((args as { method?: string } | null)?.method ?? '');

/** Changes what calls of these methods answer. */
const answering =
  (change: (result: never, params: never) => unknown, ...methods: string[]): NonNullable<Faults['request']> =>
  (next) =>
  async (args) => {
    const result = await next(args);
    return methods.length === 0 || isCall(args, ...methods)
      ? change(result as never, (args as { params?: never }).params as never)
      : result;
  };

/** Changes what calls reject with. */
const rejecting =
  (change: (error: Error & { code: number; data?: object }) => unknown): NonNullable<Faults['request']> =>
  (next) =>
  (args) =>
    next(args).catch((error: Error & { code: number }) => {
      throw change(error);
    });

/** Changes what is asked. */
const asking =
  (change: (params: never) => unknown, ...methods: string[]): NonNullable<Faults['request']> =>
  (next) =>
  (args) =>
    next(isCall(args, ...methods) ? { ...(args as object), params: change((args as { params: never }).params) } : args);

const coded = (code: number): Error => Object.assign(new Error('params: wrong'), { code });

type Message = { readonly sentAt: number; readonly content: unknown };
type Page = { readonly messages: readonly Message[] };

/** Providers that are wrong through and through. */
const crude: Readonly<Record<string, Faults>> = {
  'answers null': { request: answering(() => null) },
  'never rejects': { request: (next) => (args) => next(args).catch(() => null) },
  'has one code for all': { request: rejecting(() => coded(-32603)) },
  'rejects with texts': { request: rejecting(({ message }) => message) },
  'names no path': { request: rejecting((error) => Object.assign(new Error('bad'), { code: error.code, data: error.data })) },
  'tells nothing': { emit: () => () => undefined },
  'tells everything twice': {
    emit: (tell) => (event, payload) => {
      tell(event, payload);
      tell(event, payload);
    },
  },
};

/** Providers that are wrong in one thing, and the checks that have to see it. */
const subtle: readonly (readonly [name: string, faults: Faults, seenBy: readonly string[]])[] = [
  ['is not frozen', { provider: (provider) => provider }, ['arguments.frozen']],
  ['has a member more', { provider: (provider) => Object.freeze({ ...provider, topic: '' }) }, ['arguments.members']],
  ['can be replaced', { property: { writable: true } }, ['arguments.frozen']],
  ['does not chain', { provider: (provider) => Object.freeze({ ...provider, on: () => undefined }) }, ['arguments.chain']],
  [
    'has a uuid for each answer',
    { announce: (tell, info) => tell(Object.freeze({ ...info, uuid: crypto.randomUUID() })) },
    ['arguments.discovery'],
  ],
  ['does not announce itself', { announce: () => undefined }, ['arguments.discovery']],
  ['gives no wait', { request: rejecting(({ code, message }) => Object.assign(new Error(message), { code })) }, ['limits.rate']],
  [
    'forgets clientIds',
    { request: asking(({ clientId: _, ...params }: { clientId?: string }) => params, 'xmtp_sendMessage') },
    ['writing.client-id'],
  ],
  [
    'ignores the order',
    { request: asking(({ order: _, ...params }: { order?: string }) => params, 'xmtp_listMessages') },
    ['reading.pages'],
  ],
  [
    'includes the time it should not',
    {
      request: asking(
        (params: { after?: number }) => ({ ...params, ...(params.after && { after: params.after - 1 }) }),
        'xmtp_listMessages',
      ),
    },
    ['reading.times'],
  ],
  [
    'loses the last of a page',
    { request: answering((page: Page) => ({ ...page, messages: page.messages.slice(0, 3) }), 'xmtp_listMessages') },
    ['reading.pages'],
  ],
  [
    'lets topics through',
    { request: answering((row: object) => ({ ...row, topic: '/xmtp/0/m-x/proto' }), 'xmtp_newConversation') },
    ['writing.same', 'writing.thread'],
  ],
  [
    'tells times in seconds',
    { request: answering((message: Message) => ({ ...message, sentAt: Math.round(message.sentAt / 1000) }), 'xmtp_sendMessage') },
    ['writing.first'],
  ],
  [
    'answers addresses in lower case',
    { request: answering((accounts: string[]) => accounts.map((each) => each.toLowerCase()), 'xmtp_requestAccounts', 'xmtp_accounts') },
    ['connecting.yes', 'connecting.connected'],
  ],
  [
    'takes what it does not know',
    { request: asking(({ surplus: _, ...params }: { surplus?: unknown }) => params, 'xmtp_canMessage') },
    ['arguments.surplus.xmtp_canMessage'],
  ],
  ['asks where it need not', { hooks: () => ({ prompts: async () => 1 }) }, ['refused.accounts', 'refused.permissions', 'connecting.held']],
];

test('a provider that does what the contract says passes every check', async () => {
  const rows = await run();
  expect(rows.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(rows.map(({ id }) => id).sort()).toEqual(checks.map(({ id }) => id).sort());
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
});

describe('of the providers that are wrong', () => {
  let found: readonly string[][];
  // Most of it is waiting: all at once.
  beforeAll(async () => {
    found = await Promise.all(
      [...subtle.map(([, faults]) => faults), ...Object.values(crude)].map(async (faults) => failed(await run(faults))),
    );
  }, 60_000);

  test.each(subtle.map(([name, , seenBy], index) => ({ name, seenBy, index })))(
    'one that $name is seen by $seenBy',
    ({ seenBy, index }) => {
      expect(found[index]).toEqual(expect.arrayContaining([...seenBy]));
    },
  );

  test('every check sees one at least', () => {
    const caught = new Set(found.flat());
    expect(checks.map(({ id }) => id).filter((id) => !caught.has(id))).toEqual([]);
  });
});

test('checks that want a hook which is not there are skipped, and say so', async () => {
  const rows = await run({ hooks: () => ({ peerSays: undefined as never, lock: undefined as never }) });
  const skipped = rows.filter(({ outcome }) => outcome === 'skipped');
  expect(skipped.map(({ id }) => id)).toEqual(['connecting.locked', 'reading.theirs']);
  expect(skipped[0]?.why).toContain('lock');
  expect(failed(rows)).toEqual([]);
});

test('the table in the docs has every check, in its words, with an outcome for each browser', () => {
  const rows = readFileSync(tablePath, 'utf8')
    .split('\n')
    .filter((line) => /^\| \w+\./.test(line))
    .map((line) => line.slice(2, -2).split(' | '));
  expect(rows.map(([id, says]) => [id, says])).toEqual(checks.map(({ id, says }) => [id, says]));
  for (const [id, , ...outcomes] of rows)
    expect([id, outcomes.length, outcomes.every((each) => /^[✓✗–]$/.test(each))]).toEqual([id, 2, true]);
});
