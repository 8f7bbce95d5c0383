import { useState } from 'preact/hooks';
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
  const [chosen, setChosen] = useState<readonly File[]>([]);
  /** The request for the file that is on its way now. */
  const [sending, setSending] = useState<{ readonly file: File; readonly clientId: string } | null>(null);

  const add = (added: readonly File[]): void => {
    const fits = added.filter(({ size }) => size > 0 && size <= longestFile);
    onError(whyNot(added, chosen.length + fits.length));
    setChosen([...chosen, ...fits].slice(0, mostFiles));
  };
  const send = async (): Promise<void> => {
    onError(null);
    try {
      for (const file of chosen) {
        const clientId = crypto.randomUUID();
        setSending({ file, clientId });
        const ready = await fitting(file);
        await background.call('sendFile', { id, ...ready, clientId, ...(replyTo !== null && { replyTo }) });
        drop(file);
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
  const drop = (file: File): void => setChosen((left) => left.filter((each) => each !== file));
  /** What has not left yet stays chosen. */
  const cancel = (): void => {
    if (sending) background.call('cancelFile', { id: sending.clientId }).catch(() => undefined); // it is sent then
  };
  return { chosen, sending: sending?.file ?? null, add, send, drop, cancel };
}

function whyNot(added: readonly File[], count: number): string | null {
  const large = added.find(({ size }) => size > longestFile);
  if (large) return t('useFiles.tooLarge', { name: visibleLine(large.name), size: sizeOf(longestFile) });
  const empty = added.find(({ size }) => size === 0);
  if (empty) return t('useFiles.empty', { name: visibleLine(empty.name) });
  return count > mostFiles ? t('useFiles.tooMany', { count: mostFiles }) : null;
}
