import { ArrowLeft } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../rpc/views/account.ts';
import { OpenBackup } from '../parts/BackupFile.tsx';
import { Button, IconLink } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Notice } from '../parts/Notice.tsx';
import { go, inToolbar } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { rich, t, type Words } from '../t.tsx';
import { strength } from '../words.ts';

/** From a backup file to the account that it holds, in a browser that has none. */
export function Restore({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  return (
    <main class="scroll gate steps">
      <div class="page">
        <div class="progress">
          <IconLink icon={ArrowLeft} label={t('common.back')} href="#/welcome" />
        </div>
        <h1>{t('restore.bringBackABackup')}</h1>
        <p class="quiet">{t('restore.theFileAndIts')}</p>
        {inToolbar() ? (
          <p>
            {rich('restore.filesNeedAPage', {
              link: (words: Words) => (
                <a href="popup.html#/restore" target="_blank" rel="noopener">
                  {words}
                </a>
              ),
            })}
          </p>
        ) : (
          <OpenBackup label={t('common.open')}>{({ id }) => <NewPassphrase id={id} onStatus={onStatus} />}</OpenBackup>
        )}
      </div>
    </main>
  );
}

function NewPassphrase({ id, onStatus }: { readonly id: string; readonly onStatus: (status: Status) => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const work = useWork();
  const { text, tone } = strength(passphrase);
  const ready = [...passphrase].length >= 12 && passphrase === again;
  const restore = (): Promise<void> =>
    work.run(async () => {
      await background.call('restoreBackup', { id, passphrase });
      onStatus(await background.call('status', {}));
      go('#/');
    });
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void restore();
      }}
    >
      <Field
        label={t('common.passphrase')}
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={passphrase === '' ? t('restore.aNewOneWhich') : text}
        tone={passphrase === '' ? 'plain' : tone}
      />
      <Field
        label={t('common.repeatPassphrase')}
        type="password"
        value={again}
        onValue={setAgain}
        hint={again !== '' && again !== passphrase ? t('common.theTwoDiffer') : ''}
        tone={again !== '' && again !== passphrase ? 'caution' : 'plain'}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button kind="primary" type="submit" wide disabled={!ready || work.busy}>
        {work.busy ? t('restore.bringingItBackBegin') : t('restore.bringItBack')}
      </Button>
    </form>
  );
}
