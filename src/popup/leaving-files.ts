import type { MessageView } from '../rpc/views/messages.ts';
import { atLock } from './at-lock.ts';
import type { ChosenFile } from './chosen-file.ts';
import { explain, reasonOf } from './explain.ts';
import { fitting } from './files.ts';
import { background } from './rpc.ts';

/** A file that was sent off: it stands in its conversation until its message does. */
export interface LeavingFile {
  readonly file: ChosenFile;
  /** The message that it answers. */
  readonly replyTo: string | null;
  readonly state: 'waiting' | 'sending' | 'failed';
  /** How much of it has gone, from 0 to 1; null while nobody says. */
  readonly share: number | null;
  /** Why it could not go. */
  readonly error: string | null;
}

/** What is told of the files of one conversation. */
export interface LeavingNews {
  readonly changed: (files: readonly LeavingFile[]) => void;
  readonly begun: (file: ChosenFile) => void;
  /** Its message is there. */
  readonly sent: (file: ChosenFile, message: MessageView) => void;
}

const none: readonly LeavingFile[] = [];
/** By conversation, in the order in which they go. They go on while the page shows something else. */
const all = new Map<string, readonly LeavingFile[]>();
/** One after the other in each conversation. */
const lines = new Map<string, Promise<unknown>>();
const listeners = new Map<string, Set<LeavingNews>>();
/** Those that the background was given. */
const given = new Set<ChosenFile>();

/** The files of a conversation that are on their way, or could not go. */
export const leavingOf = (conversation: string): readonly LeavingFile[] => all.get(conversation) ?? none;

export function listenTo(conversation: string, news: LeavingNews): () => void {
  const here = listeners.get(conversation) ?? new Set();
  listeners.set(conversation, here.add(news));
  return () => void here.delete(news);
}

/** Sends files after those that are on their way already; says whether all of them have gone. */
export async function sendFiles(conversation: string, files: readonly ChosenFile[], replyTo: string | null): Promise<boolean> {
  const added = files.map((file) => ({ file, replyTo, state: 'waiting', share: null, error: null }) as const);
  put(conversation, [...leavingOf(conversation), ...added]);
  const gone = await Promise.all(files.map((file) => inLine(conversation, file)));
  return gone.every(Boolean);
}

/** Once more, after what is on its way now: its message will stand there. */
export function retry(conversation: string, file: ChosenFile): void {
  const failed = find(conversation, file);
  if (failed?.state !== 'failed') return;
  put(conversation, [...without(conversation, file), { ...failed, state: 'waiting', error: null }]);
  void inLine(conversation, file);
}

/** Calls off what is on its way, where it is not too late. */
export function cancel(conversation: string, file: ChosenFile): void {
  if (given.has(file))
    background.call('cancelFile', { id: file.id }).catch(() => undefined); // it is sent then
  else remove(conversation, file);
}

/** Takes it away, here and from what is kept to be sent. */
export function remove(conversation: string, file: ChosenFile): void {
  put(conversation, without(conversation, file));
  dropKept(conversation, file);
}

/** Forgets what is kept of a file. Where that fails it is there again next time. */
export function dropKept(conversation: string, file: ChosenFile): void {
  void file.kept.then(() => background.call('dropFile', { id: conversation, file: file.id })).catch(() => undefined);
}

// All of them are let go of where the account is locked: what is not sent is kept sealed, and is there again after unlocking.
atLock(() => {
  for (const conversation of [...all.keys()]) put(conversation, none);
});

const find = (conversation: string, file: ChosenFile): LeavingFile | undefined =>
  leavingOf(conversation).find((each) => each.file.id === file.id);
const without = (conversation: string, file: ChosenFile): readonly LeavingFile[] =>
  leavingOf(conversation).filter((each) => each.file.id !== file.id);

function put(conversation: string, files: readonly LeavingFile[]): void {
  if (files.length > 0) all.set(conversation, files);
  else all.delete(conversation);
  for (const { changed } of listeners.get(conversation) ?? []) changed(files);
}

function change(conversation: string, file: ChosenFile, to: Partial<LeavingFile>): void {
  put(
    conversation,
    leavingOf(conversation).map((each) => (each.file.id === file.id ? { ...each, ...to } : each)),
  );
}

function inLine(conversation: string, file: ChosenFile): Promise<boolean> {
  const gone = (lines.get(conversation) ?? Promise.resolve()).then(() => go(conversation, file));
  lines.set(conversation, gone);
  return gone;
}

/** Says whether it has gone; why not stands with it. */
async function go(conversation: string, file: ChosenFile): Promise<boolean> {
  const entry = find(conversation, file);
  if (!entry) return false;
  change(conversation, file, { state: 'sending', share: null });
  const here = (): readonly LeavingNews[] => [...(listeners.get(conversation) ?? [])];
  for (const { begun } of here()) begun(file);
  const end = background.on('transfer', ({ id, done, total }) => {
    if (id === file.id && total) change(conversation, file, { share: Math.min(done / total, 1) });
  });
  try {
    const read = await file.read();
    if (read) {
      const ready = await fitting(read);
      await file.kept;
      if (!find(conversation, file)) return false;
      given.add(file);
      // By its name it is one message, also where a page before this one died while it was on its way.
      const { replyTo } = entry;
      const message = await background.call('sendFile', {
        id: conversation,
        ...ready,
        clientId: file.id,
        ...(replyTo !== null && { replyTo }),
      });
      for (const { sent } of here()) sent(file, message);
    }
    put(conversation, without(conversation, file));
    return true;
  } catch (failure) {
    // What was called off by hand needs no words.
    if (reasonOf(failure) === 'cancelled') remove(conversation, file);
    else change(conversation, file, { state: 'failed', error: explain(failure) });
    return false;
  } finally {
    given.delete(file);
    end();
  }
}
