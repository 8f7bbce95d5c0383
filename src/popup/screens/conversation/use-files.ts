import { useEffect, useRef, useState } from 'preact/hooks';
import type { DraftPart } from '../../../rpc/typed.ts';
import type { KeptFileHead, MessageView } from '../../../rpc/views/messages.ts';
import { type ChosenFile, keepFile, keptFile } from '../../chosen-file.ts';
import { explain, reasonOf } from '../../explain.ts';
import { longestFile, mostFiles, sizeOf } from '../../files.ts';
import {
  cancel,
  dropKept,
  type LeavingFile,
  leavingOf,
  listenTo,
  remove,
  retry,
  sendAfter,
  sendFiles,
  takeUp,
} from '../../leaving-files.ts';
import { background } from '../../rpc.ts';
import { t } from '../../t.tsx';
import { visibleLine } from '../../text.ts';

interface Options {
  readonly id: string;
  readonly replyTo: string | null;
  /** Its message is there, and stands in its place from now on. */
  readonly onSent: (message: MessageView) => void;
  /** A sentence, or null where all is well again. */
  readonly onError: (error: string | null) => void;
}

/** A sentence that is heard once. */
export interface Said {
  readonly id: number;
  readonly words: string;
}

/** The files of a conversation that are on their way, or could not go. */
export function useLeaving(id: string): readonly LeavingFile[] {
  const [leaving, setLeaving] = useState(leavingOf(id));
  useEffect(() => {
    setLeaving(leavingOf(id));
    return listenTo(id, { changed: setLeaving, begun: () => undefined, sent: () => undefined });
  }, [id]);
  return leaving;
}

/** The files that are chosen for a conversation and not sent yet, and how they leave. */
export function useFiles({ id, replyTo, onSent, onError }: Options) {
  const [chosen, setChosen] = useState<readonly ChosenFile[]>([]);
  /** What began and what is there, the last few, for who does not see it; two that come at once are two. */
  const [said, setSaid] = useState<readonly Said[]>([]);
  const heard = useRef(onSent);
  heard.current = onSent;

  // What a page before this one left unsent, and what other windows do.
  useEffect(() => {
    let over = false;
    const look = (): void => {
      background.call('keptFiles', { id }).then(
        (kept) => {
          if (over) return;
          takeUp(id, kept);
          setChosen((now) => chosenOf(id, now, kept));
        },
        () => undefined, // what can be had is shown
      );
    };
    look();
    const stops = [background.on('files', ({ conversation }) => conversation === id && look()), background.onReconnect(look)];
    return () => {
      over = true;
      for (const stop of stops) stop();
    };
  }, [id]);

  useEffect(() => {
    const say = (words: string): void => setSaid((before) => [...before, { id: (before.at(-1)?.id ?? 0) + 1, words }].slice(-4));
    return listenTo(id, {
      changed: () => undefined,
      // Words that follow files have no name.
      begun: ({ filename }) => filename !== '' && say(t('leavingFiles.sendingNamed', { name: visibleLine(filename) })),
      sent({ filename }, message) {
        if (filename !== '') say(t('leavingFiles.isThere', { name: visibleLine(filename) }));
        heard.current(message);
      },
    });
  }, [id]);

  const notKept = (file: File, failure: unknown): void => {
    if (reasonOf(failure) === 'too-many') onError(t('useFiles.notKept', { name: visibleLine(file.name) }));
  };
  const add = (added: readonly File[]): void => {
    const fits = added.filter(({ size }) => size > 0 && size <= longestFile);
    onError(whyNot(added, chosen.length + fits.length));
    const now = [...chosen];
    for (const file of fits.slice(0, mostFiles - chosen.length)) now.push(keepFile(id, file, now.at(-1)?.kept, notKept));
    setChosen(now);
  };
  /** With words that go once they have gone: resolves when these are kept for that. @throws where they cannot be */
  const send = async (words: DraftPart | null): Promise<void> => {
    onError(null);
    setChosen([]);
    sendFiles(id, chosen, replyTo);
    try {
      if (words) await sendAfter(id, chosen, words, replyTo);
    } catch (failure) {
      onError(explain(failure));
      throw failure;
    }
  };
  const drop = (dropped: ChosenFile): void => {
    setChosen((left) => left.filter((each) => each !== dropped));
    dropKept(id, dropped);
  };
  const deeds = {
    cancel: (file: ChosenFile) => cancel(id, file),
    retry: (file: ChosenFile) => retry(id, file),
    remove: (file: ChosenFile) => remove(id, file),
    replace: (file: ChosenFile, by: readonly File[]) => {
      remove(id, file);
      add(by);
    },
  };
  return { chosen, said, add, send, drop, deeds };
}

/** What stands in the composer: those that are kept for it, in their order, and those of this page that are not kept yet, or cannot be. */
function chosenOf(id: string, now: readonly ChosenFile[], kept: readonly KeptFileHead[]): readonly ChosenFile[] {
  const leaving = new Set(leavingOf(id).map(({ file }) => file.id));
  const waiting = kept.filter((head) => head.leaving === null && !leaving.has(head.id));
  const known = waiting.map((head) => now.find((each) => each.id === head.id) ?? keptFile(id, head));
  const others = now.filter((each) => !each.held() && !leaving.has(each.id) && !known.includes(each));
  return [...known, ...others].slice(0, mostFiles);
}

function whyNot(added: readonly File[], count: number): string | null {
  const large = added.find(({ size }) => size > longestFile);
  if (large) return t('useFiles.tooLarge', { name: visibleLine(large.name), size: sizeOf(longestFile) });
  const empty = added.find(({ size }) => size === 0);
  if (empty) return t('useFiles.empty', { name: visibleLine(empty.name) });
  return count > mostFiles ? t('useFiles.tooMany', { count: mostFiles }) : null;
}
