import { File as FileIcon, X } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { shareOf, sizeOf } from '../files.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';

interface ChosenFilesProps {
  readonly files: readonly File[];
  /** The one that is on its way. */
  readonly sending: File | null;
  /** How much of it has gone, from 0 to 1; null while nobody says. */
  readonly share: number | null;
  readonly onDrop: (file: File) => void;
  readonly onCancel: () => void;
}

/** The files that go with the next message, each of which can be left out again. */
export function ChosenFiles({ files, sending, share, onDrop, onCancel }: ChosenFilesProps): JSX.Element {
  return (
    <ul class="chosen-files" aria-label={t('common.filesToSend')}>
      {files.map((file) => (
        <li key={`${file.name} ${file.size} ${file.lastModified}`}>
          <Preview file={file} />
          <span class="file-name">
            <bdi>{visibleLine(file.name)}</bdi>
            <span class="small quiet">
              {file !== sending
                ? sizeOf(file.size)
                : share === null
                  ? t('chosenFiles.sending', { size: sizeOf(file.size) })
                  : t('chosenFiles.sendingShare', { size: sizeOf(file.size), share: shareOf(share) })}
            </span>
            {file === sending && (
              <progress value={share ?? undefined} aria-label={t('chosenFiles.sendingNamed', { name: visibleLine(file.name) })} />
            )}
          </span>
          <IconButton
            icon={X}
            label={t(file === sending ? 'chosenFiles.cancelNamed' : 'common.leaveOutNamed', { name: visibleLine(file.name) })}
            disabled={sending !== null && file !== sending}
            onClick={() => (file === sending ? onCancel() : onDrop(file))}
          />
        </li>
      ))}
    </ul>
  );
}

/** One's own picture, from one's own disk. */
function Preview({ file }: { readonly file: File }): JSX.Element {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(png|jpeg|webp|gif)$/.test(file.type)) return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url === null ? <Icon of={FileIcon} /> : <img src={url} alt="" />;
}
