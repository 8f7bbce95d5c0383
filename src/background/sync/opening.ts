import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { OpenedMessage } from '../../protocol/message.ts';
import { membersOf } from '../messages/group-state.ts';
import type { Rival, StoredConversation } from '../messages/model.ts';
import type { Received, Slice } from './slice.ts';

/** What came of opening a message together with others, and by which conversation. */
interface Ahead {
  readonly conversation: StoredConversation;
  readonly result: PromiseSettledResult<OpenedMessage>;
}

/** A message that opened, and the conversation that opened it. */
interface Opened {
  readonly opened: OpenedMessage;
  readonly conversation: StoredConversation | Rival;
}

/** Opens a message as of now. @throws ProtocolError */
export type Opening = () => Promise<Opened>;

/** Opens messages that stand together; answers for each what opens it as of then, by the conversation that its topic shows, else by a rival. */
export function createOpening(address: Address, keystore: Pick<AccountKeys, 'openMessage' | 'openMessages' | 'wasMine'>) {
  /** Opens messages together by the conversations that their topics show, which costs a fraction of one by one. */
  const openAhead = async (messages: readonly Received[], slice: Slice): Promise<(Ahead | null)[]> => {
    const shown = messages.map(({ contentTopic }) => slice.shownAt(contentTopic) ?? null);
    const placed = messages.flatMap((received, i) => (shown[i] ? [toOpen(received, shown[i])] : []));
    const opened = (await keystore.openMessages(placed)).values();
    return shown.map(
      (conversation) => conversation && { conversation, result: opened.next().value as PromiseSettledResult<OpenedMessage> },
    );
  };

  const toOpen = ({ contentTopic, message }: Received, conversation: StoredConversation | Rival) => {
    const { key, topic, peer } = conversation;
    const members = membersOf(conversation);
    return { key, topic, envelopeTopic: contentTopic, peer, message, ...(members && { members }) };
  };

  /** Opens a message by the conversation that its topic shows, else by a rival. */
  const openByOneOf = async (shown: StoredConversation, received: Received, ahead: Ahead | null): Promise<Opened> => {
    const open = async (conversation: StoredConversation | Rival): Promise<Opened> => {
      const opened = await openBy(conversation, received, ahead);
      if (membersOf(conversation)) return { opened, conversation };
      // A wallet can sign for any number of identities; a conversation is between two of them.
      const { sender, senderIdentityKey } = opened;
      const known = sender === address ? keystore.wasMine(senderIdentityKey) : toHex(senderIdentityKey) === conversation.peerIdentityKey;
      if (!known) throw new ProtocolError('wrong-sender', 'the message is signed by another identity of its sender');
      return { opened, conversation };
    };
    try {
      return await open(shown);
    } catch (error) {
      for (const rival of error instanceof ProtocolError ? (shown.rivals ?? []) : []) {
        const outcome = await open(rival).catch(unlessRefused);
        if (outcome) return outcome;
      }
      throw error;
    }
  };

  /** What was found ahead counts as long as the conversation is the same: a message before this one may have let its sender in. */
  const openBy = async (conversation: StoredConversation | Rival, received: Received, ahead: Ahead | null): Promise<OpenedMessage> => {
    if (conversation !== ahead?.conversation) return keystore.openMessage(toOpen(received, conversation));
    if (ahead.result.status === 'rejected') throw ahead.result.reason;
    return ahead.result.value;
  };

  return async (messages: readonly Received[], slice: Slice): Promise<Opening[]> => {
    const ahead = await openAhead(messages, slice);
    return messages.map((received, i) => async () => {
      const shown = slice.shownAt(received.contentTopic);
      if (!shown) throw new ProtocolError('wrong-topic', 'no conversation has this topic');
      return openByOneOf(shown, received, ahead[i] ?? null);
    });
  };
}

const unlessRefused = (error: unknown): undefined => {
  if (!(error instanceof ProtocolError)) throw error;
};
