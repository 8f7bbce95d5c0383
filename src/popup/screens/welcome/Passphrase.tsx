import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { t } from '../../t.tsx';
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
      title={known ? t('common.yourPassphrase') : t('choosePassphrase.chooseAPassphrase')}
      onBack={onBack}
      busy={busy}
      next={{ ready, go: () => onPassphrase(passphrase) }}
    >
      {children}
      <p class="quiet">{known ? t('choosePassphrase.theOneThatOpens') : t('choosePassphrase.itOpensParleyOn')}</p>
      <Field
        label={t('common.passphrase')}
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={known ? '' : judged.text}
        tone={known ? 'plain' : judged.tone}
      />
      {!known && (
        <Field
          label={t('common.repeatPassphrase')}
          type="password"
          value={again}
          onValue={setAgain}
          hint={different ? t('common.theTwoDiffer') : same ? t('common.theSame') : ''}
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
