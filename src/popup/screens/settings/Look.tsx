import type { JSX } from 'preact';
import type { Theme } from '../../../rpc/views.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

const themes: readonly { readonly value: Theme; readonly words: string }[] = [
  { value: 'system', words: 'System' },
  { value: 'light', words: 'Light' },
  { value: 'dark', words: 'Dark' },
  { value: 'contrast', words: 'High contrast' },
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
      <h2>Look</h2>
      <Segments legend="Colours" name="theme" choices={themes} chosen={settings.theme} onChoose={(theme) => void choose(theme)} />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
