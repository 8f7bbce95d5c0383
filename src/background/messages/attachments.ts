import {
  type Attachment,
  drawableTypeOf,
  mayBeFetched,
  openRemote,
  readContent,
  safeFilename,
  sealRemote,
  type Value,
} from '../../content-types/index.ts';
import { blobAddress } from '../../network/blobs.ts';
import { LongAnswerError, NodeError, type NodeReason, TooLargeError } from '../../network/errors.ts';
import { toBase64, toHex } from '../../protocol/bytes.ts';
import { decodeContent } from '../../protocol/content.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { maxRemoteLength } from '../../protocol/remote-content.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { OwnEvents } from '../../rpc/views/events.ts';
import { longestInline, type MessageView, type OpenedFile } from '../../rpc/views/messages.ts';
import { badParams, refused } from '../refuse.ts';
import type { AttachmentsService, Conversations, KeptFilesService, Messages } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import type { StoredMessage } from './model.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly messages: Pick<Messages, 'send'>;
  readonly conversations: Pick<Conversations, 'get'>;
  readonly keptFiles: Pick<KeptFilesService, 'keep'>;
  readonly nodes: () => Promise<readonly string[]>;
  /** Null where nothing lies. @throws NodeError */
  readonly get: (
    address: string,
    options: { readonly signal: AbortSignal; readonly progress: (length: number) => void },
  ) => Promise<Uint8Array | null>;
  readonly progress: (transfer: OwnEvents['transfer']) => void;
}

