import { RefreshCw } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { fullTime } from '../../time.ts';
import type { GroupProps } from './group.ts';

const terms = [
  { value: null, words: 'Never' },
  { value: 30, words: '30 days' },
  { value: 90, words: '90 days' },
  { value: 365, words: '1 year' },
] as const;

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
  const choose = (days: (typeof terms)[number]['value']): Promise<void> =>
    work.run(async () => {
      await background.call('setRotateDays', { days });
      onChanged();
    });
  return (
    <section class="group" id="settings-pre-key">
      <h2>Pre-key</h2>
      <p class="small quiet">
        The key that new conversations with you are sealed with. A new one does not touch what you have: older keys stay, in this browser
        and in your backup. Another program with this account takes the new one up from the backup; programs that cannot will not see
        conversations begun after it, so renew it only if you use none, or if you fear that a key got out.
      </p>
      <p class="small">
        In use since {fullTime(preKey.madeAt)}
        {preKey.count > 1 ? `, ${preKey.count} in all.` : '.'}
      </p>
      <Segments
        legend="Renew by itself after"
        name="rotate"
        choices={terms}
        chosen={settings.rotateDays}
        onChoose={(days) => void choose(days as (typeof terms)[number]['value'])}
      />
      {renewed && <Notice tone="plain">There is a new pre-key. It goes to the node at once, or as soon as the node answers.</Notice>}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button icon={RefreshCw} disabled={work.busy} onClick={() => void renew()}>
          Renew pre-key now
        </Button>
      </div>
    </section>
  );
}
