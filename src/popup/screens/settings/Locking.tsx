import type { JSX } from 'preact';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

const locks = [
  { value: 5, words: '5 min' },
  { value: 15, words: '15 min' },
  { value: 60, words: '1 hour' },
  { value: 240, words: '4 hours' },
  { value: null, words: 'Never' },
] as const;

export function Locking({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const choose = (minutes: (typeof locks)[number]['value']): Promise<void> =>
    work.run(async () => {
      await background.call('setAutoLock', { minutes });
      onChanged();
    });
  return (
    <section class="group" id="settings-security">
      <h2>Locking</h2>
      <p class="small quiet">
        Parley locks when the browser closes, when the screen locks, and after 12 hours at the latest. It can lock sooner, when you do not
        use it.
      </p>
      <Segments
        legend="Lock after no use for"
        name="lock"
        choices={locks}
        chosen={settings.autoLockMinutes}
        onChoose={(minutes) => void choose(minutes as (typeof locks)[number]['value'])}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
