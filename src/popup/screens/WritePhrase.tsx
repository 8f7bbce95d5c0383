import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Status } from '../../rpc/views/account.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { HeldWords } from '../parts/HeldWords.tsx';
import { Notice } from '../parts/Notice.tsx';
import { go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
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
    <Stepped step={step} title={t('common.yourRecoveryPhrase')} onBack={null}>
      <p class="quiet">{t('writePhrase.theseWordsAreYour')}</p>
      <HeldWords phrase={phrase} />
      <Button kind="primary" wide onClick={() => setChecking(true)}>
        {t('writePhrase.iHaveWrittenThem')}
      </Button>
      <Button wide onClick={() => onDone(null)}>
        {t('writePhrase.later')}
      </Button>
      <p class="small quiet">{t('writePhrase.laterIsFineParley')}</p>
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
      title={t('writePhrase.threeWordsToBe')}
      onBack={onBack}
      busy={work.busy}
      next={{ ready: typed.every((word) => word.trim() !== ''), go: check }}
    >
      <p class="quiet">{t('writePhrase.fromYourPaperIf')}</p>
      {asked.map((place, index) => (
        <Field
          key={place}
          label={t('writePhrase.word', { count: place + 1 })}
          value={typed[index] ?? ''}
          onValue={(value) => {
            setWrong(wrong.with(index, false));
            setTyped(typed.with(index, value));
          }}
          autoFocus={index === 0}
          hint={wrong[index] ? t('writePhrase.wordIsAnotherOne', { count: place + 1 }) : ''}
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
      title={t('writePhrase.writeYourPhraseDown')}
      onBack={() => go('#/')}
      busy={work.busy}
      next={{ ready: passphrase !== '', go: () => void reveal() }}
    >
      <p class="quiet">{t('writePhrase.havePaperAndA')}</p>
      <Field label={t('common.passphrase')} type="password" value={passphrase} onValue={setPassphrase} autoFocus />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </Stepped>
  );
}
