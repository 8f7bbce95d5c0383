import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../../rpc/views/account.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';

/** The last resort: other keys for the same wallet. */
export function NewIdentity({ held, onStatus }: { readonly held: boolean; readonly onStatus: (status: Status) => void }): JSX.Element {
  const [state, setState] = useState<'closed' | 'asking' | 'done'>('closed');
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  const renew = (): Promise<void> =>
    work.run(async () => {
      onStatus(await background.call('newIdentity', { passphrase }));
      setPassphrase('');
      setState('done');
    });
  return (
    <section class="group" id="settings-identity">
      <h2>{t('settings.identity')}</h2>
      <p class="small quiet">{t('newIdentity.otherKeysForThe')}</p>
      {state === 'done' && <Notice>{t('newIdentity.youHaveNewKeys')}</Notice>}
      {!held ? (
        <p class="small">{t('newIdentity.needsTheWallet')}</p>
      ) : state === 'asking' ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (passphrase !== '') void renew();
          }}
        >
          <Notice tone="caution">
            <ul class="stack tight">
              <li>{t('newIdentity.everybodyYouWriteTo')}</li>
              <li>{t('newIdentity.everyConversationOfTwo')}</li>
              <li>{t('newIdentity.otherProgramsWithThis')}</li>
              <li>{t('newIdentity.whatWasSaidSo')}</li>
            </ul>
          </Notice>
          <Field label={t('common.passphrase')} type="password" value={passphrase} onValue={setPassphrase} autoFocus />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button
              onClick={() => {
                setState('closed');
                setPassphrase('');
                work.clear();
              }}
            >
              {t('newIdentity.keepMyKeys')}
            </Button>
            <Button kind="danger" type="submit" disabled={passphrase === '' || work.busy}>
              {t('newIdentity.makeANewIdentity')}
            </Button>
          </div>
        </form>
      ) : (
        <div class="side">
          <Button onClick={() => setState('asking')}>{t('newIdentity.newIdentityBegin')}</Button>
        </div>
      )}
    </section>
  );
}
