import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Cache } from '../../storage/cache.ts';
import { noteStop } from '../log.ts';
import { afterMessage, chain } from '../messages/group-state.ts';
import { type OutboxEntry, previewOf, type StoredMessage, showPayload, withMessage } from '../messages/model.ts';
import { createReactions } from '../messages/reactions.ts';
import { takeOver } from './bindings.ts';
import type { Outbox } from './outbox.ts';
import { messageRecord } from './reader.ts';
import type { Rows } from './rows.ts';

/** What the outbox holds, in front of the user. The outbox is written first, so a death between the two leaves this to do at the next start. */
export interface Showing {
  /** Shows all that waits; what the disk does not take is sent all the same. */
  all(): Promise<void>;
  /** Tries again to show what could not be shown. */
  left(): Promise<void>;
  /** Shows what was just written down. @throws StorageError where a conversation cannot be shown: it is given up */
  one(entry: OutboxEntry): Promise<void>;
}

interface Deps {
  readonly outbox: Pick<Outbox, 'entries' | 'discard'>;
  readonly keystore: AccountKeys;
  readonly cache: Cache;
  readonly rows: Rows;
  readonly signal: AbortSignal;
}

export function createShowing({ outbox, keystore, cache, rows, signal }: Deps): Showing {
  let some = false;
  const failed = (error: unknown): void => {
    some = true;
    if (!signal.aborted) noteStop('showing what is to be sent', error);
  };
  const all = async (): Promise<void> => {
    some = false;
    for (const entry of outbox.entries()) await showEntry(entry, keystore, cache, rows).catch(failed);
  };
  return {
    all,
    left: () => (some ? all() : Promise.resolve()),
    one: (entry) =>
      showEntry(entry, keystore, cache, rows).catch(async (error: unknown) => {
        failed(error);
        // A message goes its way: who heard that it was not written would write it again. A conversation that nobody sees helps nobody.
        if (entry.row.kind === 'message') return;
        await outbox.discard(entry.id);
        throw error;
      }),
  };
}

/** What is shown already is left as it is. */
function showEntry({ row }: OutboxEntry, keystore: AccountKeys, cache: Cache, rows: Rows): Promise<void> {
  return rows.exclusive(async () => {
    if (row.kind === 'invitation') {
      const { conversation } = row;
      if (conversation.group) {
        if (rows.get(conversation.id)) return;
        for (const each of chain(conversation, rows.all())) {
          await cache.conversations.put(await rows.seal(each));
          rows.wrote(each);
        }
        return;
      }
      const bound = rows.byTopic(conversation.topic);
      if (bound?.derived) return;
      for (const each of bound ? takeOver(bound, conversation) : [conversation]) {
        await cache.conversations.put(await rows.seal(each));
        rows.wrote(each);
      }
      return;
    }
    const { message, dedup, createdNs } = row;
    const conversation = rows.get(message.conversation);
    if (!conversation || (await cache.messages.knownDedup([dedup])).has(dedup)) return;
    const { shown } = await showPayload(message.payload);
    if (shown.form === 'reaction') await createReactions(keystore, cache).note(message, shown);
    const about = shown.form === 'reaction' ? await wordsOf(shown.reference, keystore, cache) : null;
    const changed = await afterMessage(conversation, message.sender, message.payload);
    const next = { ...withMessage(changed, message, shown, about), lastOwnNs: createdNs };
    await cache.messages.put(await messageRecord(keystore, message, dedup), await rows.seal(next));
    rows.wrote(next);
  });
}

/** A message in a line, if it is here. */
async function wordsOf(id: string, keystore: AccountKeys, cache: Cache): Promise<string | null> {
  const kept = await cache.messages.get(id);
  return kept ? (await previewOf((await keystore.openRecord('messages', kept.id, kept.sealed)) as StoredMessage)).text : null;
}
