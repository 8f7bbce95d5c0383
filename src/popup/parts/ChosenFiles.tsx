import { X } from 'lucide';
import type { JSX } from 'preact';
import type { ChosenFile } from '../chosen-file.ts';
import { sizeOf } from '../files.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { IconButton } from './Button.tsx';
import { FilePreview } from './FilePreview.tsx';

interface ChosenFilesProps {
  readonly files: readonly ChosenFile[];
  readonly onDrop: (file: ChosenFile) => void;
}

/** The files that go with the next message, each of which can be left out again. */
export function ChosenFiles({ files, onDrop }: ChosenFilesProps): JSX.Element {
  return (
    <ul class="chosen-files" aria-label={t('common.filesToSend')}>
      {files.map((file) => (
        <li key={file.id}>
          <FilePreview file={file} />
          <span class="file-name">
            <bdi>{visibleLine(file.filename)}</bdi>
            <span class="small quiet">{sizeOf(file.size)}</span>
          </span>
          <IconButton icon={X} label={t('common.leaveOutNamed', { name: visibleLine(file.filename) })} onClick={() => onDrop(file)} />
        </li>
      ))}
    </ul>
  );
}
