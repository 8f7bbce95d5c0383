import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../../rpc/views/account.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';

export function Wipe({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  return (
    <section class="group" id="settings-wipe">
      <h2>{t('wipe.removeEverythingFromThis')}</h2>
      <p class="small quiet">{t('wipe.keysMessagesDraftsAnd')}</p>
      {open ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void work.run(async () => onStatus(await background.call('wipe', { passphrase })));
          }}
        >
          <Field label={t('common.passphrase')} type="password" value={passphrase} onValue={setPassphrase} autoFocus />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button onClick={() => setOpen(false)}>{t('wipe.keepEverything')}</Button>
            <Button kind="danger" type="submit" disabled={passphrase === '' || work.busy}>
              {t('wipe.removeEverything')}
            </Button>
          </div>
        </form>
      ) : (
        <div class="side">
          <Button onClick={() => setOpen(true)}>{t('wipe.removeEverythingBegin')}</Button>
        </div>
      )}
    </section>
  );
}
