import { Download } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../../rpc/views/account.ts';
import type { Restored } from '../../../rpc/views/transfers.ts';
import { OpenBackup } from '../../parts/BackupFile.tsx';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { inToolbar } from '../../router.ts';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t, type Words } from '../../t.tsx';
import { fullTime } from '../../time.ts';
import { takeFile } from '../../transfer.ts';
import { strength } from '../../words.ts';
import type { GroupProps } from './group.ts';

type Doing = 'nothing' | 'making' | 'checking' | 'adding';

export function Backup({ settings, onChanged, status }: GroupProps & { readonly status: Status }): JSX.Element {
  const [doing, setDoing] = useState<Doing>('nothing');
  const { backedUpAt } = settings;
  const done = (): void => {
    setDoing('nothing');
    onChanged();
  };
  return (
    <section class="group" id="settings-backup">
      <h2>{t('settings.backup')}</h2>
      {onlyHere(settings) && <Notice tone="caution">{t('backup.noneOnTheNetwork')}</Notice>}
      {!status.backedUp && <Notice tone="caution">{t('backup.thisAccountIsIn')}</Notice>}
      <p class="small quiet">{t('backup.everythingThatThisBrowser')}</p>
      {backedUpAt !== null && <p class="small">{t('backup.lastMadeHereOn', { time: fullTime(backedUpAt) })}</p>}
      {inToolbar() ? (
        <p class="small">
          {rich('backup.filesNeedAPage', {
            link: (words: Words) => (
              <a href="popup.html#/settings/backup" target="_blank" rel="noopener">
                {words}
              </a>
            ),
          })}
        </p>
      ) : doing === 'making' ? (
        <Make onDone={done} />
      ) : doing === 'checking' ? (
        <OpenBackup label={t('backup.check')}>
          {() => (
            <>
              <p class="small">{t('backup.nothingWasChanged')}</p>
              <div class="side">
                <Button onClick={done}>{t('common.close')}</Button>
              </div>
            </>
          )}
        </OpenBackup>
      ) : doing === 'adding' ? (
        <OpenBackup label={t('common.open')}>
          {({ id, report }) => <Add id={id} possible={report.accounts.some(({ here }) => here !== 'other-keys')} onDone={done} />}
        </OpenBackup>
      ) : (
        <div class="side">
          <Button icon={Download} onClick={() => setDoing('making')}>
            {t('backup.makeABackupFileBegin')}
          </Button>
          <Button onClick={() => setDoing('checking')}>{t('backup.checkAFileBegin')}</Button>
          <Button onClick={() => setDoing('adding')}>{t('backup.addFromAFileBegin')}</Button>
        </div>
      )}
      {(doing === 'checking' || doing === 'adding') && !inToolbar() && (
        <div class="side">
          <Button kind="plain" onClick={() => setDoing('nothing')}>
            {t('common.cancel')}
          </Button>
        </div>
      )}
    </section>
  );
}

/** Whether keys were made since the last file that nothing else has: no wallet is here that would bring them back, and nothing seals them for the network. */
const onlyHere = ({ wallet, preKey, backedUpAt }: GroupProps['settings']): boolean =>
  wallet?.sealsBackups === false && (backedUpAt ?? 0) < (preKey?.madeAt ?? 0);

function Make({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [own, setOwn] = useState('');
  const [again, setAgain] = useState('');
  const [messages, setMessages] = useState(true);
  const [name, setName] = useState<string | null>(null);
  const work = useWork();
  const { text, tone } = strength(own);
  const ready = passphrase !== '' && [...own].length >= 12 && own === again;
  const make = (): Promise<void> =>
    work.run(async () => {
      const made = await background.call('makeBackup', { passphrase, filePassphrase: own, messages });
      await takeFile(made);
      setPassphrase('');
      setOwn('');
      setAgain('');
      setName(made.name);
    });
  if (name !== null)
    return (
      <>
        <Notice>{t('backup.isInYourDownloads', { name })}</Notice>
        <div class="side">
          <Button onClick={onDone}>{t('backup.done')}</Button>
        </div>
      </>
    );
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void make();
      }}
    >
      <Field
        label={t('common.yourPassphrase')}
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={t('common.theOneThatUnlocks')}
      />
      <Field label={t('common.passphraseOfTheFile')} type="password" value={own} onValue={setOwn} hint={text} tone={tone} />
      <Field
        label={t('backup.repeatTheFilesPassphrase')}
        type="password"
        value={again}
        onValue={setAgain}
        hint={again !== '' && own !== again ? t('common.theTwoDiffer') : ''}
        tone={again !== '' && own !== again ? 'caution' : 'plain'}
      />
      <label class="check">
        <input type="checkbox" checked={messages} onChange={(event) => setMessages(event.currentTarget.checked)} />
        {t('backup.withConversationsAndMessages')}
      </label>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onDone}>{t('common.cancel')}</Button>
        <Button kind="primary" type="submit" disabled={!ready || work.busy}>
          {work.busy ? t('backup.sealingBegin') : t('backup.makeAndDownload')}
        </Button>
      </div>
    </form>
  );
}

function Add({ id, possible, onDone }: { readonly id: string; readonly possible: boolean; readonly onDone: () => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [restored, setRestored] = useState<Restored | null>(null);
  const work = useWork();
  if (!possible) return <p class="small">{t('backup.nothingInItCan')}</p>;
  if (restored)
    return (
      <>
        <Notice>
          {t(restored.preKeys ? 'backup.addedWithKeys' : 'backup.added', {
            messages: t('count.messages', { count: restored.messages }),
            peers: t('count.peers', { count: restored.peers }),
          })}
        </Notice>
        <div class="side">
          <Button onClick={onDone}>{t('backup.done')}</Button>
        </div>
      </>
    );
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (passphrase !== '') void work.run(async () => setRestored(await background.call('restoreBackup', { id, passphrase })));
      }}
    >
      <Field
        label={t('common.yourPassphrase')}
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={t('backup.theOneThatUnlocks')}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
          {t('backup.addWhatIsMissing')}
        </Button>
      </div>
    </form>
  );
}
