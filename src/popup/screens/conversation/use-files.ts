import { useEffect, useState } from 'preact/hooks';
import { type ChosenFile, keepFile, keptFiles } from '../../chosen-file.ts';
import { fitting, longestFile, mostFiles, sizeOf } from '../../files.ts';
import { background } from '../../rpc.ts';
import { t } from '../../t.tsx';
import { visibleLine } from '../../text.ts';
import { explain, reasonOf } from '../../words.ts';

interface Options {
  readonly id: string;
  readonly replyTo: string | null;
  /** After each that has left. */
  readonly onSent: () => void;
  /** A sentence, or null where all is well again. */
  readonly onError: (error: string | null) => void;
}

/** The files that are chosen for a conversation and not sent yet. */
export function useFiles({ id, replyTo, onSent, onError }: Options) {
  const [chosen, setChosen] = useState<readonly ChosenFile[]>([]);
  /** The one that is on its way now. */
  const [sending, setSending] = useState<ChosenFile | null>(null);
  /** How much of it has gone. */
  const [share, setShare] = useState<number | null>(null);

  // What a page before this one left unsent.
  useEffect(() => {
    let over = false;
    void keptFiles(id).then((before) => {
      if (!over) setChosen((now) => [...before.filter((each) => !now.some((other) => other.id === each.id)), ...now].slice(0, mostFiles));
    });
    return () => {
      over = true;
    };
  }, [id]);

  useEffect(() => {
    setShare(null);
    if (!sending) return;
    return background.on('transfer', ({ id: which, done, total }) => which === sending.id && total && setShare(Math.min(done / total, 1)));
  }, [sending]);

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
  const send = async (): Promise<void> => {
    onError(null);
    try {
      for (const each of chosen) {
        setSending(each);
        const file = await each.read();
        if (file) {
          const ready = await fitting(file);
          await each.kept;
          // By its name it is one message, also where a page before this one died while it was on its way.
          await background.call('sendFile', { id, ...ready, clientId: each.id, ...(replyTo !== null && { replyTo }) });
        }
        setChosen((left) => left.filter((other) => other !== each));
        if (file) onSent();
      }
    } catch (failure) {
      // What was called off by hand needs no words.
      if (reasonOf(failure) !== 'cancelled') onError(explain(failure));
      throw failure;
    } finally {
      setSending(null);
    }
  };
  const drop = (dropped: ChosenFile): void => {
    setChosen((left) => left.filter((each) => each !== dropped));
    // Where that fails it is there again next time.
    void dropped.kept.then(() => background.call('dropFile', { id, file: dropped.id })).catch(() => undefined);
  };
  /** What has not left yet stays chosen. */
  const cancel = (): void => {
    if (sending) background.call('cancelFile', { id: sending.id }).catch(() => undefined); // it is sent then
  };
  return { chosen, sending, share, add, send, drop, cancel };
}

function whyNot(added: readonly File[], count: number): string | null {
  const large = added.find(({ size }) => size > longestFile);
  if (large) return t('useFiles.tooLarge', { name: visibleLine(large.name), size: sizeOf(longestFile) });
  const empty = added.find(({ size }) => size === 0);
  if (empty) return t('useFiles.empty', { name: visibleLine(empty.name) });
  return count > mostFiles ? t('useFiles.tooMany', { count: mostFiles }) : null;
}
