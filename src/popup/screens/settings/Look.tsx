import type { JSX } from 'preact';
import type { Theme } from '../../../rpc/views.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import type { GroupProps } from './group.ts';

const themes = (): readonly { readonly value: Theme; readonly words: string }[] => [
  { value: 'system', words: t('look.system') },
  { value: 'light', words: t('look.light') },
  { value: 'dark', words: t('look.dark') },
  { value: 'contrast', words: t('look.highContrast') },
];

export function Look({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const choose = (theme: Theme): Promise<void> =>
    work.run(async () => {
      await background.call('setTheme', { theme });
      onChanged();
    });
  return (
    <section class="group" id="settings-look">
      <h2>{t('look.look')}</h2>
      <Segments
        legend={t('look.colours')}
        name="theme"
        choices={themes()}
        chosen={settings.theme}
        onChoose={(theme) => void choose(theme)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
