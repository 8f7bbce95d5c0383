import { encodeText } from '../content-types/index.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { toHex } from '../protocol/bytes.ts';
import { encodeContent } from '../protocol/content.ts';
import { maxMessageLength } from '../protocol/envelope.ts';
import { nsToMs } from '../protocol/time.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { MessageView } from '../rpc/views.ts';
import type { MessageRecord } from '../storage/cache.ts';
import type { Records } from '../storage/records.ts';
import { existing } from './conversations.ts';
import { createExclusive } from './exclusive.ts';
import type { Failpoint } from './failpoint.ts';
import { messageView, previewOf, type StoredMessage } from './model.ts';
import type { Messages } from './services.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

interface Deps {
  readonly keystore: Keystore;
  readonly records: Records;
  readonly sessions: Sessions;
  readonly failpoint: Failpoint;
  /** Something in this conversation looks different now. */
  readonly changed: (conversation: string) => void;
}

const pageSize = 50;

export function createMessages({ keystore, records, sessions, failpoint, changed }: Deps): Messages {
  const sending = createExclusive();

  const open = async ({ id, sealed }: MessageRecord): Promise<StoredMessage> =>
    (await keystore.openRecord('messages', id, sealed)) as StoredMessage;

  const view = (session: Session, message: StoredMessage): Promise<MessageView> => {
    const waiting = message.mine ? session.outbox.stateOf(message.id) : null;
    return messageView(message, waiting?.state ?? (message.mine ? 'sent' : null), waiting?.failure ?? null);
  };

  const byId = async (session: Session, id: string): Promise<MessageView> => {
    const record = await session.cache.messages.get(id);
    if (record) return view(session, await open(record));
    const row = session.outbox.entries().find((entry) => entry.id === id)?.row;
    if (row?.kind === 'message') return view(session, row.message);
    throw new RefusalError('not-found', 'There is no such message.');
  };

  const write = async (session: Session, conversation: string, text: string, request: string): Promise<string> => {
    const { key, topic, peer, otherKeys } = await existing(session, conversation);
    if (otherKeys) throw new RefusalError('other-keys', 'This address has other keys than before. They have to be accepted first.');
    const createdNs = session.nextTimeNs(conversation);
    const payload = encodeContent(encodeText(text));
    const { message, id } = await keystore.sealMessage({ key, topic, payload, createdNs, shouldPush: true });
    if (message.length > maxMessageLength) throw new RefusalError('bad-params', 'This message is too long to be sent.', { field: 'text' });
    // Opened again as the peer will: what cannot be read must not leave, and the name for repetitions comes with it.
    const opened = await keystore.openMessage({ key, topic, envelopeTopic: topic, peer, message });
    const stored: StoredMessage = { id, conversation, sender: session.address, mine: true, sentAt: nsToMs(createdNs), payload };
    const dedup = await keystore.blind('messages', toHex(opened.dedupKey));
    await failpoint('send:sealed');
    await session.post(
      {
        id,
        conversation,
        envelopes: [{ contentTopic: topic, timestampNs: createdNs, message }],
        failure: null,
        row: { kind: 'message', message: stored, dedup, createdNs },
      },
      request,
    );
    return id;
  };

  /** A draft that has become a message is none any more; its page may be gone before it can say so. */
  const forgetDraft = async (conversation: string, text: string): Promise<void> => {
    const sealed = await records.drafts.get(conversation);
    if (!sealed || ((await keystore.openRecord('drafts', conversation, sealed)) as string).trim() !== text.trim()) return;
    await records.drafts.delete(conversation);
    changed(conversation);
  };

  return {
    async list(conversation, { before, limit = pageSize }) {
      const session = sessions.current();
      await session.ready();
      const { messages } = session.cache;
      const last = before === undefined ? undefined : await messages.get(before);
      if (before !== undefined && last?.conversation !== conversation) throw new RefusalError('not-found', 'There is no such message.');
      const page = await messages.page(conversation, { ...(last && { before: { time: last.time, id: last.id } }), limit: limit + 1 });
      const newestFirst = await Promise.all(page.slice(0, limit).map(open));
      return { messages: await Promise.all(newestFirst.reverse().map((message) => view(session, message))), more: page.length > limit };
    },
    send: (conversation, text, clientId) =>
      // One after the other, so that a request that is repeated at once finds what the first became.
      sending(async () => {
        const session = sessions.current();
        await session.ready();
        const request = await keystore.blind('requests', `${conversation} ${clientId}`);
        const before = await records.sent.get(request);
        const id = before ?? (await write(session, conversation, text, request));
        await forgetDraft(conversation, text);
        return byId(session, id);
      }),
    async settled(id, ms) {
      const session = sessions.current();
      await session.ready();
      await session.outbox.settled(id, ms);
      return byId(session, id);
    },
    async retry(id) {
      const session = sessions.current();
      await session.outbox.retry(id);
      session.resume(false);
    },
    async discard(id) {
      const session = sessions.current();
      const { cache, outbox, rows } = session;
      await session.ready();
      const conversation = outbox.entries().find((entry) => entry.id === id)?.conversation;
      if (conversation === undefined || !(await outbox.discard(id)))
        throw new RefusalError('not-found', 'This message has been sent already.');
      await cache.messages.delete(id);
      const [newest] = await cache.messages.page(conversation, { limit: 1 });
      const last = newest ? await previewOf(await open(newest)) : null;
      await rows.change(conversation, (row) => (row.last?.id === id ? { ...row, last } : row));
      changed(conversation);
    },
  };
}
