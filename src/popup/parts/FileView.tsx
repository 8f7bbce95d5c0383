import { Download, File as FileIcon } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenedFile, Shown } from '../../rpc/views/messages.ts';
import { explain, reasonOf } from '../explain.ts';
import { kindOf, save, sizeOf, urlOf } from '../files.ts';
import { background } from '../rpc.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';

interface FileViewProps {
  readonly message: string;
  readonly file: Extract<Shown, { form: 'file' }>;
  /** Whether what is in the message may be drawn without asking: not for strangers. */
  readonly trusted: boolean;
}

/** A file in a message. Pictures of people that were accepted show themselves; all else opens when it is asked for, and nothing is ever taken for a page. */
export function FileView({ message, file, trusted }: FileViewProps): JSX.Element {
  const [opened, setOpened] = useState<{ readonly file: OpenedFile; readonly url: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [come, setCome] = useState<{ readonly done: number; readonly total: number | null } | null>(null);
  const [whole, setWhole] = useState(false);
  const name = visibleLine(file.filename);

  const open = async (): Promise<{ readonly file: OpenedFile; readonly url: string } | null> => {
    if (opened) return opened;
    setBusy(true);
    setError(null);
    try {
      const read = await background.call('openFile', { message });
      const next = { file: read, url: urlOf(read) };
      setOpened(next);
      return next;
    } catch (failure) {
      if (reasonOf(failure) !== 'cancelled') setError(explain(failure));
      return null;
    } finally {
      setBusy(false);
      setCome(null);
    }
  };
  const keep = async (): Promise<void> => {
    const there = await open();
    if (there) save(there.url, there.file.filename);
  };
  useEffect(
    () => (busy ? background.on('transfer', (transfer) => transfer.id === message && setCome(transfer)) : undefined),
    [busy, message],
  );
  const draws = trusted && file.image && file.host === null;
  useEffect(() => {
    if (draws) void open();
  }, [draws]);
  useEffect(() => () => opened && URL.revokeObjectURL(opened.url), [opened]);

  const kind = opened ? kindOf(opened.file) : null;
  if (opened && kind === 'image')
    return (
      <>
        <button type="button" class="photo" aria-label={t('fileView.showLargerNamed', { name })} onClick={() => setWhole(true)}>
          <img src={opened.url} alt={name} decoding="async" />
        </button>
        {whole && (
          <Dialog title={name} onClose={() => setWhole(false)}>
            <img class="photo-whole" src={opened.url} alt={name} />
            <div class="decide">
              <Button icon={Download} onClick={() => save(opened.url, opened.file.filename)}>
                {t('common.save')}
              </Button>
              <Button onClick={() => setWhole(false)}>{t('common.close')}</Button>
            </div>
          </Dialog>
        )}
      </>
    );
  return (
    <div class="file">
      <div class="file-line">
        <Icon of={FileIcon} />
        <span class="file-name">
          <bdi>{name}</bdi>
          <span class="small quiet">
            {[file.size === null ? null : sizeOf(file.size), file.host === null ? null : t('fileView.at', { host: file.host })]
              .filter(Boolean)
              .join(' ')}
          </span>
        </span>
      </div>
      {opened && kind === 'audio' && (
        // biome-ignore lint/a11y/useMediaCaption: what people send has no captions
        <audio controls src={opened.url} aria-label={name} />
      )}
      {opened && kind === 'video' && (
        // biome-ignore lint/a11y/useMediaCaption: what people send has no captions
        <video controls src={opened.url} aria-label={name} />
      )}
      {busy && come && (
        <progress
          max={come.total ?? undefined}
          value={come.total === null ? undefined : Math.min(come.done, come.total)}
          aria-label={t('fileView.loadingNamed', { name })}
        />
      )}
      {error && <Notice tone="danger">{error}</Notice>}
      {!opened && file.host !== null && !trusted && <p class="small quiet">{t('fileView.toLoadItThis', { host: file.host })}</p>}
      <div class="side">
        {!opened && (file.image || file.host !== null || kindOf({ imageType: null, mimeType: file.mimeType }) !== 'other') && (
          <Button
            disabled={busy}
            onClick={() => void open()}
            label={t(file.host === null ? 'fileView.showNamed' : 'fileView.loadNamed', { name })}
          >
            {busy ? t('fileView.loadingBegin') : file.host === null ? t('common.show') : t('fileView.load')}
          </Button>
        )}
        {busy && file.host !== null && (
          <Button onClick={() => void background.call('cancelFile', { id: message }).catch(() => undefined)}>{t('common.cancel')}</Button>
        )}
        {(opened || file.host === null) && (
          <Button icon={Download} disabled={busy} onClick={() => void keep()} label={t('fileView.saveNamed', { name })}>
            {t('common.save')}
          </Button>
        )}
      </div>
    </div>
  );
}
