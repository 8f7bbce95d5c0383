import { encodeText, type Value, writeContent } from '../content-types/index.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { MessageView } from '../rpc/views.ts';
import type { MessageRecord } from '../storage/cache.ts';
import type { Records } from '../storage/records.ts';
import { compose } from './compose.ts';
import { existing } from './conversations.ts';
import { createExclusive } from './exclusive.ts';
import type { Failpoint } from './failpoint.ts';
import { epochsOf, mayWrite } from './group-state.ts';
import { messageView, previewOf, type StoredConversation, type StoredMessage } from './model.ts';
import type { Messages, Writer } from './services.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { decidedOn, shelfOf, subjectOf } from './shelf.ts';

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

  const write = async (session: Session, conversation: string, value: Value, request: string, by: Writer): Promise<string> => {
    const row = await existing(session, conversation);
    if (row.otherKeys || (!row.group && (await session.contacts.warning(row.peer)) === 'other-keys'))
      throw new RefusalError('other-keys', 'This address has other keys than before. They have to be accepted first.');
    if (row.retired) throw new RefusalError('other-keys', 'This conversation belongs to keys that are no longer used. Begin a new one.');
    if (!mayWrite(row, session.address)) throw new RefusalError('not-found', 'This group has ended here.');
    if (by === 'person') await answering(session, row);
    const content = value.kind === 'text' ? { content: encodeText(value.text), shouldPush: true } : writeContent(value);
    const entry = await compose(session, keystore, row, content, by);
    await failpoint('send:sealed');
    await session.post(entry, request);
    return entry.id;
  };

  /** Who answers allows. @throws RefusalError blocked */
  const answering = async (session: Session, row: StoredConversation): Promise<void> => {
    const decided = decidedOn(row, session.consent);
    if (decided === 'denied') throw new RefusalError('blocked', 'This address is blocked. Unblock it before you write.');
    if (decided !== null || row.group?.next !== undefined || shelfOf(row, session) === 'inbox') {
      if (decided === null && !row.group) await session.decide('allowed', 'address', [row.peer]);
      return;
    }
    const { kind, name } = subjectOf(row);
    await session.decide('allowed', kind, [name]);
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
      // The epochs of a group are read as one, the newest first.
      const epochs = epochsOf(conversation, session.rows);
      const last = before === undefined ? undefined : await messages.get(before);
      if (before !== undefined && !epochs.includes(last?.conversation ?? ''))
        throw new RefusalError('not-found', 'There is no such message.');
      const page: MessageRecord[] = [];
      for (const epoch of epochs.slice(last ? epochs.indexOf(last.conversation) : 0)) {
        const place = last?.conversation === epoch && { before: { time: last.time, id: last.id } };
        page.push(...(await messages.page(epoch, { ...place, limit: limit + 1 - page.length })));
        if (page.length > limit) break;
      }
      const newestFirst = await Promise.all(page.slice(0, limit).map(open));
      return { messages: await Promise.all(newestFirst.reverse().map((message) => view(session, message))), more: page.length > limit };
    },
    send: (conversation, content, clientId, by = 'person') =>
      // One after the other, so that a request that is repeated at once finds what the first became.
      sending(async () => {
        const value: Value = typeof content === 'string' ? { kind: 'text', text: content } : content;
        const session = sessions.current();
        await session.ready();
        const request = await keystore.blind('requests', `${conversation} ${clientId}`);
        const before = await records.sent.get(request);
        const id = before ?? (await write(session, conversation, value, request, by));
        if (value.kind === 'text') await forgetDraft(conversation, value.text);
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
