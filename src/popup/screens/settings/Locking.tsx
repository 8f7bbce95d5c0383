import type { JSX } from 'preact';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { duration, inMinutes } from '../../time.ts';
import type { GroupProps } from './group.ts';

const locks = () =>
  [
    { value: 5, words: inMinutes(5) },
    { value: 15, words: inMinutes(15) },
    { value: 60, words: duration(3600) },
    { value: 240, words: duration(4 * 3600) },
    { value: null, words: t('locking.never') },
  ] as const;

type Minutes = ReturnType<typeof locks>[number]['value'];

export function Locking({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const choose = (minutes: Minutes): Promise<void> =>
    work.run(async () => {
      await background.call('setAutoLock', { minutes });
      onChanged();
    });
  return (
    <section class="group" id="settings-security">
      <h2>{t('settings.locking')}</h2>
      <p class="small quiet">{t('locking.parleyLocksWhenThe')}</p>
      <Segments
        legend={t('locking.lockAfterNoUse')}
        name="lock"
        choices={locks()}
        chosen={settings.autoLockMinutes}
        onChoose={(minutes) => void choose(minutes as Minutes)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
