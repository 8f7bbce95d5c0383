import { fromHex } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { isConversationTopic } from '../../protocol/topic.ts';
import { groupOf } from '../messages/group-state.ts';
import { type StoredConversation, type StoredMessage, showPayload, withMessage } from '../messages/model.ts';
import type { Session } from '../session.ts';
import { conversationOf } from '../sync/bindings.ts';
import { messageRecord } from '../sync/reader.ts';
import type { BackedConversation, BackedMessage } from './backup-contents.ts';

/** The conversations of an account as a backup file has them; their keys go beside them, in the same order. */
export async function gatherMessages(session: Session): Promise<{
  readonly rows: readonly StoredConversation[];
  readonly conversations: BackedConversation[];
  readonly messages: BackedMessage[];
}> {
  await session.ready();
  const rows = [...session.rows.all()].filter(({ rival }) => !rival);
  const messages: BackedMessage[] = [];
  for (const { id } of rows)
    for await (const page of messagesOf(session, id)) for (const { mine: _, request: __, ...kept } of page) messages.push(kept);
  return { rows, conversations: rows.map(packConversation), messages };
}

/** What was said in a conversation, the newest first. What has not left yet belongs to the outbox, and is in no file. */
export async function* messagesOf(
  { cache, keys, outbox }: Session,
  conversation: string,
): AsyncGenerator<StoredMessage[], void, undefined> {
  let before: { readonly time: number; readonly id: string } | undefined;
  for (;;) {
    const page = await cache.messages.page(conversation, { ...(before && { before }), limit: 200 });
    const opened = page.map(async ({ id, sealed }) => (await keys.openRecord('messages', id, sealed)) as StoredMessage);
    yield (await Promise.all(opened)).filter(({ id }) => outbox.stateOf(id) === null);
    before = page.at(-1);
    if (page.length < 200) return;
  }
}

export const packConversation = (row: StoredConversation): BackedConversation => {
  const { id, topic, peer, peerIdentityKey, derived, createdAt, conversationId, metadata, group, readUpTo, lastOwnNs } = row;
  const { otherKeys = false, retired = false } = row;
  const kept = { id, topic, peer, peerIdentityKey, derived, createdAt, conversationId, metadata, otherKeys, retired, readUpTo, lastOwnNs };
  return { ...kept, ...(group && { group: { ...group, left: [...group.left] } }) };
};

/** Seals the keys of conversations for this browser, in their order. */
type Sealing = (
  conversations: readonly { readonly topic: string; readonly identityKey: Uint8Array }[],
) => Promise<readonly Pick<StoredConversation, 'key' | 'binding'>[]>;

/** Adds conversations and messages that are not here yet; answers how many messages. @throws KeystoreError backup-foreign */
export async function restoreMessages(
  session: Session,
  data: { readonly conversations: readonly BackedConversation[]; readonly messages: readonly BackedMessage[] },
  sealing: Sealing,
): Promise<number> {
  const { address, cache, keys, rows } = session;
  await session.ready();
  const good = data.conversations.map((conversation) => ({ conversation, identityKey: identityOf(conversation, session) }));
  const sealed = await sealing(
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
        if (shown.shown.form === 'reaction') await session.reactions.note(stored, shown.shown);
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
