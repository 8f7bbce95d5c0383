import { type Check, checksOf, codeOf, expect, expectSame, type Outcome } from './kit.ts';

const waiting = checksOf('waiting');
const check = checksOf('limits');
const muted = checksOf('muted');
const waitOf = (outcome: Outcome): unknown =>
  'error' in outcome ? (outcome.error as { data?: { retryAfterMs?: unknown } }).data?.retryAfterMs : undefined;

export const limitChecks: readonly Check[] = [
  waiting(
    'fourth',
    'A fourth question of one origin beside three that wait: -32005, and the three are undisturbed.',
    async ({ call, callNow, hooks, people, patienceMs }) => {
      const ask = (n: number) =>
        call('xmtp_requestPermissions', { permissions: [{ kind: 'send', peers: [people.absent], expiresIn: 60 + n }] });
      const settled: number[] = [];
      for (const n of [1, 2, 3]) void ask(n).then(() => settled.push(n));
      await new Promise((resolve) => setTimeout(resolve, Math.min(1_500, patienceMs)));
      expect((await hooks.prompts()) === 1, `${await hooks.prompts()} windows are open`);
      const fourth = await callNow({ method: 'xmtp_requestPermissions', params: { permissions: [{ kind: 'read', peers: '*' }] } });
      expect(codeOf(fourth) === -32005, `answered ${String(codeOf(fourth))}`);
      expectSame(settled, [], 'what has been answered');
    },
  ),
  check(
    'closed',
    'The user closes the prompt: 4001; and however it is worded, this document does not get to ask again: 4100.',
    async (kit) => {
      const { call, hooks, refuses, people } = kit;
      const outcome = call('xmtp_newConversation', { peer: people.peer });
      await hooks.answer('close');
      expect(codeOf(await outcome) === 4001, `answered ${String(codeOf(await outcome))}`);
      await refuses(4100, 'xmtp_newConversation', { peer: people.peer });
      await refuses(4100, 'xmtp_sendMessage', { peer: people.peer, content: 'x' });
    },
  ),
  check('third', 'A third refusal within ten minutes: 4001, as the two before.', async ({ call, hooks }) => {
    const outcome = call('xmtp_requestPermissions', { permissions: [{ kind: 'read', peers: '*' }] });
    await hooks.answer('refuse');
    expect(codeOf(await outcome) === 4001, `answered ${String(codeOf(await outcome))}`);
  }),
  check('rate', 'More than 10 calls at once: some -32005, with the wait in data.retryAfterMs.', async ({ callNow, patienceMs }) => {
    await new Promise((resolve) => setTimeout(resolve, Math.min(1_100, patienceMs))); // those before do not count any more
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => callNow({ method: 'xmtp_accounts' })));
    const refused = outcomes.filter((outcome) => codeOf(outcome) === -32005);
    expect(refused.length > 0, 'all were answered');
    expect(refused.length <= 20, `only ${30 - refused.length} were answered`);
    for (const outcome of refused)
      expect(typeof waitOf(outcome) === 'number' && (waitOf(outcome) as number) > 0, 'one without retryAfterMs');
    for (const outcome of outcomes.filter((each) => !refused.includes(each))) expect('result' in outcome, 'one answered something else');
  }),
  muted('origin', 'After three refusals the origin is muted, whatever the document: 4100, asking nobody.', ({ refuses }) =>
    refuses(4100, 'xmtp_requestAccounts'),
  ),
];
