import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Status } from '../../rpc/views.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { HeldWords } from '../parts/HeldWords.tsx';
import { Notice } from '../parts/Notice.tsx';
import { go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { Stepped } from './welcome/Stepped.tsx';

interface WritePhraseProps {
  readonly phrase: string;
  readonly step: readonly [number, number] | null;
  readonly onDone: (status: Status | null) => void;
}

/** Shows a recovery phrase to write down, and asks for three of its words. Null: later. */
export function WritePhrase({ phrase, step, onDone }: WritePhraseProps): JSX.Element {
  const [checking, setChecking] = useState(false);
  if (checking) return <Check phrase={phrase} step={step} onBack={() => setChecking(false)} onDone={onDone} />;
  return (
    <Stepped step={step} title="Your recovery phrase" onBack={null}>
      <p class="quiet">
        These words are your account. On paper, they bring it back on any device; whoever has them is you. Write them down in their order,
        by hand: pictures and notes of a computer get copied.
      </p>
      <HeldWords phrase={phrase} />
      <Button kind="primary" wide onClick={() => setChecking(true)}>
        I have written them down
      </Button>
      <Button wide onClick={() => onDone(null)}>
        Later
      </Button>
      <p class="small quiet">Later is fine: Parley reminds you until it is done, and shows them again for your passphrase.</p>
    </Stepped>
  );
}

/** Three places of the phrase, by chance, in their order. */
function places(count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < 3) chosen.add((crypto.getRandomValues(new Uint32Array(1))[0] as number) % count);
  return [...chosen].sort((a, b) => a - b);
}

interface CheckProps extends WritePhraseProps {
  readonly onBack: () => void;
}

function Check({ phrase, step, onBack, onDone }: CheckProps): JSX.Element {
  const words = phrase.split(' ');
  const [asked] = useState(() => places(words.length));
  const [typed, setTyped] = useState<readonly string[]>(['', '', '']);
  const [wrong, setWrong] = useState<readonly boolean[]>([false, false, false]);
  const work = useWork();
  const check = (): void => {
    const faults = asked.map((place, index) => typed[index]?.trim().toLowerCase() !== words[place]);
    setWrong(faults);
    if (!faults.includes(true)) void work.run(async () => onDone(await background.call('phraseSaved', {})));
  };
  return (
    <Stepped
      step={step}
      title="Three words, to be sure"
      onBack={onBack}
      busy={work.busy}
      next={{ ready: typed.every((word) => word.trim() !== ''), go: check }}
    >
      <p class="quiet">From your paper. If one does not fit, go back and compare.</p>
      {asked.map((place, index) => (
        <Field
          key={place}
          label={`Word ${place + 1}`}
          value={typed[index] ?? ''}
          onValue={(value) => {
            setWrong(wrong.with(index, false));
            setTyped(typed.with(index, value));
          }}
          autoFocus={index === 0}
          hint={wrong[index] ? `Word ${place + 1} is another one.` : ''}
          tone={wrong[index] ? 'danger' : 'plain'}
        />
      ))}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </Stepped>
  );
}

/** The same later on, for whoever knows the passphrase. */
export function WritePhraseLater({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [phrase, setPhrase] = useState<string | null>(null);
  const work = useWork();
  useEffect(() => () => setPhrase(null), []);
  const reveal = (): Promise<void> =>
    work.run(async () => {
      const { phrase: words } = await background.call('revealPhrase', { passphrase });
      setPassphrase('');
      if (words === null) go('#/');
      else setPhrase(words);
    });
  if (phrase !== null)
    return (
      <WritePhrase
        phrase={phrase}
        step={null}
        onDone={(status) => {
          if (status) onStatus(status);
          go('#/');
        }}
      />
    );
  return (
    <Stepped
      step={null}
      title="Write your phrase down"
      onBack={() => go('#/')}
      busy={work.busy}
      next={{ ready: passphrase !== '', go: () => void reveal() }}
    >
      <p class="quiet">
        Have paper and a pen at hand, and nobody behind you. Without the phrase, losing this browser means losing this account.
      </p>
      <Field label="Passphrase" type="password" value={passphrase} onValue={setPassphrase} autoFocus />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </Stepped>
  );
}
