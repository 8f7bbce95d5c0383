import { Plus } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Exposure } from '../../../rpc/views/settings.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import type { GroupProps } from './group.ts';

const modes = (): readonly { readonly value: Exposure['mode']; readonly words: string; readonly meaning: string }[] => [
  {
    value: 'all',
    words: t('privacy.all'),
    meaning: t('privacy.allMeans'),
  },
  { value: 'enabled', words: t('privacy.enabled'), meaning: t('privacy.enabledMeans') },
  { value: 'asked', words: t('privacy.asked'), meaning: t('privacy.askedMeans') },
];

/** Where pages see `window.xmtp`. */
export function Privacy({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const { mode, sites } = settings.exposure;
  const choose = (next: Exposure['mode']): Promise<void> =>
    work.run(async () => {
      await background.call('setExposure', { mode: next });
      onChanged();
    });
  return (
    <section class="group" id="settings-privacy">
      <h2>{t('settings.privacy')}</h2>
      <p class="small quiet">{t('privacy.sitesThatWantTo')}</p>
      <Segments
        legend={t('privacy.parleyShowsOn')}
        name="exposure"
        choices={modes()}
        chosen={mode}
        onChoose={(next) => void choose(next)}
      />
      <p class="small quiet">
        {modes().find(({ value }) => value === mode)?.meaning} {t('privacy.afterReload')}
      </p>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {mode === 'enabled' && <Chosen sites={sites} here={settings.here} onChanged={onChanged} />}
    </section>
  );
}

interface ChosenProps {
  readonly sites: readonly string[];
  readonly here: string | null;
  readonly onChanged: () => void;
}

function Chosen({ sites, here, onChanged }: ChosenProps): JSX.Element {
  const [text, setText] = useState('');
  const work = useWork();
  const expose = (site: string, on: boolean): Promise<void> =>
    work.run(async () => {
      await background.call('exposeTo', { site, on });
      setText('');
      onChanged();
    });
  return (
    <>
      {sites.length === 0 ? (
        <p class="small">{t('privacy.noneYetNoPage')}</p>
      ) : (
        <ul class="stack">
          {sites.map((site) => (
            <li key={site} class="site">
              <div>
                <strong>{site}</strong>
              </div>
              <Button label={t('privacy.hideFrom', { site })} disabled={work.busy} onClick={() => void expose(site, false)}>
                {t('privacy.hide')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {here !== null && !sites.includes(here) && (
        <div class="side">
          <Button icon={Plus} disabled={work.busy} onClick={() => void expose(here, true)}>
            {t('privacy.showOn', { site: here.replace(/^https?:\/\//, '') })}
          </Button>
        </div>
      )}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') void expose(text.trim(), true);
        }}
      >
        <Field label={t('privacy.anotherSite')} type="url" value={text} onValue={setText} placeholder="https://" mono />
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        <div class="side">
          <Button icon={Plus} type="submit" disabled={work.busy || text.trim() === ''}>
            {t('privacy.showThere')}
          </Button>
        </div>
      </form>
    </>
  );
}
