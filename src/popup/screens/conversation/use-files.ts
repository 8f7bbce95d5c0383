import { useEffect, useState } from 'preact/hooks';
import { fromBase64, toBase64 } from '../../base64.ts';
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
    void kept(id).then((before) => {
      if (!over)
        setChosen((now) => [...before.filter((each) => !now.some((other) => other.name === each.name)), ...now].slice(0, mostFiles));
    });
    return () => {
      over = true;
    };
  }, [id]);

  useEffect(() => {
    setShare(null);
    if (!sending) return;
    return background.on(
      'transfer',
      ({ id: which, done, total }) => which === sending.name && total && setShare(Math.min(done / total, 1)),
    );
  }, [sending]);

  const notKept = (file: File, failure: unknown): void => {
    if (reasonOf(failure) === 'too-many') onError(t('useFiles.notKept', { name: visibleLine(file.name) }));
  };
  const add = (added: readonly File[]): void => {
    const fits = added.filter(({ size }) => size > 0 && size <= longestFile);
    onError(whyNot(added, chosen.length + fits.length));
    const now = [...chosen];
    for (const file of fits.slice(0, mostFiles - chosen.length)) now.push(keep(id, file, now.at(-1)?.kept, notKept));
    setChosen(now);
  };
  const send = async (): Promise<void> => {
    onError(null);
    try {
      for (const each of chosen) {
        setSending(each);
        const ready = await fitting(each.file);
        await each.kept;
        // By its name it is one message, also where a page before this one died while it was on its way.
        await background.call('sendFile', { id, ...ready, clientId: each.name, ...(replyTo !== null && { replyTo }) });
        setChosen((left) => left.filter((other) => other !== each));
        onSent();
      }
    } catch (failure) {
      // What was called off by hand needs no words.
      if (reasonOf(failure) !== 'cancelled') onError(explain(failure));
      throw failure;
    } finally {
      setSending(null);
    }
  };
  const drop = (file: File): void => {
    const dropped = chosen.find((each) => each.file === file);
    setChosen((left) => left.filter((each) => each.file !== file));
    // Where that fails it is there again next time.
    void dropped?.kept.then(() => background.call('dropFile', { id, file: dropped.name })).catch(() => undefined);
  };
  /** What has not left yet stays chosen. */
  const cancel = (): void => {
    if (sending) background.call('cancelFile', { id: sending.name }).catch(() => undefined); // it is sent then
  };
  return { chosen: chosen.map(({ file }) => file), sending: sending?.file ?? null, share, add, send, drop, cancel };
}

/** A file, and its name for the background: that of the request which sends it. */
interface ChosenFile {
  readonly file: File;
  readonly name: string;
  /** Resolves when the background has it, or has no room for it: then it is there for as long as this page is. */
  readonly kept: Promise<unknown>;
}

/** One after the other: they stay in the order in which they were chosen. */
function keep(id: string, file: File, before: Promise<unknown> | undefined, onFailure: (file: File, failure: unknown) => void): ChosenFile {
  const name = crypto.randomUUID();
  const kept = (async () => {
    await before;
    const data = toBase64(new Uint8Array(await file.arrayBuffer()));
    await background.call('keepFile', { id, file: name, filename: file.name, mimeType: file.type, data });
  })().catch((failure: unknown) => onFailure(file, failure));
  return { file, name, kept };
}

async function kept(id: string): Promise<ChosenFile[]> {
  const found: ChosenFile[] = [];
  try {
    for (const name of await background.call('keptFiles', { id })) {
      const file = await background.call('keptFile', { id, file: name });
      if (file)
        found.push({ name, file: new File([fromBase64(file.data)], file.filename, { type: file.mimeType }), kept: Promise.resolve() });
    }
  } catch {
    // What can be had is shown.
  }
  return found;
}

function whyNot(added: readonly File[], count: number): string | null {
  const large = added.find(({ size }) => size > longestFile);
  if (large) return t('useFiles.tooLarge', { name: visibleLine(large.name), size: sizeOf(longestFile) });
  const empty = added.find(({ size }) => size === 0);
  if (empty) return t('useFiles.empty', { name: visibleLine(empty.name) });
  return count > mostFiles ? t('useFiles.tooMany', { count: mostFiles }) : null;
}
