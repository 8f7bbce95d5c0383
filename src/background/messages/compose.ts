import { toHex } from '../../protocol/bytes.ts';
import { type Content, encodeContent } from '../../protocol/content.ts';
import { maxMessageLength } from '../../protocol/envelope.ts';
import { nsToMs } from '../../protocol/time.ts';
import { badParams } from '../refuse.ts';
import type { Writer } from '../services.ts';
import type { Session } from '../session.ts';
import { membersOf } from './group-state.ts';
import type { MessageEntry, StoredConversation, StoredMessage } from './model.ts';

/** Signs and seals a content for a conversation, as it goes into the outbox. @throws RefusalError bad-params when it is too long */
export async function compose(
  session: Session,
  { id: conversation, key, topic, peer, group }: StoredConversation,
  { content, shouldPush }: { readonly content: Content; readonly shouldPush: boolean },
  by: Writer = 'person',
  /** Names what has asked for it (`requestName`). */
  request?: string,
): Promise<MessageEntry> {
  const createdNs = session.nextTimeNs(conversation);
  const payload = encodeContent(content);
  const { message, id } = await session.keys.sealMessage({ key, topic, payload, createdNs, shouldPush });
  if (message.length > maxMessageLength) throw badParams('refusals.messageTooLong');
  // Opened again as the others will: what cannot be read must not leave, and the name for repetitions comes with it.
  const members = membersOf({ ...(group && { group }) });
  const opened = await session.keys.openMessage({ key, topic, envelopeTopic: topic, peer, message, ...(members && { members }) });
  const stored: StoredMessage = {
    id,
    conversation,
    sender: session.address,
    mine: true,
    ...(by === 'site' && { bySite: true as const }),
    sentAt: nsToMs(createdNs),
    payload,
    ...(request !== undefined && { request }),
  };
  const dedup = await session.keys.blind('messages', toHex(opened.dedupKey));
  return {
    id,
    conversation,
    envelopes: [{ contentTopic: topic, timestampNs: createdNs, message }],
    failure: null,
    row: { kind: 'message', message: stored, dedup, createdNs },
  };
}
