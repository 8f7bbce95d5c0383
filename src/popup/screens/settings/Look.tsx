import type { JSX } from 'preact';
import type { LanguageSetting, Theme } from '../../../rpc/views/account.ts';
import { languages, ownNames } from '../../../words/languages.ts';
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

/** Each under its own name, so that whoever ended up in a strange one finds back. */
const languageChoices = (): readonly { readonly value: LanguageSetting; readonly words: string; readonly lang?: string }[] => [
  { value: 'browser', words: t('language.asBrowser') },
  ...languages.map((language) => ({ value: language, words: ownNames[language], lang: language })),
];

export function Look({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const speakIn = (language: LanguageSetting): Promise<void> =>
    work.run(async () => {
      await background.call('setLanguage', { language });
      onChanged();
    });
  const choose = (theme: Theme): Promise<void> =>
    work.run(async () => {
      await background.call('setTheme', { theme });
      onChanged();
    });
  return (
    <section class="group" id="settings-look">
      <h2>{t('settings.look')}</h2>
      <Segments
        legend={t('look.colours')}
        name="theme"
        choices={themes()}
        chosen={settings.theme}
        onChoose={(theme) => void choose(theme)}
      />
      <Segments
        legend={t('language.language')}
        name="language"
        choices={languageChoices()}
        chosen={settings.language}
        onChoose={(language) => void speakIn(language)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
