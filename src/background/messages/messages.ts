import { encodeText, type Value, writeContent } from '../../content-types/index.ts';
import type { AccountKeys } from '../../keystore/account-keys.ts';
import { encodeContent } from '../../protocol/content.ts';
import { nsToMs } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { MessageView } from '../../rpc/views/messages.ts';
import type { MessageRecord } from '../../storage/cache-schema.ts';
import { createExclusive } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import { noteStop } from '../log.ts';
import type { Messages, Writer } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { compose } from './compose.ts';
import { existing } from './conversations.ts';
import type { Drafts } from './drafts.ts';
import { epochsOf, mayWrite } from './group-state.ts';
import { isAside, messageView, previewOf, previewText, type StoredConversation, type StoredMessage, saysOf } from './model.ts';
import { decidedOn, shelfOf, subjectOf } from './shelf.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly drafts: Pick<Drafts, 'sent'>;
  readonly failpoint: Failpoint;
  /** Whether others may learn that their messages were read. */
  readonly receipts: () => Promise<boolean>;
  /** Something in this conversation looks different now. */
  readonly changed: (conversation: string) => void;
}

const pageSize = 50;

export function createMessages({ sessions, drafts, failpoint, receipts, changed }: Deps): Messages {
  const sending = createExclusive();

  const open = async ({ keys }: Session, { id, sealed }: MessageRecord): Promise<StoredMessage> =>
    (await keys.openRecord('messages', id, sealed)) as StoredMessage;

  /** What they look like, with what hangs on them, each in its place: all that has to be read for it is asked for at once. */
  const views = async (
    session: Session,
    messages: readonly StoredMessage[],
    epochs: readonly string[],
    hanging: Promise<readonly MessageView['reactions'][]> | null,
  ): Promise<MessageView[]> => {
    const plain = await Promise.all(
      messages.map((message) => messageView(message, message.mine ? (session.outbox.stateOf(message.id) ?? 'sent') : null)),
    );
    const [reactions, quotes] = await Promise.all([hanging, quotesOf(session, plain, epochs)]);
    return plain.map((each, place) => {
      const { shown, mine, sentAt, state, conversation } = each;
      if (isAside(shown)) return each;
      return {
        ...each,
        quote: quotes[place] ?? null,
        reactions: reactions?.[place] ?? [],
        read: mine && state === 'sent' && sentAt <= (session.rows.get(conversation)?.seenAt ?? 0),
      };
    });
  };

  const reactionsOf = ({ reactions }: Session, messages: readonly { readonly id: string }[], epochs: readonly string[]) => {
    const found = reactions.of(
      messages.map(({ id }) => id),
      epochs,
    );
    found.catch(() => undefined); // told by who waits for it
    return found;
  };

  /** What each of them answers, if that is here and in the same conversation. */
  const quotesOf = async (
    session: Session,
    messages: readonly MessageView[],
    epochs: readonly string[],
  ): Promise<MessageView['quote'][]> => {
    const references = messages.map(({ shown }) => (shown.form === 'reply' ? shown.reference : null));
    const wanted = references.filter((reference) => reference !== null);
    const records = wanted.length > 0 ? await session.cache.messages.many(wanted) : [];
    const quotes = await Promise.all(records.map((record) => (record ? quoteOf(session, record, epochs) : null)));
    let next = 0;
    return references.map((reference) => (reference === null ? null : (quotes[next++] ?? null)));
  };

  const quoteOf = async (session: Session, record: MessageRecord, epochs: readonly string[]): Promise<MessageView['quote']> => {
    if (!epochs.includes(record.conversation) || session.marks.isHidden(record.id)) return null;
    const message = await open(session, record);
    const { shown, sender, mine } = await messageView(message, null);
    const says = saysOf(shown);
    return { id: record.id, sender, mine, text: previewText(shown), ...(says && { says }) };
  };

  const byId = async (session: Session, id: string): Promise<MessageView> => {
    const record = await session.cache.messages.get(id);
    const row = session.outbox.entries().find((entry) => entry.id === id)?.row;
    const message = record ? await open(session, record) : row?.kind === 'message' ? row.message : null;
    if (!message) throw new RefusalError('not-found', 'There is no such message.');
    const epochs = epochsOf(message.conversation, session.rows);
    const [found] = await views(session, [message], epochs, reactionsOf(session, [message], epochs));
    return found as MessageView;
  };

  const write = async (session: Session, conversation: string, value: Value, request: string, by: Writer): Promise<StoredMessage> => {
    const row = await existing(session, conversation);
    if (row.otherKeys || (!row.group && (await session.contacts.warning(row.peer)) === 'other-keys'))
      throw new RefusalError('other-keys', 'This address has other keys than before. They have to be accepted first.');
    if (row.retired) throw new RefusalError('other-keys', 'This conversation belongs to keys that are no longer used. Begin a new one.');
    if (!mayWrite(row, session.address)) throw new RefusalError('not-found', 'This group has ended here.');
    if (by === 'person') await answering(session, row);
    const entry = await compose(session, row, contentOf(value), by, request);
    await failpoint('send:sealed');
    await session.post(entry, request);
    return entry.row.message;
  };

  /** What was written; its id alone where this request had been made before. */
  const writeOnce = async (
    session: Session,
    conversation: string,
    value: Value,
    clientId: string,
    by: Writer,
  ): Promise<string | StoredMessage> => {
    await session.ready();
    const request = await requestName(session.keys, conversation, clientId);
    return (await session.records.sent.get(request)) ?? write(session, conversation, value, request, by);
  };

  /** What was written just now, as it was given to be written: nothing hangs on it yet, and the disk need not be asked for it. */
  const justWritten = async (session: Session, message: StoredMessage): Promise<MessageView> => {
    const [written] = await views(session, [message], epochsOf(message.conversation, session.rows), null);
    return written as MessageView;
  };

  /** What a request made before: the disk may not have taken it to be shown, and what is sent already is to come back from the node first. */
  const writtenBefore = async (session: Session, conversation: string, value: Value, id: string): Promise<MessageView> => {
    try {
      return await byId(session, id);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      const sentAt = nsToMs(session.nextTimeNs(conversation));
      const payload = encodeContent(contentOf(value).content);
      return justWritten(session, { id, conversation, sender: session.address, mine: true, sentAt, payload });
    }
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

  /** The list shows the newest of what is left, where it showed what is gone. */
  const renewPreview = async (session: Session, conversation: string, gone: string): Promise<void> => {
    const { cache, rows } = session;
    let last: Awaited<ReturnType<typeof previewOf>> | null = null;
    for (const record of await cache.messages.page(conversation, { limit: 50 })) {
      const message = await open(session, record);
      if (isAside((await messageView(message, null)).shown)) continue;
      last = await previewOf(message);
      break;
    }
    await rows.change(conversation, (row) => (row.last?.id === gone ? { ...row, last } : row));
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
      const newestFirst: MessageView[] = [];
      // What hangs on messages lies among them and fills no page.
      for (const epoch of epochs.slice(last ? epochs.indexOf(last.conversation) : 0)) {
        let place = last?.conversation === epoch ? { time: last.time, id: last.id } : undefined;
        for (let more = true; more && newestFirst.length <= limit; ) {
          const page = await messages.page(epoch, { ...(place && { before: place }), limit: limit + 1 });
          const visible = page.filter(({ id }) => !session.marks.isHidden(id));
          const hanging = reactionsOf(session, visible, epochs);
          const opened = await Promise.all(visible.map((record) => open(session, record)));
          newestFirst.push(...(await views(session, opened, epochs, hanging)).filter(({ shown }) => !isAside(shown)));
          place = page.at(-1);
          more = page.length > limit;
        }
        if (newestFirst.length > limit) break;
      }
      return { messages: newestFirst.slice(0, limit).reverse(), more: newestFirst.length > limit };
    },
    send: (conversation, content, clientId, by = 'person') =>
      // One after the other, so that a request that is repeated at once finds what the first became.
      sending(async () => {
        const value: Value = typeof content === 'string' ? { kind: 'text', text: content } : content;
        await sessions.settled();
        const session = sessions.current();
        const written = await writeOnce(session, conversation, value, clientId, by).catch(async (error: unknown) => {
          // The node may have changed under our hands, and with it the session: the name of the request keeps a second try from being a second message.
          await sessions.settled();
          const now = sessions.peek();
          if (now === null || now === session || now.address !== session.address) throw error;
          return writeOnce(now, conversation, value, clientId, by);
        });
        await sessions.settled();
        const now = sessions.of(session.address);
        // Nobody waits for it: the page that sent this empties its draft too.
        const said = wordsOf(value);
        if (said !== null) drafts.sent(now, conversation, clientId, said).catch((error: unknown) => noteStop('forgetting a draft', error));
        await now.ready();
        return typeof written === 'string' ? writtenBefore(now, conversation, value, written) : justWritten(now, written);
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
    async hide(id) {
      const session = sessions.current();
      await session.ready();
      const record = await session.cache.messages.get(id);
      if (!record) throw new RefusalError('not-found', 'There is no such message.');
      if (session.outbox.stateOf(record.id)) throw new RefusalError('not-now', 'This message is still on its way.');
      await session.marks.hide(record.id);
      await session.cache.messages.delete(record.id);
      await renewPreview(session, record.conversation, record.id);
      changed(record.conversation);
    },
    async receipt(conversation) {
      const session = sessions.current();
      const row = await existing(session, conversation);
      const { last } = row;
      const may = !row.group && !row.otherKeys && !row.retired && shelfOf(row, session) === 'inbox';
      if (!may || !last || last.mine || !(await receipts())) return;
      // By the last message that was read: looking again says nothing new.
      const request = await session.keys.blind('requests', `receipt ${last.id}`);
      await sending(async () => {
        if ((await session.records.sent.get(request)) === undefined)
          await write(session, conversation, { kind: 'read-receipt' }, request, 'program');
      });
    },
    async discard(id) {
      const session = sessions.current();
      const { cache, outbox } = session;
      await session.ready();
      const conversation = outbox.entries().find((entry) => entry.id === id)?.conversation;
      if (conversation === undefined || !(await outbox.discard(id)))
        throw new RefusalError('not-found', 'This message has been sent already.');
      await cache.messages.delete(id);
      await renewPreview(session, conversation, id);
      changed(conversation);
    },
  };
}

const contentOf = (value: Value): ReturnType<typeof writeContent> =>
  value.kind === 'text' ? { content: encodeText(value.text), shouldPush: true } : writeContent(value);

/** The words of a value that a composer may have held. */
export const wordsOf = (value: Value): string | null =>
  value.kind === 'text' ? value.text : value.kind === 'reply' ? wordsOf(value.content) : null;

/** By what a request is known once and for all; what it has made stands in `sent` under it. */
export const requestName = (keys: Pick<AccountKeys, 'blind'>, conversation: string, clientId: string): Promise<string> =>
  keys.blind('requests', `${conversation} ${clientId}`);
