import type { JSX } from 'preact';
import type { Founding } from '../../../rpc/views/founding.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t } from '../../t.tsx';
import { Stepped } from './Stepped.tsx';

interface BackupChoiceProps {
  readonly node: string;
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

/** Whether the network is to hold a backup; for a wallet outside that is its owner's to decide. */
export function BackupChoice({ node, onFounding, onBack }: BackupChoiceProps): JSX.Element {
  const work = useWork();
  const decide = (choice: 'backup' | 'no-backup') => (): void =>
    void work.run(async () => onFounding(await background.call('decideFounding', { choice })));
  return (
    <Stepped step={[2, 3]} title={t('backupChoice.aBackupOnTheQuestion')} onBack={onBack} busy={work.busy}>
      <p class="quiet">{rich('backupChoice.yourMessageKeysAre', { node: <strong>{node}</strong> })}</p>
      <Notice tone="caution">{t('backupChoice.whoeverGetsYourWallet')}</Notice>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button kind="primary" wide disabled={work.busy} onClick={decide('no-backup')}>
        {t('backupChoice.keepTheKeysHere')}
      </Button>
      <Button wide disabled={work.busy} onClick={decide('backup')}>
        {t('backupChoice.backUpOnThe')}
      </Button>
      <p class="small quiet">{t('backupChoice.withoutItLosingThis')}</p>
    </Stepped>
  );
}
