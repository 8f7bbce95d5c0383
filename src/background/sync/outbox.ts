import type { AccountKeys } from '../../keystore/account-keys.ts';
import { NodeError } from '../../network/errors.ts';
import type { Clock } from '../../protocol/time.ts';
import { isConversationTopic, ordinaryTopic, parseTopic } from '../../protocol/topic.ts';
import type { OutboxRow, Records } from '../../storage/records.ts';
import { createSingle } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import { noteStop } from '../log.ts';
import type { OutboxEntry } from '../messages/model.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import { createAgain } from './again.ts';

/** What waits to reach the node, oldest first in each conversation. The disk has it before the network sees it, and the bytes never change. */
export interface Outbox {
  /** Reads what waits; must have run before the rest is used. */
  load(): Promise<void>;
  /** Takes up what another session of the account wrote here after this one had begun. */
  takeUp(): Promise<void>;
  /** Resolves when the entry is on the disk. `request` names what asked for it: the same name never makes a second message. */
  add(entry: OutboxEntry, request?: string): Promise<void>;
  entries(): OutboxEntry[];
  /** null: not here, so it has been sent. */
  stateOf(id: string): 'queued' | 'sending' | 'failed' | null;
  /** Tries to send now. */
  run(): Promise<void>;
  /** Waits up to `ms` until an entry has left or failed. */
  settled(id: string, ms: number): Promise<void>;
  /** Lets a failed entry, and the invitation that it needs, be tried again. */
  retry(id: string): Promise<void>;
  /** Gives an entry up; false when it is on its way or has left. */
  discard(id: string): Promise<boolean>;
}

interface Deps {
  readonly keystore: AccountKeys;
  readonly records: Pick<Records, 'outbox'>;
  readonly node: Pick<NodeAccess, 'publish'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failpoint: Failpoint;
  /** Something of this conversation has another state now. */
  readonly changed: (conversation: string) => void;
}

interface Waiting {
  readonly order: number;
  readonly entry: OutboxEntry;
}

/** Conversations that are sent to side by side. */
const lanes = 4;
/** Envelopes, and bytes of them, that go by one request. */
const mostTogether = 20;
const mostBytesTogether = 256 * 1024;

