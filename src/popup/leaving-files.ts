import { toBase64 } from '../rpc/base64.ts';
import { codes, RpcError } from '../rpc/errors.ts';
import type { DraftPart } from '../rpc/typed.ts';
import type { KeptFileHead, LeavingMark, MessageView } from '../rpc/views/messages.ts';
import { atLock } from './at-lock.ts';
import { type ChosenFile, keptFile } from './chosen-file.ts';
import { reasonOf } from './explain.ts';
import { fitting } from './files.ts';
import { background } from './rpc.ts';

/** A file that was sent off, or words that follow files: it stands in its conversation until its message does. */
export interface LeavingFile {
  readonly file: ChosenFile;
  /** Null for a file; empty until they are read. */
  readonly words: string | null;
  /** Of words: the files that go before them. */
  readonly after: readonly string[];
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
  readonly begun: (file: ChosenFile) => unknown;
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

/** Sends files after those that are on their way already. */
export function sendFiles(conversation: string, files: readonly ChosenFile[], replyTo: string | null): void {
  const leaving = { replyTo, failure: null, after: null };
  put(conversation, [...leavingOf(conversation), ...files.map((file) => entryOf(file, leaving))]);
  for (const file of files) {
    inHand.add(file.id);
    void inLine(
      conversation,
      file,
      file.kept.then(() => mark(conversation, file, leaving)),
    );
  }
}

/** Sends words once the files have gone that they go with. Resolves when they are kept; where they cannot be, they are not sent. @throws as `keepFile` */
export async function sendAfter(
  conversation: string,
  files: readonly ChosenFile[],
  { id, words }: DraftPart,
  replyTo: string | null,
): Promise<void> {
  const leaving = { replyTo, failure: null, after: files.map((file) => file.id) };
  const bytes = new TextEncoder().encode(words);
  const look = { filename: '', mimeType: 'text/plain' };
  let held = false;
  const read = async (): Promise<File> => new File([bytes], look.filename, { type: look.mimeType });
  const file = { id, ...look, size: bytes.length, read, kept: Promise.resolve(), held: () => held };
  put(conversation, [...leavingOf(conversation), { ...entryOf(file, leaving), words }]);
  inHand.add(id);
  const kept = background.call('keepFile', { id: conversation, file: id, ...look, data: toBase64(bytes), leaving });
  void inLine(
    conversation,
    file,
    kept.then(
      () => true,
      () => false,
    ),
  );
  try {
    await kept;
    held = true;
  } catch (failure) {
    put(conversation, without(conversation, id));
    throw failure;
  }
}

/** Once more, after what is on its way now: its message will stand there. */
export function retry(conversation: string, file: ChosenFile): void {
  const failed = find(conversation, file.id);
  if (failed?.state !== 'failed') return;
  inHand.add(file.id);
  const follow = leavingOf(conversation).filter(({ after }) => after.includes(file.id));
  const others = without(conversation, file.id).filter((each) => !follow.includes(each));
  put(conversation, [...others, { ...failed, state: 'waiting', failure: null }, ...follow]);
  void inLine(conversation, file, mark(conversation, file, markOf(failed, null)));
}

/** Calls off what is on its way, where it is not too late. */
export function cancel(conversation: string, file: ChosenFile): void {
  // Another window may have given it to the background.
  background.call('cancelFile', { id: file.id }).catch(() => undefined); // it is sent then
  if (!given.has(file.id)) remove(conversation, file);
}

/** Takes it away, here and from what is kept to be sent. Words that were to follow it, or are taken back themselves, stand in the field again: they are nobody's to throw away. */
export function remove(conversation: string, file: ChosenFile): void {
  const back = leavingOf(conversation).filter((each) => each.words !== null && (each.file.id === file.id || each.after.includes(file.id)));
  put(
    conversation,
    without(conversation, file.id).filter((each) => !back.includes(each)),
  );
  for (const { file: words } of back) background.call('takeBackWords', { id: conversation, file: words.id }).catch(() => undefined); // they wait still, and are there with the next look
  if (!back.some((each) => each.file.id === file.id)) dropKept(conversation, file);
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
    return { ...entryOf(entry.file, now), words: entry.words };
  });
  const come = kept.flatMap((head) =>
    head.leaving && !before.some(({ file }) => file.id === head.id) ? [entryOf(keptFile(conversation, head), head.leaving)] : [],
  );
  put(conversation, [...known, ...come]);
  for (const { file, words } of come) if (words !== null) void readWords(conversation, file);
  // Those that wait for a file go when it has gone.
  for (const entry of leavingOf(conversation))
    if (entry.state !== 'failed' && !inHand.has(entry.file.id) && !isHeld(conversation, entry)) goOn(conversation, entry.file);
}