/** Files in messages: small ones travel in the message, larger ones lie sealed on a node that others can reach, and the message says how they open. */
export function createAttachments({ sessions, messages, conversations, keptFiles, nodes, get, progress }: Deps): AttachmentsService {
  /** What is on its way, by the name that whoever asked for it gave: the message, or the request. */
  const under = new Map<string, AbortController>();
  const cancellable = async <T>(id: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const control = new AbortController();
    under.set(id, control);
    try {
      return await work(control.signal);
    } finally {
      if (under.get(id) === control) under.delete(id);
    }
  };

  const storedOf = async (session: Session, id: string): Promise<StoredMessage> => {
    await session.ready();
    const record = await session.cache.messages.get(id);
    const waiting = session.outbox.entries().find((entry) => entry.id === id)?.row;
    const stored = record
      ? ((await session.keys.openRecord('messages', record.id, record.sealed)) as StoredMessage)
      : waiting?.kind === 'message'
        ? waiting.message
        : null;
    if (!stored) throw new RefusalError('not-found', 'There is no such message.');
    return stored;
  };
  const contentOf = async ({ payload }: StoredMessage): Promise<Value> => {
    const value = readContent(await decodeContent(payload));
    return value.kind === 'reply' ? value.content : value;
  };

  /** By its digest from the nodes that we use ourselves, then from where the sender says; who asks there is told our internet address. */
  const fetched = async (id: string, value: Extract<Value, { kind: 'remote-attachment' }>, signal: AbortSignal): Promise<Uint8Array> => {
    const places = (await nodes()).map((node) => blobAddress(node, value.contentDigest));
    if (mayBeFetched(value.url)) places.push(value.url);
    let trouble: unknown = null;
    let told = 0;
    for (const place of new Set(places)) {
      try {
        const found = await get(place, {
          signal,
          progress: (done) => {
            if (done - told < toldBytes) return;
            told = done;
            progress({ id, done, total: value.contentLength ?? null });
          },
        });
        if (found) return found;
      } catch (error) {
        if (signal.aborted) throw cancelled(error);
        trouble = error;
      }
    }
    if (trouble instanceof LongAnswerError) throw damaged(trouble);
    if (trouble instanceof NodeError && passing.includes(trouble.reason))
      throw new RefusalError('node-unreachable', 'The file could not be fetched now.', {}, { cause: trouble });
    throw new RefusalError('file-gone', 'The file is not there any more.');
  };

  const opened = async (id: string, value: Value, signal: AbortSignal): Promise<Attachment> => {
    if (value.kind === 'attachment') return value;
    if (value.kind !== 'remote-attachment') throw new RefusalError('not-found', 'There is no file in this message.');
    try {
      const inner = await openRemote(value, await fetched(id, value, signal));
      if (inner.kind === 'attachment') return inner;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    throw damaged();
  };

  return {
    async open(id): Promise<OpenedFile> {
      const file = await cancellable(id, async (signal) => opened(id, await contentOf(await storedOf(sessions.current(), id)), signal));
      return {
        filename: safeFilename(file.filename),
        mimeType: file.mimeType ?? null,
        imageType: drawableTypeOf(file.data) ?? null,
        data: toBase64(file.data),
      };
    },
    async send(conversation, { filename, mimeType, data, replyTo }, clientId): Promise<MessageView> {
      const session = sessions.current();
      if (data.length === 0) throw badParams('refusals.fileEmpty');
      mayGo(session, data.length);
      const file: Attachment = { kind: 'attachment', filename: safeFilename(filename), ...(mimeType && { mimeType }), data };
      const content =
        data.length <= longestInline ? file : await cancellable(clientId, (signal) => elsewhere(session, file, clientId, signal));
      return messages.send(conversation, replyTo === null ? content : { kind: 'reply', reference: replyTo, content }, clientId);
    },
    async forward(messageId, conversation, id) {
      const session = sessions.current();
      const stored = await storedOf(session, messageId);
      // Of strangers nothing is loaded for another use than looking at it.
      if (!stored.mine && (await conversations.get(stored.conversation)).shelf !== 'inbox')
        throw refused('not-now', 'refusals.fileOfStranger');
      await cancellable(id, async (signal) => {
        const value = await contentOf(stored);
        if (value.kind === 'remote-attachment') mayGo(session, (value.contentLength ?? 0) - sealedLonger);
        const { filename, mimeType = '', data } = await opened(id, value, signal);
        if (data.length === 0) throw badParams('refusals.fileEmpty');
        mayGo(session, data.length);
        if (signal.aborted) throw cancelled();
        await keptFiles.keep(conversation, id, {
          filename: safeFilename(filename),
          mimeType: mimeType.length > longestType ? '' : mimeType,
          data: toBase64(data),
        });
      });
      return null;
    },
    async cancel(id) {
      under.get(id)?.abort();
      return null;
    },
  };

  async function elsewhere(session: Session, file: Attachment, clientId: string, signal: AbortSignal): Promise<Value> {
    // Sealed by the same bytes for the same request and file, it has the same name at the node, which may have a part of it from before a death.
    const { payload, attachment } = await sealRemote(file, async (frame) => {
      const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', frame as Uint8Array<ArrayBuffer>)));
      return session.keys.repeatable('files', `${clientId} ${digest}`);
    });
    if (signal.aborted) throw cancelled();
    const total = payload.length;
    const told = (done: number): void => progress({ id: clientId, done, total });
    const url = await session.node.putBlob(attachment.contentDigest, payload, { signal, progress: told }).catch((error: unknown) => {
      // The same bytes at the same node are as large the next time.
      if (error instanceof TooLargeError)
        throw refused('file-too-large', 'refusals.fileTooLargeForNode', { host: new URL(session.node.url).host });
      throw error;
    });
    return { ...attachment, url };
  }
}

/** @throws RefusalError file-too-large */
function mayGo({ node }: Session, length: number): void {
  if (length > maxRemoteLength - sealedLonger) throw refused('file-too-large', 'refusals.fileTooLarge');
  // Others fetch it over https, whatever way we take to the node.
  if (length > longestInline && !node.url.startsWith('https://'))
    throw refused('file-too-large', 'refusals.fileNeedsHttps', { number: Math.floor(longestInline / 1000) });
}

/** What a name, a type and the sealing add to a file, at most. */
const sealedLonger = 4096;
/** Of the type that a sender says. */
const longestType = 255;

/** It is told after this many bytes more. */
const toldBytes = 200_000;

/** Troubles after which another try may fetch it. */
const passing: readonly NodeReason[] = ['unreachable', 'limited', 'failed'];

const cancelled = (cause?: unknown): RefusalError => new RefusalError('cancelled', 'This was called off.', {}, { cause });

const damaged = (cause?: unknown): RefusalError =>
  new RefusalError('file-damaged', 'What lies there is not the file that was sent.', {}, { cause });
