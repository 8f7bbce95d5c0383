import type { JSX } from 'preact';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { fullTime } from '../time.ts';
import { Button } from './Button.tsx';
import { Decide, type DecideProps, Reasons, useSubject } from './Decide.tsx';
import { Notice } from './Notice.tsx';

/** In a conversation: what stands between it and the inbox. */
export function Standing({ row, onDecided }: DecideProps): JSX.Element | null {
  const subjectOf = useSubject();
  const work = useWork();
  const undo = (): Promise<void> =>
    work.run(async () => {
      await background.call('undoProof', { id: row.id });
      onDecided(t('decide.backAmongTheRequests'));
    });
  const keep = (): Promise<void> =>
    work.run(async () => {
      await background.call('decideOn', { id: row.id, verdict: 'allowed' });
      onDecided(t('decide.kept'));
    });
  if (row.shelf === 'blocked')
    return (
      <div class="standing">
        <p>{t(row.group ? 'decide.youBlockedGroup' : 'decide.youBlockedAddress')}</p>
        <Decide row={row} onDecided={onDecided} />
      </div>
    );
  if (row.shelf === 'requests')
    return (
      <div class="standing">
        <p>{t(row.group ? 'decide.invitedByStranger' : 'decide.unknownAddress')}</p>
        <Reasons reasons={row.reasons} />
        <Decide row={row} onDecided={onDecided} />
      </div>
    );
  if (row.proof)
    return (
      <div class="standing">
        <p>{t('decide.yourWalletAllowedTo', { name: subjectOf(row), time: fullTime(row.proof.signedAt) })}</p>
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        <div class="decide">
          <Button disabled={work.busy} onClick={() => void undo()}>
            {t('decide.undo')}
          </Button>
          <Button kind="primary" disabled={work.busy} onClick={() => void keep()}>
            {t('decide.keep')}
          </Button>
        </div>
      </div>
    );
  return null;
}
