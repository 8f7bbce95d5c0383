import { codes, RpcError } from '../rpc/errors.ts';
import type { KeptFileHead, LeavingMark, MessageView } from '../rpc/views/messages.ts';
import { atLock } from './at-lock.ts';
import { type ChosenFile, keptFile } from './chosen-file.ts';
import { reasonOf } from './explain.ts';
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
  readonly failure: unknown;
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
/** Those that this page has in hand: it knows better than what is kept. */
const inHand = new Set<string>();
/** Those that the background was given. */
const given = new Set<string>();

/** The files of a conversation that are on their way, or could not go. */
export const leavingOf = (conversation: string): readonly LeavingFile[] => all.get(conversation) ?? none;

export function listenTo(conversation: string, news: LeavingNews): () => void {
  const here = listeners.get(conversation) ?? new Set();
  listeners.set(conversation, here.add(news));
  return () => void here.delete(news);
}

/** Sends files after those that are on their way already; says whether all of them have gone. */
export async function sendFiles(conversation: string, files: readonly ChosenFile[], replyTo: string | null): Promise<boolean> {
  put(conversation, [...leavingOf(conversation), ...files.map((file) => entryOf(file, { replyTo, failure: null }))]);
  const gone = await Promise.all(
    files.map((file) => {
      inHand.add(file.id);
      return inLine(
        conversation,
        file,
        file.kept.then(() => mark(conversation, file, { replyTo, failure: null })),
      );
    }),
  );
  return gone.every(Boolean);
}

/** Once more, after what is on its way now: its message will stand there. */
export function retry(conversation: string, file: ChosenFile): void {
  const failed = find(conversation, file.id);
  if (failed?.state !== 'failed') return;
  inHand.add(file.id);
  put(conversation, [...without(conversation, file.id), { ...failed, state: 'waiting', failure: null }]);
  void inLine(conversation, file, mark(conversation, file, { replyTo: failed.replyTo, failure: null }));
}

/** Calls off what is on its way, where it is not too late. */
export function cancel(conversation: string, file: ChosenFile): void {
  // Another window may have given it to the background.
  background.call('cancelFile', { id: file.id }).catch(() => undefined); // it is sent then
  if (!given.has(file.id)) remove(conversation, file);
}

/** Takes it away, here and from what is kept to be sent. */
export function remove(conversation: string, file: ChosenFile): void {
  put(conversation, without(conversation, file.id));
  dropKept(conversation, file);
}

/** Forgets what is kept of a file. Where that fails it is there again next time. */
export function dropKept(conversation: string, file: ChosenFile): void {
  void file.kept.then(() => background.call('dropFile', { id: conversation, file: file.id })).catch(() => undefined);
}

// All of them are let go of where the account is locked: what is not sent is kept sealed, and is taken up after unlocking.
atLock(() => {
  for (const conversation of [...all.keys()]) put(conversation, none);
});

/** Brings what stands here in step with what is kept: of a page that is gone, and of other windows. */
export function takeUp(conversation: string, kept: readonly KeptFileHead[]): void {
  const before = leavingOf(conversation);
  const there = new Map(kept.map((head) => [head.id, head]));
  // What was kept and is so no more has gone, or was taken away.
  const stay = before.filter(({ file }) => inHand.has(file.id) || !file.held() || there.get(file.id)?.leaving);
  const known = stay.map((entry) => {
    const now = there.get(entry.file.id)?.leaving;
    if (!now || inHand.has(entry.file.id) || (now.failure === null) === (entry.state !== 'failed')) return entry;
    return entryOf(entry.file, now);
  });
  const come = kept.flatMap((head) =>
    head.leaving && !before.some(({ file }) => file.id === head.id) ? [entryOf(keptFile(conversation, head), head.leaving)] : [],
  );
  put(conversation, [...known, ...come]);
  for (const { file, state } of leavingOf(conversation)) if (state !== 'failed' && !inHand.has(file.id)) goOn(conversation, file);
}

function goOn(conversation: string, file: ChosenFile): void {
  inHand.add(file.id);
  void inLine(conversation, file, null);
}

// Of those that another window sends too.
background.on('transfer', ({ id, done, total }) => {
  for (const conversation of total ? all.keys() : [])
    if (find(conversation, id)) change(conversation, id, { state: 'sending', share: Math.min(done / (total ?? 1), 1) });
});

const entryOf = (file: ChosenFile, { replyTo, failure }: LeavingMark): LeavingFile => ({
  file,
  replyTo,
  state: failure === null ? 'waiting' : 'failed',
  share: null,
  failure: failure === null ? null : toldAgain(failure),
});

