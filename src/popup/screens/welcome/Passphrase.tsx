import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { strength } from '../../words.ts';
import { Stepped } from './Stepped.tsx';

interface PassphraseProps {
  readonly step: readonly [number, number];
  /** Whether there is one already: it opens all accounts. */
  readonly known: boolean;
  readonly busy: boolean;
  readonly error: string | null;
  /** What is being done meanwhile. */
  readonly doing: string;
  readonly onPassphrase: (passphrase: string) => void;
  readonly onBack: () => void;
  readonly children?: ComponentChildren;
}

/** The last question: what opens Parley on this device. */
export function Passphrase({ step, known, busy, error, doing, onPassphrase, onBack, children }: PassphraseProps): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const judged = strength(passphrase);
  const different = again !== '' && again !== passphrase && !passphrase.startsWith(again);
  const same = again !== '' && again === passphrase;
  const ready = known ? passphrase !== '' : [...passphrase].length >= 12 && same;
  return (
    <Stepped
      step={step}
      title={known ? 'Your passphrase' : 'Choose a passphrase'}
      onBack={onBack}
      busy={busy}
      next={{ ready, go: () => onPassphrase(passphrase) }}
    >
      {children}
      <p class="quiet">
        {known
          ? 'The one that opens Parley. It seals this account beside the others.'
          : 'It opens Parley on this device and seals everything that is kept here. Nobody can reset it for you.'}
      </p>
      <Field
        label="Passphrase"
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={known ? '' : judged.text}
        tone={known ? 'plain' : judged.tone}
      />
      {!known && (
        <Field
          label="Repeat passphrase"
          type="password"
          value={again}
          onValue={setAgain}
          hint={different ? 'The two differ.' : same ? 'The same.' : ''}
          tone={different ? 'danger' : same ? 'good' : 'plain'}
        />
      )}
      {error && <Notice tone="danger">{error}</Notice>}
      {busy && (
        <p class="small quiet" role="status">
          {doing}
        </p>
      )}
    </Stepped>
  );
}
