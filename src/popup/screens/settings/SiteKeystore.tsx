import type { JSX } from 'preact';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import type { GroupProps } from './group.ts';

const choices = () =>
  [
    { value: false, words: t('siteKeystore.noSite') },
    { value: true, words: t('siteKeystore.withMyYes') },
  ] as const;

/** Whether a site may ask for the whole account, as programs built on xmtp-js need it. */
export function SiteKeystore({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const choose = (on: boolean): Promise<void> =>
    work.run(async () => {
      await background.call('setSiteKeystore', { on });
      onChanged();
    });
  return (
    <>
      <h3>{t('siteKeystore.theWholeAccount')}</h3>
      <p class="small quiet">{t('siteKeystore.programsBuiltOnXmtp')}</p>
      <Segments
        legend={t('siteKeystore.whoMayAskFor')}
        name="site-keystore"
        choices={choices()}
        chosen={settings.siteKeystore}
        onChoose={(on) => void choose(on)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </>
  );
}
