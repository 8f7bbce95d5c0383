import { ArrowLeft, Maximize2 } from 'lucide';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Status } from '../../rpc/views/account.ts';
import { IconLink } from '../parts/Button.tsx';
import { Failure } from '../parts/Notice.tsx';
import { PageBones } from '../parts/Skeleton.tsx';
import { inToolbar } from '../router.ts';
import { background } from '../rpc.ts';
import { useAsked } from '../state.ts';
import { t } from '../t.tsx';
import { About } from './settings/About.tsx';
import { Accounts } from './settings/Accounts.tsx';
import { Backup } from './settings/Backup.tsx';
import { ChangePassphrase } from './settings/ChangePassphrase.tsx';
import { EthereumNames } from './settings/EthereumNames.tsx';
import { Exports } from './settings/Exports.tsx';
import { Locking } from './settings/Locking.tsx';
import { Look } from './settings/Look.tsx';
import { NewIdentity } from './settings/NewIdentity.tsx';
import { Nodes } from './settings/Nodes.tsx';
import { Notifications } from './settings/Notifications.tsx';
import { Phrase } from './settings/Phrase.tsx';
import { PreKey } from './settings/PreKey.tsx';
import { Privacy } from './settings/Privacy.tsx';
import { Receipts } from './settings/Receipts.tsx';
import { Sites } from './settings/Sites.tsx';
import { Wipe } from './settings/Wipe.tsx';

interface SettingsProps {
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  readonly wide: boolean;
  /** The group to begin with. */
  readonly part: string | null;
}

const groups = [
  ['accounts', 'common.accounts'],
  ['security', 'settings.locking'],
  ['passphrase', 'common.passphrase'],
  ['node', 'common.node'],
  ['privacy', 'settings.privacy'],
  ['sites', 'settings.sites'],
  ['names', 'settings.names'],
  ['phrase', 'common.recoveryPhrase'],
  ['backup', 'settings.backup'],
  ['export', 'settings.export'],
  ['pre-key', 'settings.preKey'],
  ['look', 'settings.look'],
  ['notifications', 'settings.notifications'],
  ['receipts', 'settings.receipts'],
  ['about', 'settings.about'],
  ['identity', 'settings.identity'],
  ['wipe', 'settings.wipe'],
] as const;

/** Groups of few, the dangerous ones last. With room, a list of the groups stands beside them. */
export function Settings({ status, onStatus, wide, part }: SettingsProps): JSX.Element {
  const { value, error, reload } = useAsked(() => background.call('settings', {}), 'settings', ['status']);
  const there = value !== null;
  useEffect(() => {
    if (there && part !== null) document.getElementById(`settings-${part}`)?.scrollIntoView();
  }, [there, part]);
  const page = (
    <main class="scroll">
      {error && !value ? (
        <Failure error={error} retry={reload} />
      ) : !value ? (
        <PageBones />
      ) : (
        <div class="page">
          <Accounts status={status} onStatus={onStatus} />
          <Locking settings={value} onChanged={reload} />
          <ChangePassphrase />
          <Nodes settings={value} onChanged={reload} />
          <Privacy settings={value} onChanged={reload} />
          <Sites settings={value} onChanged={reload} />
          <EthereumNames settings={value} onChanged={reload} />
          <Phrase held={value.wallet?.held !== 'none'} saved={status.account?.phraseSaved ?? false} />
          <Backup settings={value} onChanged={reload} status={status} />
          <Exports own={status.account?.address ?? ''} />
          <PreKey settings={value} onChanged={reload} />
          <Look settings={value} onChanged={reload} />
          <Notifications settings={value} onChanged={reload} />
          <Receipts settings={value} onChanged={reload} />
          <About settings={value} status={status} />
          <NewIdentity held={value.wallet?.held !== 'none'} onStatus={onStatus} />
          <Wipe onStatus={onStatus} />
        </div>
      )}
    </main>
  );
  const header = (
    <header class="bar with-back">
      <IconLink icon={ArrowLeft} label={t('common.back')} href="#/" />
      <h1>{t('common.settings')}</h1>
      {inToolbar() && <IconLink icon={Maximize2} label={t('settings.openSettingsInA')} href="popup.html#/settings" tab />}
    </header>
  );
  if (!wide)
    return (
      <div class="screen">
        {header}
        {page}
      </div>
    );
  return (
    <div class="frame two">
      <div class="screen">
        {header}
        <nav class="scroll" aria-label={t('settings.groupsOfSettings')}>
          <ul class="settings-groups">
            {groups.map(([id, name]) => (
              <li key={id}>
                <a href={`#/settings/${id}`} aria-current={part === id ? 'true' : undefined}>
                  {t(name)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      {page}
    </div>
  );
}
