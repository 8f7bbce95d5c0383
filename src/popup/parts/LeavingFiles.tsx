import { X } from 'lucide';
import { Fragment, type JSX, type RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ChosenFile } from '../chosen-file.ts';
import { explain } from '../explain.ts';
import { shareOf, sizeOf } from '../files.ts';
import { helpOf, type LeavingFile } from '../leaving-files.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { Body } from './Body.tsx';
import { Button, IconButton } from './Button.tsx';
import { FilePreview } from './FilePreview.tsx';
import { Notice } from './Notice.tsx';

/** What can be done with a file that is on its way, or could not go. */
export interface LeavingDeeds {
  readonly cancel: (file: ChosenFile) => void;
  readonly retry: (file: ChosenFile) => void;
  readonly remove: (file: ChosenFile) => void;
  /** Puts others in its place, among those to send. */
  readonly replace: (file: ChosenFile, by: readonly File[]) => void;
  /** Whether anything may be sent here now. */
  readonly writes: boolean;
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
        <Fragment key={each.file.id}>
          {each.words === null ? <Bubble leaving={each} deeds={deeds} /> : <Words leaving={each} words={each.words} deeds={deeds} />}
        </Fragment>
      ))}
    </>
  );
}

interface BubbleProps {
  readonly leaving: LeavingFile;
  readonly deeds: LeavingDeeds;
}

/** Its beginning and its end are told elsewhere: nobody wants to hear each per cent. */
function Bubble({ leaving, deeds }: BubbleProps): JSX.Element {
  const { file, state, share, failure } = leaving;
  const { replace } = deeds;
  const help = deeds.writes ? helpOf(failure) : 'nothing';
  const name = visibleLine(file.filename);
  const place = useBackToField();
  const picker = useRef<HTMLInputElement>(null);
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
            {state === 'failed' && <Notice tone="danger">{explain(failure)}</Notice>}
            {state === 'failed' && (
              <div class="side">
                {help === 'again' && (
                  <Button label={t('leavingFiles.tryAgainNamed', { name })} onClick={() => deeds.retry(file)}>
                    {t('common.tryAgain')}
                  </Button>
                )}
                {help === 'another' && (
                  <>
                    <input
                      ref={picker}
                      type="file"
                      hidden
                      aria-label={t('leavingFiles.anotherFor', { name })}
                      onChange={(event) => replace(file, [...(event.currentTarget.files ?? [])])}
                    />
                    <Button label={t('leavingFiles.anotherFor', { name })} onClick={() => picker.current?.click()}>
                      {t('leavingFiles.another')}
                    </Button>
                  </>
                )}
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

/** Words that go once the files before them have gone. */
function Words({ leaving, words, deeds }: BubbleProps & { readonly words: string }): JSX.Element {
  const { file, state, failure } = leaving;
  const place = useBackToField();
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fields of a form
    <div ref={place} class="message mine first last leaving" role="group" aria-label={t('leavingFiles.words')} aria-live="off">
      <div class="said">
        <div class="bubble" dir="auto">
          <Body text={words} marks={false} links={false} />
          <div class="file">
            <span class="small quiet">{t(state === 'failed' ? 'leavingFiles.wordsFailed' : 'leavingFiles.wordsWait')}</span>
            {state === 'failed' && <Notice tone="danger">{explain(failure)}</Notice>}
            {state !== 'sending' && (
              <div class="side">
                {state === 'failed' && deeds.writes && helpOf(failure) === 'again' && (
                  <Button onClick={() => deeds.retry(file)}>{t('common.tryAgain')}</Button>
                )}
                <Button onClick={() => deeds.remove(file)}>{t('leavingFiles.takeBack')}</Button>
              </div>
            )}
          </div>
        </div>
      </div>
    </div>
  );
}

/** Who was in it goes on in the field when it is gone. */
function useBackToField(): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = place.current;
    return () => {
      if (element?.contains(document.activeElement)) document.querySelector<HTMLElement>('.composer textarea')?.focus();
    };
  }, []);
  return place;
}

function stateOf({ file, state, share }: LeavingFile): string {
  const size = sizeOf(file.size);
  if (state === 'waiting') return t('leavingFiles.waiting', { size });
  if (state === 'failed') return t('leavingFiles.failed', { size });
  return share === null ? t('leavingFiles.sending', { size }) : t('leavingFiles.sendingShare', { size, share: shareOf(share) });
}