export function createOutbox({ keystore, records, node, clock, signal, failpoint, changed }: Deps): Outbox {
  const waiting = new Map<string, Waiting>();
  const sending = new Set<string>();
  const watchers = new Map<string, Set<() => void>>();
  let loading: Promise<void> | undefined;
  let notBefore = 0;

  const tell = (entry: OutboxEntry): void => {
    changed(entry.conversation);
    if (waiting.has(entry.id) && entry.failure === null) return;
    for (const settle of watchers.get(entry.id) ?? []) settle();
  };

  const inOrder = (): Waiting[] => [...waiting.values()].sort((a, b) => a.order - b.order);

  const seal = (entry: OutboxEntry): Promise<Uint8Array> => keystore.sealRecord('outbox', entry.id, entry);

  const readAll = async (): Promise<void> => {
    const read = async (row: OutboxRow): Promise<void> => {
      const entry = (await keystore.openRecord('outbox', row.id, row.sealed)) as OutboxEntry;
      if (!waiting.has(row.id)) waiting.set(row.id, { order: row.order, entry });
    };
    await Promise.all((await records.outbox.all()).map(read));
  };

  const load = (): Promise<void> => {
    loading ??= readAll().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  const setFailure = async (id: string, failure: string | null): Promise<void> => {
    const each = waiting.get(id);
    if (!each || each.entry.failure === failure) return;
    const { order, entry } = each;
    const { conversation } = entry;
    const next = { ...entry, failure };
    if (!(await records.outbox.update({ order, id, conversation, sealed: await seal(next) }))) return;
    waiting.set(id, { order, entry: next });
    tell(next);
  };

  /** Sends one conversation's entries in their order. Answers what stopped it, when that concerns the other conversations too. */
  const sendLane = async (ids: readonly string[], stopped: () => boolean): Promise<NodeError | null> => {
    const left = [...ids];
    // A node that refused several may have taken one without the others.
    let alone = false;
    while (left.length > 0) {
      const [first] = left.flatMap((id) => waiting.get(id)?.entry ?? []); // the others were given up meanwhile
      if (!first || signal.aborted || stopped()) return null;
      left.splice(0, left.indexOf(first.id));
      const blocks = first.row.kind === 'invitation'; // nobody can read what follows an invitation that did not arrive
      if (first.failure !== null) {
        if (blocks) return null;
        left.shift();
        continue;
      }
      const entries = blocks && !alone ? together(left) : [first];
      for (const { id } of entries) sending.add(id);
      changed(first.conversation);
      try {
        await failpoint('outbox:sending');
        await node.publish(entries.flatMap(({ envelopes }) => envelopes));
        await failpoint('outbox:published');
        for (const { id } of entries) {
          await records.outbox.delete(id);
          await failpoint('outbox:deleted');
          waiting.delete(id);
        }
        left.splice(0, entries.length);
        again.reset();
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        // A node in trouble may be in trouble with this one only.
        if (error.reason !== 'refused') return error.reason === 'failed' ? null : error;
        if (entries.length > 1) {
          alone = true;
          continue;
        }
        for (const failed of blocks ? ids : [first.id]) await setFailure(failed, 'refused');
        if (blocks) return null;
        left.shift();
      } finally {
        for (const { id } of entries) sending.delete(id);
        for (const entry of entries) tell(entry);
      }
    }
    return null;
  };

  /** An invitation and what is said after it, as much as goes by one request. */
  const together = (ids: readonly string[]): OutboxEntry[] => {
    const entries: OutboxEntry[] = [];
    let [count, bytes] = [0, 0];
    for (const id of ids) {
      const entry = waiting.get(id)?.entry;
      if (!entry || entry.failure !== null) break;
      count += entry.envelopes.length;
      bytes += entry.envelopes.reduce((sum, { message }) => sum + message.length, 0);
      if (entries.length > 0 && (count > mostTogether || bytes > mostBytesTogether)) break;
      entries.push(entry);
    }
    return entries;
  };

  const run = createSingle(async () => {
    await load();
    if (signal.aborted || clock() < notBefore) return;
    const byConversation = new Map<string, string[]>();
    for (const { entry } of inOrder())
      byConversation.set(entry.conversation, [...(byConversation.get(entry.conversation) ?? []), entry.id]);
    const queue = [...byConversation.values()];
    let stop = null as NodeError | null;
    const worker = async (): Promise<void> => {
      for (let ids = queue.shift(); ids && stop === null; ids = queue.shift()) stop = (await sendLane(ids, () => stop !== null)) ?? stop;
    };
    await Promise.all(Array.from({ length: lanes }, worker));
    if (signal.aborted || !inOrder().some(({ entry }) => entry.failure === null)) return;
    const wait = again.later(stop?.retryAfterMs ?? null);
    notBefore = stop?.reason === 'limited' ? clock() + wait : 0;
  });
  const again = createAgain('sending', run, signal);

  return {
    load,
    async takeUp() {
      await load();
      await readAll();
    },
    async add(entry, request) {
      // A peer chose the topic of a conversation: what is said there must never come to lie among our keys, contacts or preferences.
      if (
        !entry.envelopes.every(
          ({ contentTopic }) => isConversationTopic(ordinaryTopic(contentTopic)) || parseTopic(contentTopic).kind === 'invite',
        )
      )
        throw new Error('the topic of the message is no conversation');
      await load();
      const sealed = await seal(entry);
      await failpoint('outbox:sealed');
      const { id, conversation } = entry;
      const order = await records.outbox.add({ id, conversation, sealed }, request === undefined ? undefined : { key: request, id });
      await failpoint('outbox:written');
      waiting.set(id, { order, entry });
      // It is written down, whatever becomes of the rest.
      for (const each of inOrder())
        if (each.entry.conversation === conversation && each.entry.row.kind === 'invitation')
          await setFailure(each.entry.id, null).catch((error: unknown) => noteStop('trying an invitation again', error));
    },
    entries: () => inOrder().map(({ entry }) => entry),
    stateOf(id) {
      const failure = waiting.get(id)?.entry.failure;
      if (failure === undefined) return null;
      if (failure !== null) return 'failed';
      return sending.has(id) ? 'sending' : 'queued';
    },
    run,
    settled: (id, ms) =>
      new Promise((resolve) => {
        const entry = waiting.get(id)?.entry;
        if (!entry || entry.failure !== null) return resolve();
        const settle = (): void => {
          clearTimeout(timer);
          watchers.get(id)?.delete(settle);
          if (watchers.get(id)?.size === 0) watchers.delete(id);
          signal.removeEventListener('abort', settle);
          resolve();
        };
        const timer = setTimeout(settle, ms);
        watchers.set(id, (watchers.get(id) ?? new Set()).add(settle));
        signal.addEventListener('abort', settle);
      }),
    async retry(id) {
      await load();
      const conversation = waiting.get(id)?.entry.conversation;
      for (const { entry } of inOrder())
        if (entry.conversation === conversation && (entry.id === id || entry.row.kind === 'invitation')) await setFailure(entry.id, null);
      notBefore = 0;
    },
    async discard(id) {
      await load();
      const entry = waiting.get(id)?.entry;
      if (!entry || sending.has(id)) return false;
      await records.outbox.delete(id);
      waiting.delete(id);
      tell(entry);
      return true;
    },
  };
}
