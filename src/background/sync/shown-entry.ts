import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Cache } from '../../storage/cache.ts';
import { afterMessage, chain } from '../messages/group-state.ts';
import { type OutboxEntry, previewOf, type StoredMessage, showPayload, withMessage } from '../messages/model.ts';
import { createReactions } from '../messages/reactions.ts';
import { takeOver } from './bindings.ts';
import { messageRecord } from './reader.ts';
import type { Rows } from './rows.ts';

/**
 * Puts what the outbox holds in front of the user. The outbox is written first, so a death between the two leaves this to do at the next start; what is
 * shown already is left as it is.
 */
export function showEntry({ row }: OutboxEntry, keystore: AccountKeys, cache: Cache, rows: Rows): Promise<void> {
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