/** What helps a file that could not go: the same once more, another one in its place, or nothing. */
export function helpOf(failure: unknown): 'again' | 'another' | 'nothing' {
  const reason = reasonOf(failure);
  if (reason === 'not-found' || reason === 'no-account') return 'nothing';
  const ofTheFile = reason === 'file-too-large' || reason === 'file-lost' || reason === 'bad-params';
  return ofTheFile || (failure instanceof RpcError && failure.code === codes.invalidParams) ? 'another' : 'again';
}

const find = (conversation: string, id: string): LeavingFile | undefined => leavingOf(conversation).find(({ file }) => file.id === id);
const without = (conversation: string, id: string): readonly LeavingFile[] => leavingOf(conversation).filter(({ file }) => file.id !== id);

function put(conversation: string, files: readonly LeavingFile[]): void {
  if (files.length > 0) all.set(conversation, files);
  else all.delete(conversation);
  for (const { changed } of listeners.get(conversation) ?? []) changed(files);
}

function change(conversation: string, id: string, to: Partial<LeavingFile>): void {
  put(
    conversation,
    leavingOf(conversation).map((each) => (each.file.id === id ? { ...each, ...to } : each)),
  );
}

/** Notes how it stands with a file, for who comes after this page. Answers whether it is kept at all. */
const mark = (conversation: string, file: ChosenFile, leaving: LeavingMark): Promise<boolean> =>
  background.call('markFile', { id: conversation, file: file.id, leaving }).catch(() => false);

function inLine(conversation: string, file: ChosenFile, marked: Promise<boolean> | null): Promise<boolean> {
  const gone = (lines.get(conversation) ?? Promise.resolve())
    .then(async () => {
      const kept = await marked;
      // One window at a time: where another one had it first, what became of it is to be seen from what is kept.
      return navigator.locks.request(`sending ${file.id}`, async () => {
        const mine = marked !== null || (await stillToGo(conversation, file));
        return mine && (await go(conversation, file, kept !== false));
      });
    })
    .finally(() => {
      inHand.delete(file.id);
      // It was let go of with a lock, and taken up again meanwhile.
      if (find(conversation, file.id)?.state === 'waiting') goOn(conversation, file);
    });
  lines.set(
    conversation,
    gone.catch(() => undefined),
  );
  return gone;
}

/** Whether a file that this page took up waits to be sent yet. */
async function stillToGo(conversation: string, file: ChosenFile): Promise<boolean> {
  const heads = await background.call('keptFiles', { id: conversation }).catch(() => null);
  const now = heads?.find(({ id }) => id === file.id)?.leaving;
  if (now?.failure === null) return true;
  if (now) change(conversation, file.id, entryOf(file, now));
  else put(conversation, without(conversation, file.id));
  return false;
}

/** Says whether it has gone; why not stands with it. */
async function go(conversation: string, file: ChosenFile, kept: boolean): Promise<boolean> {
  const { id } = file;
  const entry = find(conversation, id);
  if (!entry) return false;
  const { replyTo } = entry;
  change(conversation, id, { state: 'sending', share: null });
  const here = (): readonly LeavingNews[] => [...(listeners.get(conversation) ?? [])];
  for (const { begun } of here()) begun(file);
  try {
    const read = await file.read();
    if (!read) throw lost();
    const ready = await fitting(read);
    await file.kept;
    if (!find(conversation, id)) return false;
    given.add(id);
    // By its name it is one message, also where a page before this one died while it was on its way.
    const message = await background.call('sendFile', {
      id: conversation,
      ...ready,
      clientId: id,
      ...(replyTo !== null && { replyTo }),
    });
    for (const { sent } of here()) sent(file, message);
    put(conversation, without(conversation, id));
    return true;
  } catch (failure) {
    // What was called off by hand needs no words.
    if (reasonOf(failure) === 'cancelled') remove(conversation, file);
    else if (find(conversation, id)) {
      change(conversation, id, { state: 'failed', failure });
      if (kept) await mark(conversation, file, { replyTo, failure: told(failure) });
    }
    return false;
  } finally {
    given.delete(id);
  }
}

/** The file itself is not there any more, though it was to be sent. */
const lost = (): RpcError =>
  new RpcError({ code: codes.notFound, message: 'the file is not kept any more', data: { reason: 'file-lost' } });

/** An error as it is kept, and as it was told. */
const told = (failure: unknown): string => {
  const { code, message, data } = failure instanceof RpcError ? failure : new RpcError({ code: codes.internal, message: 'internal error' });
  const text = JSON.stringify({ code, message, data });
  return text.length <= 4096 ? text : JSON.stringify({ code, message: message.slice(0, 200) });
};
const toldAgain = (failure: string): RpcError => new RpcError(JSON.parse(failure) as ConstructorParameters<typeof RpcError>[0]);
