import type { JSX } from 'preact';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

const choices = [
  { value: false, words: 'Off' },
  { value: true, words: 'On' },
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
      <h2>Read receipts</h2>
      <p class="small quiet">
        Tells the people in your inbox when you have read what they wrote: never those who ask to write, never in groups. What they tell you
        is shown either way.
      </p>
      <Segments
        legend="Send read receipts"
        name="receipts"
        choices={choices}
        chosen={settings.receipts}
        onChoose={(on) => void choose(on)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
