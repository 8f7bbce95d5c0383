import { X } from 'lucide';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ChosenFile } from '../chosen-file.ts';
import { shareOf, sizeOf } from '../files.ts';
import type { LeavingFile } from '../leaving-files.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { Button, IconButton } from './Button.tsx';
import { FilePreview } from './FilePreview.tsx';
import { Notice } from './Notice.tsx';

/** What can be done with a file that is on its way, or could not go. */
export interface LeavingDeeds {
  readonly cancel: (file: ChosenFile) => void;
  readonly retry: (file: ChosenFile) => void;
  readonly remove: (file: ChosenFile) => void;
}

interface LeavingFilesProps {
  readonly files: readonly LeavingFile[];
  readonly deeds: LeavingDeeds;
}

/** The files that are on their way, each in the bubble that its message will have. */
export function LeavingFiles({ files, deeds }: LeavingFilesProps): JSX.Element {
  return (
    <>
      {files.map((each) => (
        <Bubble key={each.file.id} leaving={each} deeds={deeds} />
      ))}
    </>
  );
}

/** Its beginning and its end are told elsewhere: nobody wants to hear each per cent. */
function Bubble({ leaving, deeds }: { readonly leaving: LeavingFile; readonly deeds: LeavingDeeds }): JSX.Element {
  const { file, state, share, error } = leaving;
  const name = visibleLine(file.filename);
  const place = useRef<HTMLDivElement>(null);
  // Who was in it goes on in the field when it is gone.
  useLayoutEffect(() => {
    const element = place.current;
    return () => {
      if (element?.contains(document.activeElement)) document.querySelector<HTMLElement>('.composer textarea')?.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fields of a form
    <div ref={place} class="message mine first last leaving" role="group" aria-label={name} aria-live="off">
      <div class="said">
        <div class="bubble" dir="auto">
          <div class="file">
            <div class="file-line">
              <FilePreview file={file} />
              <span class="file-name">
                <bdi>{name}</bdi>
                <span class="small quiet">{stateOf(leaving)}</span>
              </span>
              {state !== 'failed' && (
                <IconButton icon={X} label={t('leavingFiles.cancelNamed', { name })} onClick={() => deeds.cancel(file)} />
              )}
            </div>
            {state === 'sending' && <progress value={share ?? undefined} aria-label={t('leavingFiles.sendingNamed', { name })} />}
            {error !== null && <Notice tone="danger">{error}</Notice>}
            {state === 'failed' && (
              <div class="side">
                <Button label={t('leavingFiles.tryAgainNamed', { name })} onClick={() => deeds.retry(file)}>
                  {t('common.tryAgain')}
                </Button>
                <Button label={t('common.removeNamed', { name })} onClick={() => deeds.remove(file)}>
                  {t('common.remove')}
                </Button>
              </div>
            )}
          </div>
        </div>
      </div>
    </div>
  );
}

function stateOf({ file, state, share }: LeavingFile): string {
  const size = sizeOf(file.size);
  if (state === 'waiting') return t('leavingFiles.waiting', { size });
  if (state === 'failed') return t('leavingFiles.failed', { size });
  return share === null ? t('leavingFiles.sending', { size }) : t('leavingFiles.sendingShare', { size, share: shareOf(share) });
}
