import { createExclusive } from '../../../src/background/exclusive.ts';
import type { OutboxEntry } from '../../../src/background/messages/model.ts';
import { createOutbox, type Outbox } from '../../../src/background/sync/outbox.ts';
import type { AccountKeys } from '../../../src/keystore/account-keys.ts';
import { NodeError, type NodeReason } from '../../../src/network/errors.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import type { OutboxRow, Records } from '../../../src/storage/records.ts';
import { generator } from '../../support/random.ts';

const conversations = ['one', 'two', 'three'] as const;
/** What a node does with what it is given; of some it answers nothing, though it has taken it. */
type Temper = 'takes' | 'takes and is gone' | NodeReason;
const tempers: readonly Temper[] = ['takes', 'takes', 'takes', 'takes and is gone', 'unreachable', 'failed', 'limited', 'refused'];
const invite = '/xmtp/0/invite-0x9858EfFD232B4033E47d90003D41EC34EcaEda94/proto';

/**
 * Plays a random sequence of sends, repeated requests, retries, discards and deaths of the background at any await, against a node of changing temper. In the
 * end the node is well and the background stays alive: then everything that was written and not discarded is there once, in its order, and nothing else. Answers what
 * differed, or null.
 */
export async function playOutbox(seed: number, steps = 24): Promise<string | null> {
  const random = generator(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const faults: string[] = [];

  // What outlives the background: its disk, and the node.
  const rows = new Map<number, OutboxRow>();
  const sent = new Map<string, string>();
  const arrived: string[] = [];
  const written = new Map<string, { readonly order: number; readonly conversation: string; readonly request: string }>();
  const discarded = new Set<string>();
  /** To be given up: a death may have come before anybody was told that it was. */
  const doomed = new Set<string>();
  const refused = new Set<string>();
  let orders = 0;
  let names = 0;
  let now = 1_000_000;
  let temper: Temper = 'takes';
  let honest = false;

  const begin = (deadly: boolean) => {
    const control = new AbortController();
    let left = deadly ? 1 + below(40) : Number.POSITIVE_INFINITY;
    let end: () => void = () => undefined;
    const died = new Promise<void>((resolve) => {
      end = resolve;
    });
    const forever = new Promise<never>(() => undefined);
    /** Between any two awaits the background may end; nothing of it goes on then. */
    const live = async (): Promise<void> => {
      await Promise.resolve();
      if (left <= 0) return forever;
      left -= 1;
      if (left > 0) return;
      control.abort();
      end();
      return forever;
    };
    const disk = async <T>(work: () => T): Promise<T> => {
      await live();
      const result = work();
      await live();
      return result;
    };
    const placeOf = (id: string): number | undefined => [...rows.values()].find((row) => row.id === id)?.order;
    const records: Pick<Records, 'outbox'> = {
      outbox: {
        add: (entry, request) =>
          disk(() => {
            if (placeOf(entry.id) !== undefined) throw new Error('twice');
            orders += 1;
            rows.set(orders, { ...entry, order: orders });
            if (request) sent.set(request.key, request.id);
            written.set(entry.id, { order: orders, conversation: entry.conversation, request: request?.key ?? '' });
            return orders;
          }),
        update: (row) => disk(() => rows.has(row.order) && rows.set(row.order, row) === rows),
        get: (id) => disk(() => rows.get(placeOf(id) ?? -1)),
        all: () => disk(() => [...rows.values()].sort((a, b) => a.order - b.order)),
        byConversation: (conversation) => disk(() => [...rows.values()].filter((row) => row.conversation === conversation)),
        delete: (id) => disk(() => void rows.delete(placeOf(id) ?? -1)),
      },
    };
    const keystore = {
      sealRecord: async (_: string, __: string, value: unknown) => value as Uint8Array,
      openRecord: async (_: string, __: string, sealed: Uint8Array) => sealed as unknown,
    } as Pick<AccountKeys, 'sealRecord' | 'openRecord'> as AccountKeys;
    const publish = async (envelopes: readonly Envelope[]): Promise<void> => {
      const ids = envelopes.map(({ message }) => Buffer.from(message).toString());
      // Also in the middle of a run.
      const mood = honest || random() < 0.8 ? temper : pick(tempers);
      await live();
      for (const id of ids) if (discarded.has(id)) faults.push(`${id} was sent after it was given up`);
      const [id = ''] = ids;
      // With its invitation all of a conversation waits for somebody to try again, message by message. Of several nobody knows which was refused: each is tried alone.
      if (mood === 'refused' && ids.length === 1) {
        refused.add(id);
        const { order, conversation } = written.get(id) as NonNullable<ReturnType<typeof written.get>>;
        if (isFirst(id))
          for (const [other, each] of written) if (each.conversation === conversation && each.order > order) refused.add(other);
      }
      // The same bytes once more are the same message.
      if (mood === 'takes' || mood === 'takes and is gone') for (const each of ids) if (!arrived.includes(each)) arrived.push(each);
      await live();
      if (mood === 'takes') return;
      throw new NodeError(mood === 'takes and is gone' ? 'unreachable' : mood, 'as it pleases', {
        retryAfterMs: mood === 'limited' ? 5_000 : null,
      });
    };
    const outbox = createOutbox({
      keystore,
      records,
      node: { publish },
      clock: () => now,
      signal: control.signal,
      failpoint: live,
      changed: () => undefined,
    });
    return { outbox, died, sending: createExclusive(), stop: () => control.abort() };
  };

  const isFirst = (id: string): boolean =>
    [...written].find(([, { conversation }]) => conversation === written.get(id)?.conversation)?.[0] === id;

  /** Asks for a message as a page does: the same request gives the same message. */
  const send = async (outbox: Outbox, conversation: string, request: string): Promise<void> => {
    if (sent.has(request)) return;
    names += 1;
    const id = `${conversation}-${names}`;
    const invitation = ![...written.values()].some((each) => each.conversation === conversation);
    const contentTopic = invitation ? invite : `/xmtp/0/m-${conversation}/proto`;
    const entry = {
      id,
      conversation,
      envelopes: [{ contentTopic, timestampNs: BigInt(names), message: Buffer.from(id) }],
      failure: null,
      row: { kind: invitation ? 'invitation' : 'message' },
    } as unknown as OutboxEntry;
    await outbox.add(entry, request);
  };

  let life = begin(true);
  let requests = 0;
  const again = async (): Promise<void> => {
    life.stop();
    life = begin(true);
  };
  for (let step = 0; step < steps; step++) {
    now += below(4_000);
    if (random() < 0.3) temper = pick(tempers);
    const { outbox, died, sending } = life;
    const waiting = (): string[] => outbox.entries().map(({ id }) => id);
    const deed = async (): Promise<void> => {
      const which = random();
      // One after the other, as messages are sealed.
      if (which < 0.5) {
        const request = `request ${which < 0.4 ? ++requests : 1 + below(requests + 1)}`;
        return sending(() => send(outbox, pick(conversations), request));
      }
      if (which < 0.75) return outbox.run();
      await outbox.load();
      const id = pick(waiting());
      if (id === undefined) return;
      if (which < 0.88) return outbox.retry(id);
      // An invitation is not given up by itself: what follows it would be for nobody.
      const isInvitation = outbox.entries().find((entry) => entry.id === id)?.row.kind === 'invitation';
      if (isInvitation) return;
      doomed.add(id);
      if (await outbox.discard(id)) discarded.add(id);
      else doomed.delete(id);
    };
    const done = Promise.all(Array.from({ length: 1 + below(3) }, deed));
    const dead = await Promise.race([died.then(() => true), done.then(() => false)]);
    if (dead || random() < 0.1) await again();
  }

  life.stop();
  life = begin(false);
  temper = 'takes';
  honest = true;
  await life.outbox.load();
  for (let tries = 0; rows.size > 0 && tries < 20; tries++) {
    now += 60_000;
    for (const { id } of life.outbox.entries()) await life.outbox.retry(id);
    await life.outbox.run();
  }
  life.stop();

  if (rows.size > 0) faults.push(`${rows.size} never left`);
  for (const [id] of written) if (!doomed.has(id) && !arrived.includes(id)) faults.push(`${id} is lost`);
  for (const id of arrived) if (!written.has(id)) faults.push(`${id} was never written`);
  const byRequest = [...written.values()].map(({ request }) => request);
  if (new Set(byRequest).size < byRequest.length) faults.push('a request became two messages');
  for (const conversation of conversations) {
    const orderOf = (id: string): number => written.get(id)?.order ?? 0;
    const all = arrived.filter((id) => written.get(id)?.conversation === conversation);
    const plain = all.filter((id) => !refused.has(id)).map(orderOf);
    if (plain.some((order, index) => index > 0 && order < (plain[index - 1] as number)))
      faults.push(`${conversation} came in another order`);
    const first = [...written].find(([, each]) => each.conversation === conversation)?.[0];
    if (first !== undefined && all.length > 0 && all[0] !== first)
      faults.push(`${conversation} was written in before its invitation was there`);
  }
  return faults.length === 0 ? null : `seed ${seed}: ${faults.join('; ')}`;
}
