import { Plus } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Exposure } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

const modes: readonly { readonly value: Exposure['mode']; readonly words: string; readonly meaning: string }[] = [
  {
    value: 'all',
    words: 'Every site',
    meaning: 'Every secure page can see that Parley is here. It learns nothing else before you say yes.',
  },
  { value: 'enabled', words: 'Sites I choose', meaning: 'Only the sites below can see that Parley is here.' },
  { value: 'asked', words: 'When asked for', meaning: 'Pages see nothing until they ask for a wallet of this kind. Any page may ask.' },
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
      <h2>Privacy</h2>
      <p class="small quiet">
        Sites that want to write in your name find Parley as window.xmtp in their page. What shows there also shows that you have Parley.
      </p>
      <Segments legend="Parley shows on" name="exposure" choices={modes} chosen={mode} onChoose={(next) => void choose(next)} />
      <p class="small quiet">{modes.find(({ value }) => value === mode)?.meaning} Pages that are open change when they are loaded again.</p>
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
        <p class="small">None yet: no page can see Parley.</p>
      ) : (
        <ul class="stack">
          {sites.map((site) => (
            <li key={site} class="site">
              <div>
                <strong>{site}</strong>
              </div>
              <Button label={`Hide from ${site}`} disabled={work.busy} onClick={() => void expose(site, false)}>
                Hide
              </Button>
            </li>
          ))}
        </ul>
      )}
      {here !== null && !sites.includes(here) && (
        <div class="side">
          <Button icon={Plus} disabled={work.busy} onClick={() => void expose(here, true)}>
            Show on {here.replace(/^https?:\/\//, '')}
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
        <Field label="Another site" type="url" value={text} onValue={setText} placeholder="https://" mono />
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        <div class="side">
          <Button icon={Plus} type="submit" disabled={work.busy || text.trim() === ''}>
            Show there
          </Button>
        </div>
      </form>
    </>
  );
}
