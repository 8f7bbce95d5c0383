import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Founding } from '../../../rpc/views/founding.ts';
import { FullAddress } from '../../parts/Address.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import type { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { closePage } from '../../wallets/page-wallet.ts';
import { BackupChoice } from './BackupChoice.tsx';
import { Look } from './Look.tsx';
import { PageWallet, type Reached } from './PageWallet.tsx';
import { Passphrase } from './Passphrase.tsx';
import { PickAccount } from './PickAccount.tsx';
import { Sign } from './Sign.tsx';
import { hostOf } from './Start.tsx';
import { Stuck } from './Stuck.tsx';

interface StepsProps {
  readonly founding: Founding;
  readonly reached: Reached | null;
  readonly node: string;
  readonly adding: boolean;
  readonly work: ReturnType<typeof useWork>;
  readonly onNode: (node: string) => void;
  readonly onFounding: (founding: Founding) => void;
  readonly onReached: (reached: Reached | null) => void;
  readonly onPassphrase: (passphrase: string) => void;
  readonly onBack: () => void;
}

/** The step that an account on its way has come to. */
export function Steps({
  founding,
  reached,
  node,
  adding,
  work,
  onNode,
  onFounding,
  onReached,
  onPassphrase,
  onBack,
}: StepsProps): JSX.Element {
  const [choosing, setChoosing] = useState(false);
  const { stage, address, way } = founding;
  const shared = { founding, node, adding, onNode, onFounding, onBack };
  if (choosing && address !== null)
    return (
      <PageWallet
        tab={null}
        node={node}
        address={address}
        onReached={(found) => {
          onReached(found);
          setChoosing(false);
        }}
        onBack={() => setChoosing(false)}
      />
    );
  switch (stage.step) {
    case 'account':
      return <PickAccount onFounding={onFounding} onBack={onBack} />;
    case 'look':
      return <Look {...shared} address={address ?? ''} />;
    case 'backup':
      return <BackupChoice node={hostOf(founding.node ?? node)} onFounding={onFounding} onBack={onBack} />;
    case 'stuck':
      return <Stuck {...shared} stage={stage} />;
    case 'sign':
      return (
        <Sign
          founding={founding}
          stage={stage}
          reached={reached}
          onFounding={onFounding}
          onOther={() => {
            if (!reached) return setChoosing(true);
            void closePage(reached.page);
            onReached(null);
          }}
          onNoBackup={() => void background.call('decideFounding', { choice: 'no-backup' }).then(onFounding, () => undefined)}
          onBack={onBack}
        />
      );
    case 'ready': {
      const last = way === 'phrase' || way === 'external' ? 3 : 2;
      return (
        <Passphrase
          step={[last, last]}
          known={adding}
          busy={work.busy}
          error={work.error}
          doing={stage.restored ? t('steps.fetchingYourConversationsBegin') : t('steps.sealingYourKeysBegin')}
          onPassphrase={onPassphrase}
          onBack={onBack}
        >
          <FullAddress address={address ?? ''} />
          <Notice tone={stage.replaces ? 'caution' : 'plain'}>{outcome(stage)}</Notice>
        </Passphrase>
      );
    }
  }
}

function outcome({
  restored,
  replaces,
  backup,
}: {
  readonly restored: boolean;
  readonly replaces: boolean;
  readonly backup: boolean;
}): string {
  const keys = restored ? t('steps.yourKeysWereFound') : replaces ? t('steps.yourKeysTakeThe') : t('steps.nothingWasFoundOn');
  return `${keys} ${backup ? t('steps.theNetworkHoldsA') : t('steps.thereWillBeNo')}`;
}
