import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import { type StoredConversation, timeOf } from './model.ts';

/** What a person made of a conversation for themselves. No network knows it, so it is kept among the records. */
export interface Mark {
  readonly pinned?: true;
  readonly muted?: true;
  /** Put away at this time (ms): something newer brings it back, unless it is muted. */
  readonly archivedAt?: number;
  /** Consent proofs that are not to count here, by their names. */
  readonly undone?: readonly string[];
}

export interface Marks {
  /** Must have run before anything is looked up. */
  load(): Promise<void>;
  of(row: StoredConversation): Mark;
  /** Whether a person deleted a message here, by its id. It may come again with the next look at the network. */
  isHidden(message: string): boolean;
  hide(message: string): Promise<void>;
  /** Whether anything is pinned at all. */
  anyPinned(): boolean;
  change(row: StoredConversation, next: (mark: Mark) => Mark): Promise<void>;
}

const none: Mark = {};

export function createMarks(keystore: Pick<AccountKeys, 'sealRecord' | 'openRecord' | 'blind'>, records: Pick<Records, 'notes'>): Marks {
  const writing = createExclusive();
  let marks: ReadonlyMap<string, Mark> = new Map();
  let name = '';
  let hidden: ReadonlySet<string> = new Set();
  let hiddenName = '';
  let loading: Promise<void> | undefined;
  const load = (): Promise<void> => {
    loading ??= (async () => {
      name = await keystore.blind('notes', 'marks');
      hiddenName = await keystore.blind('notes', 'hidden');
      const [sealed, gone] = await Promise.all([records.notes.get(name), records.notes.get(hiddenName)]);
      if (gone) hidden = new Set((await keystore.openRecord('notes', hiddenName, gone)) as string[]);
      if (sealed) marks = new Map((await keystore.openRecord('notes', name, sealed)) as [string, Mark][]);
    })().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    load,
    of: (row) => marks.get(keyOf(row)) ?? none,
    isHidden: (message) => hidden.has(message),
    async hide(message) {
      await load();
      await writing(async () => {
        const next = new Set([...hidden, message]);
        await records.notes.put(hiddenName, await keystore.sealRecord('notes', hiddenName, [...next]));
        hidden = next;
      });
    },
    anyPinned: () => [...marks.values()].some(({ pinned }) => pinned),
    async change(row, next) {
      await load();
      await writing(async () => {
        const key = keyOf(row);
        const changed = new Map(marks);
        const mark = next(marks.get(key) ?? none);
        if (Object.keys(mark).length === 0) changed.delete(key);
        else changed.set(key, mark);
        await records.notes.put(name, await keystore.sealRecord('notes', name, [...changed]));
        marks = changed;
      });
    },
  };
}

/** The epochs of a group are one conversation to a person. */
const keyOf = ({ id, group, conversationId }: StoredConversation): string => (group && conversationId !== null ? conversationId : id);

export const isArchived = (row: StoredConversation, { archivedAt, muted }: Mark): boolean =>
  archivedAt !== undefined && (muted === true || timeOf(row) <= archivedAt);

/** The mark without some of its parts. */
export function without(mark: Mark, ...parts: readonly (keyof Mark)[]): Mark {
  return Object.fromEntries(Object.entries(mark).filter(([part]) => !parts.includes(part as keyof Mark))) as Mark;
}
