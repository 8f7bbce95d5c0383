import type { JSX } from 'preact';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import type { GroupProps } from './group.ts';

const choices = () =>
  [
    { value: false, words: t('receipts.off') },
    { value: true, words: t('receipts.on') },
  ] as const;

export function Receipts({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const choose = (on: boolean): Promise<void> =>
    work.run(async () => {
      await background.call('setReceipts', { on });
      onChanged();
    });
  return (
    <section class="group" id="settings-receipts">
      <h2>{t('settings.receipts')}</h2>
      <p class="small quiet">{t('receipts.tellsThePeopleIn')}</p>
      <Segments
        legend={t('receipts.sendReadReceipts')}
        name="receipts"
        choices={choices()}
        chosen={settings.receipts}
        onChoose={(on) => void choose(on)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
