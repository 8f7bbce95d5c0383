import { ArrowLeft } from 'lucide';
import type { JSX } from 'preact';
import type { Status } from '../../rpc/views.ts';
import { CopyAddress } from '../parts/Address.tsx';
import { IconLink } from '../parts/Button.tsx';
import { Failure, Notice } from '../parts/Notice.tsx';
import { PageBones } from '../parts/Skeleton.tsx';
import { background } from '../rpc.ts';
import { useAsked } from '../state.ts';
import { Locking } from './settings/Locking.tsx';
import { Look } from './settings/Look.tsx';
import { Node } from './settings/Node.tsx';
import { Phrase } from './settings/Phrase.tsx';
import { PreKey } from './settings/PreKey.tsx';
import { Sites } from './settings/Sites.tsx';
import { Wipe } from './settings/Wipe.tsx';

interface SettingsProps {
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  readonly wide: boolean;
}

export function Settings({ status, onStatus, wide }: SettingsProps): JSX.Element {
  const { value, error, reload } = useAsked(() => background.call('settings', {}), 'settings', ['status']);
  return (
    <div class="screen">
      <header class={`bar${wide ? '' : ' with-back'}`}>
        {!wide && <IconLink icon={ArrowLeft} label="Back" href="#/" />}
        <h1>Settings</h1>
      </header>
      <main class="scroll">
        {error && !value ? (
          <Failure error={error} retry={reload} />
        ) : !value ? (
          <PageBones />
        ) : (
          <div class="page">
            <section class="group">
              <h2>Your address</h2>
              <p class="small quiet">Give it to those who should write to you.</p>
              <CopyAddress address={status.account?.address ?? ''} />
              {!status.published && (
                <Notice tone="caution">Nobody can find you yet: your keys have not reached the node. Parley keeps trying.</Notice>
              )}
            </section>
            <Node settings={value} onChanged={reload} />
            <Locking settings={value} onChanged={reload} />
            <Look settings={value} onChanged={reload} />
            <Sites settings={value} onChanged={reload} />
            <Phrase saved={status.account?.phraseSaved ?? false} onStatus={onStatus} />
            <PreKey settings={value} onChanged={reload} />
            <Wipe onStatus={onStatus} />
            <p class="small quiet">
              Parley {value.version}. Messages by XMTP V2: sealed end to end, without forward secrecy. A node sees who invites whom and
              when, never what is said.
            </p>
          </div>
        )}
      </main>
    </div>
  );
}