async function readWords(conversation: string, file: ChosenFile): Promise<void> {
  const read = await file.read().catch(() => null);
  if (read) change(conversation, file.id, { words: await read.text() });
}

/** Whether files that go before these words are here still. */
const isHeld = (conversation: string, { after }: LeavingFile): boolean =>
  leavingOf(conversation).some(({ file }) => after.includes(file.id));

function goOn(conversation: string, file: ChosenFile): void {
  inHand.add(file.id);
  void inLine(conversation, file, null);
}

// Of those that another window sends too.
background.on('transfer', ({ id, done, total }) => {
  for (const conversation of total ? all.keys() : [])
    if (find(conversation, id)) change(conversation, id, { state: 'sending', share: Math.min(done / (total ?? 1), 1) });
});

const entryOf = (file: ChosenFile, { replyTo, failure, after }: LeavingMark): LeavingFile => ({
  file,
  words: after === null ? null : '',
  after: after ?? [],
  replyTo,
  state: failure === null ? 'waiting' : 'failed',
  share: null,
  failure: failure === null ? null : toldAgain(failure),
});

const markOf = ({ replyTo, words, after }: LeavingFile, failure: string | null): LeavingMark & { after: string[] | null } => ({
  replyTo,
  failure,
  after: words === null ? null : [...after],
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
  background
    .call('markFile', { id: conversation, file: file.id, leaving: { ...leaving, after: leaving.after && [...leaving.after] } })
    .catch(() => false);

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
      const left = find(conversation, file.id);
      if (left?.state === 'waiting' && !isHeld(conversation, left)) goOn(conversation, file);
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
  if (!entry || isHeld(conversation, entry)) return false;
  const { replyTo } = entry;
  change(conversation, id, { state: 'sending', share: null });
  const here = (): readonly LeavingNews[] => [...(listeners.get(conversation) ?? [])];
  for (const { begun } of here()) begun(file);
  try {
    const read = await file.read();
    if (!read) throw lost();
    const ready = entry.words === null ? await fitting(read) : null;
    const text = ready ? '' : await read.text();
    await file.kept;
    if (!find(conversation, id)) return false;
    given.add(id);
    // By its name it is one message, also where a page before this one died while it was on its way.
    const request = { id: conversation, clientId: id, ...(replyTo !== null && { replyTo }) };
    const message = await (ready
      ? background.call('sendFile', { ...request, ...ready })
      : background.call('sendMessage', { ...request, text }));
    for (const { sent } of here()) sent(file, message);
    put(conversation, without(conversation, id));
    if (!ready) dropKept(conversation, file);
    // Words that waited for it alone go now.
    for (const each of leavingOf(conversation))
      if (each.after.includes(id) && !inHand.has(each.file.id) && !isHeld(conversation, each)) goOn(conversation, each.file);
    return true;
  } catch (failure) {
    // What was called off by hand needs no words.
    if (reasonOf(failure) === 'cancelled') remove(conversation, file);
    else if (find(conversation, id)) {
      change(conversation, id, { state: 'failed', failure });
      if (kept) await mark(conversation, file, markOf(entry, told(failure)));
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
