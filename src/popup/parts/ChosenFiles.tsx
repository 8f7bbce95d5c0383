import { File as FileIcon, X } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChosenFile } from '../chosen-file.ts';
import { shareOf, sizeOf } from '../files.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';

interface ChosenFilesProps {
  readonly files: readonly ChosenFile[];
  /** The one that is on its way. */
  readonly sending: ChosenFile | null;
  /** How much of it has gone, from 0 to 1; null while nobody says. */
  readonly share: number | null;
  readonly onDrop: (file: ChosenFile) => void;
  readonly onCancel: () => void;
}

/** The files that go with the next message, each of which can be left out again. */
export function ChosenFiles({ files, sending, share, onDrop, onCancel }: ChosenFilesProps): JSX.Element {
  return (
    <ul class="chosen-files" aria-label={t('common.filesToSend')}>
      {files.map((file) => (
        <li key={file.id}>
          <Preview file={file} />
          <span class="file-name">
            <bdi>{visibleLine(file.filename)}</bdi>
            <span class="small quiet">
              {file !== sending
                ? sizeOf(file.size)
                : share === null
                  ? t('chosenFiles.sending', { size: sizeOf(file.size) })
                  : t('chosenFiles.sendingShare', { size: sizeOf(file.size), share: shareOf(share) })}
            </span>
            {file === sending && (
              <progress value={share ?? undefined} aria-label={t('chosenFiles.sendingNamed', { name: visibleLine(file.filename) })} />
            )}
          </span>
          <IconButton
            icon={X}
            label={t(file === sending ? 'chosenFiles.cancelNamed' : 'common.leaveOutNamed', { name: visibleLine(file.filename) })}
            disabled={sending !== null && file !== sending}
            onClick={() => (file === sending ? onCancel() : onDrop(file))}
          />
        </li>
      ))}
    </ul>
  );
}

/** One's own picture, from one's own disk, read once it comes into sight. */
function Preview({ file }: { readonly file: ChosenFile }): JSX.Element {
  const place = useRef<HTMLSpanElement>(null);
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(png|jpeg|webp|gif)$/.test(file.mimeType) || !place.current) return;
    let made: string | null = null;
    let over = false;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      file.read().then(
        (read) => {
          if (over || !read) return;
          made = URL.createObjectURL(read);
          setUrl(made);
        },
        () => undefined, // its sign stays
      );
    });
    seen.observe(place.current);
    return () => {
      over = true;
      seen.disconnect();
      if (made) URL.revokeObjectURL(made);
    };
  }, [file]);
  return <span ref={place}>{url === null ? <Icon of={FileIcon} /> : <img src={url} alt="" />}</span>;
}
