import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Founding, FoundingStage } from '../../../rpc/views/founding.ts';
import type { Key } from '../../../words/en/index.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t } from '../../t.tsx';
import { hostOf, NodeField } from './Start.tsx';
import { Stepped } from './Stepped.tsx';

type Stage = Extract<FoundingStage, { readonly step: 'stuck' }>;

interface StuckProps {
  readonly founding: Founding;
  readonly stage: Stage;
  readonly node: string;
  readonly adding: boolean;
  readonly onNode: (node: string) => void;
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

const titles = {
  'backup-closed': 'stuck.backupClosed',
  'keys-elsewhere': 'stuck.keysElsewhere',
  'other-keys': 'stuck.otherKeys',
  'signs-differently': 'stuck.signsDifferently',
} as const satisfies Record<Stage['why'], Key>;

/** What stands in the way, what it means, and the choices; what costs something comes last and says what it costs. */
export function Stuck({ founding, stage, node, adding, onNode, onFounding, onBack }: StuckProps): JSX.Element {
  const [other, setOther] = useState(false);
  const [last, setLast] = useState(false);
  const work = useWork();
  const decide = (choice: 'older' | 'new-identity' | 'backup' | 'no-backup') => (): void =>
    void work.run(async () => onFounding(await background.call('decideFounding', { choice })));
  const look = (): void => void work.run(async () => onFounding(await background.call('lookForKeys', adding ? {} : { node })));
  const differs = stage.why === 'signs-differently';
  return (
    <Stepped step={null} title={t(titles[stage.why])} onBack={onBack} busy={work.busy}>
      <Explained founding={founding} stage={stage} />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {stage.older > 0 && (
        <Button kind="primary" wide disabled={work.busy} onClick={decide('older')}>
          {t('stuck.tryOlder', { count: stage.older })}
        </Button>
      )}
      {differs ? (
        <>
          <Button kind="primary" wide disabled={work.busy} onClick={decide('no-backup')}>
            {t('common.goOnWithoutA')}
          </Button>
          <Button wide disabled={work.busy} onClick={decide('backup')}>
            {t('stuck.tryBothSignaturesAgain')}
          </Button>
        </>
      ) : (
        <>
          {other && !adding ? (
            <div class="stack">
              <NodeField node={node} onNode={onNode} />
              <Button wide disabled={work.busy} onClick={look}>
                {t('stuck.lookThere')}
              </Button>
            </div>
          ) : (
            <Button wide disabled={work.busy} onClick={adding ? look : () => setOther(true)}>
              {adding ? t('common.lookAgain') : t('stuck.lookOnAnotherNode')}
            </Button>
          )}
          <Button wide disabled={work.busy} onClick={onBack}>
            {founding.way === 'phrase'
              ? t('stuck.chooseAnotherAccount')
              : founding.way === 'bundle'
                ? t('stuck.bringOtherKeys')
                : t('stuck.useAnotherWallet')}
          </Button>
          {last ? (
            <LastResort founding={founding} busy={work.busy} onYes={decide('new-identity')} onNo={() => setLast(false)} />
          ) : (
            <div class="side">
              <Button kind="plain" onClick={() => setLast(true)}>
                {founding.way === 'bundle' || stage.why === 'other-keys' ? t('stuck.useTheseKeysAll') : t('stuck.iCannotGetThe')}
              </Button>
            </div>
          )}
        </>
      )}
    </Stepped>
  );
}

function Explained({ founding, stage }: { readonly founding: Founding; readonly stage: Stage }): JSX.Element {
  const host = <strong>{hostOf(founding.node ?? '')}</strong>;
  if (stage.why === 'signs-differently') return <p class="quiet">{t('stuck.bothSignaturesAreGood')}</p>;
  if (stage.why === 'keys-elsewhere') return <p class="quiet">{rich('stuck.keysElsewhereMeans', { host })}</p>;
  if (stage.why === 'other-keys') return <p class="quiet">{rich('stuck.otherKeysMeans', { host })}</p>;
  return (
    <p class="quiet">
      {rich(founding.way === 'external' ? 'stuck.closedToSignature' : 'stuck.closedToWallet', { host, count: stage.tried })}
    </p>
  );
}

function LastResort({
  founding,
  busy,
  onYes,
  onNo,
}: {
  readonly founding: Founding;
  readonly busy: boolean;
  readonly onYes: () => void;
  readonly onNo: () => void;
}): JSX.Element {
  const bringing = founding.way === 'bundle';
  return (
    <div class="stack">
      <Notice tone="danger">
        {t(bringing ? 'stuck.yoursReplace' : 'stuck.newReplace')} {t('stuck.replacingMeans')}
      </Notice>
      <div class="side">
        <Button onClick={onNo}>{t('common.cancel')}</Button>
        <Button kind="danger" disabled={busy} onClick={onYes}>
          {bringing ? t('stuck.putMineInTheir') : t('stuck.replaceTheKeys')}
        </Button>
      </div>
    </div>
  );
}
