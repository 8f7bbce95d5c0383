import { fromHex } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { isConversationTopic } from '../protocol/topic.ts';
import type { BackedConversation, BackedData, BackedMessage } from './backup-contents.ts';
import { conversationOf } from './bindings.ts';
import { groupOf } from './group-state.ts';
import { type StoredConversation, type StoredMessage, showPayload, withMessage } from './model.ts';
import { messageRecord } from './reader.ts';
import type { Session } from './session.ts';

/** The conversations of an account as a backup file has them; their keys go beside them, in the same order. */
export async function gatherMessages(session: Session): Promise<{
  readonly rows: readonly StoredConversation[];
  readonly conversations: BackedConversation[];
  readonly messages: BackedMessage[];
}> {
  const { cache, keys, rows: all } = session;
  await session.ready();
  const rows = [...all.all()].filter(({ rival }) => !rival);
  const messages: BackedMessage[] = [];
  for (const { id } of rows) {
    let before: { readonly time: number; readonly id: string } | undefined;
    for (;;) {
      const page = await cache.messages.page(id, { ...(before && { before }), limit: 200 });
      for (const record of page) {
        const { mine: _, ...kept } = (await keys.openRecord('messages', record.id, record.sealed)) as StoredMessage;
        // What has not left yet belongs to the outbox, which is not in the file.
        if (session.outbox.stateOf(kept.id) === null) messages.push(kept);
      }
      before = page.at(-1);
      if (page.length < 200) break;
    }
  }
  return { rows, conversations: rows.map(packConversation), messages };
}

const packConversation = (row: StoredConversation): BackedConversation => {
  const { id, topic, peer, peerIdentityKey, derived, createdAt, conversationId, metadata, group, readUpTo, lastOwnNs } = row;
  const { otherKeys = false, retired = false } = row;
  const kept = { id, topic, peer, peerIdentityKey, derived, createdAt, conversationId, metadata, otherKeys, retired, readUpTo, lastOwnNs };
  return { ...kept, ...(group && { group: { ...group, left: [...group.left] } }) };
};

/** Adds conversations and messages that are not here yet; answers how many messages. @throws KeystoreError backup-foreign */
export async function restoreMessages(session: Session, index: number, data: BackedData): Promise<number> {
  const { address, cache, keys, rows } = session;
  await session.ready();
  const good = data.conversations.map((conversation) => ({ conversation, identityKey: identityOf(conversation, session) }));
  const sealed = await keys.keysOfBackup(
    index,
    good.map(({ conversation, identityKey }) => ({
      topic: conversation.topic,
      identityKey: identityKey ?? fromHex(conversation.peerIdentityKey),
    })),
  );
  const ids = new Map<string, string>();
  for (const { conversation, identityKey } of good) if (identityKey) ids.set(conversation.id, await rows.idOf(conversation.topic));

  const byConversation = new Map<string, BackedMessage[]>();
  for (const message of data.messages) {
    const list = byConversation.get(message.conversation) ?? [];
    byConversation.set(message.conversation, list);
    list.push(message);
  }

  let added = 0;
  for (const [position, { conversation }] of good.entries()) {
    const id = ids.get(conversation.id);
    if (id === undefined) continue;
    await rows.exclusive(async () => {
      const { id: former, group, readUpTo, lastOwnNs, ...binding } = conversation;
      const next = group?.next === undefined ? undefined : ids.get(group.next);
      const { next: _, ...rest } = group ?? {};
      const fresh: StoredConversation = {
        ...conversationOf(
          {
            ...binding,
            ...(sealed[position] as (typeof sealed)[number]),
            id,
            ...(group && { group: { ...(rest as typeof group), ...(next !== undefined && { next }) } }),
          },
          readUpTo,
        ),
        lastOwnNs,
      };
      const here = rows.byTopic(conversation.topic) ?? rows.get(id);
      // Another key for this topic than the one that is here: what was said under it cannot be told apart from what was not.
      if (here && here.binding !== fresh.binding) return;
      let row = here ?? fresh;
      const messages: StoredMessage[] = [];
      for (const message of byConversation.get(former) ?? []) {
        if (await cache.messages.get(message.id)) continue;
        const stored = { ...message, conversation: row.id, mine: message.sender === address };
        const shown = await showPayload(message.payload).catch(unlessRefused);
        if (!shown) continue;
        messages.push(stored);
        row = withMessage(row, stored, shown.shown);
      }
      // Read elsewhere already, or long ago: nothing of it is news.
      row = { ...row, unread: here?.unread ?? 0 };
      for (let from = 0; from < messages.length || from === 0; from += 500) {
        const slice = messages.slice(from, from + 500);
        const records = await Promise.all(
          slice.map(async (stored) => messageRecord(keys, stored, await keys.blind('messages', `restored ${stored.id}`))),
        );
        await cache.apply({ done: [], quarantined: [], conversations: [await rows.seal(row)], messages: records });
      }
      rows.wrote(row);
      added += messages.length;
    });
  }
  return added;
}

/** Whose identity the conversation is bound to; null for one that is no conversation of ours, which is passed over. */
function identityOf({ topic, peer, peerIdentityKey, group }: BackedConversation, { address, keys }: Session): Uint8Array | null {
  if (!isConversationTopic(topic) || peer === address) return null;
  try {
    if (group && groupOf({ ...group }).creator === address) return keys.publicBundle().identityKey;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
  return fromHex(peerIdentityKey);
}

const unlessRefused = (error: unknown): undefined => {
  if (!(error instanceof ProtocolError)) throw error;
};
