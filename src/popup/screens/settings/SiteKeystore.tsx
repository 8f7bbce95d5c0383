import type { JSX } from 'preact';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

const choices = [
  { value: false, words: 'No site' },
  { value: true, words: 'With my yes' },
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
      <h3>The whole account</h3>
      <p class="small quiet">
        Programs built on xmtp-js work with everything but your private keys: all messages, old and new, and writing to anybody. While this
        is on, a site may ask for that, and you give it with your passphrase, for 24 hours at most. Turning it off takes it back everywhere.
      </p>
      <Segments
        legend="Who may ask for it"
        name="site-keystore"
        choices={choices}
        chosen={settings.siteKeystore}
        onChoose={(on) => void choose(on)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </>
  );
}
