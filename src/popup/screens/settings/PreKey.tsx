import { RefreshCw } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { duration, fullTime, oneYear } from '../../time.ts';
import type { GroupProps } from './group.ts';

const terms = () =>
  [
    { value: null, words: t('preKey.never') },
    { value: 30, words: duration(30 * 86_400) },
    { value: 90, words: duration(90 * 86_400) },
    { value: 365, words: oneYear() },
  ] as const;

type Days = ReturnType<typeof terms>[number]['value'];

export function PreKey({ settings, onChanged }: GroupProps): JSX.Element | null {
  const work = useWork();
  const [renewed, setRenewed] = useState(false);
  const { preKey } = settings;
  if (!preKey) return null;
  const renew = (): Promise<void> =>
    work.run(async () => {
      await background.call('rotatePreKey', {});
      setRenewed(true);
      onChanged();
    });
  const choose = (days: Days): Promise<void> =>
    work.run(async () => {
      await background.call('setRotateDays', { days });
      onChanged();
    });
  return (
    <section class="group" id="settings-pre-key">
      <h2>{t('settings.preKey')}</h2>
      <p class="small quiet">{t('preKey.theKeyThatNew')}</p>
      <p class="small">
        {preKey.count > 1
          ? t('preKey.inUseOneOf', { time: fullTime(preKey.madeAt), count: preKey.count })
          : t('preKey.inUse', { time: fullTime(preKey.madeAt) })}
      </p>
      <Segments
        legend={t('preKey.renewByItselfAfter')}
        name="rotate"
        choices={terms()}
        chosen={settings.rotateDays}
        onChoose={(days) => void choose(days as Days)}
      />
      {settings.wallet?.sealsBackups === false && <Notice tone="caution">{t('preKey.theBackupStays')}</Notice>}
      {renewed && <Notice tone="plain">{t('preKey.thereIsANew')}</Notice>}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button icon={RefreshCw} disabled={work.busy} onClick={() => void renew()}>
          {t('preKey.renewPreKeyNow')}
        </Button>
      </div>
    </section>
  );
}
