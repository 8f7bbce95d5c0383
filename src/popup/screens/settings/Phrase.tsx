import { Eye } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { HeldWords } from '../../parts/HeldWords.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t, type Words } from '../../t.tsx';

const shownForMs = 30_000;

interface PhraseProps {
  /** Whether the wallet is here. */
  readonly held: boolean;
  readonly saved: boolean;
}

export function Phrase({ held: here, saved }: PhraseProps): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [secret, setSecret] = useState<{ readonly phrase: string | null; readonly privateKey: string } | null>(null);
  const [held, setHeld] = useState(false);
  const [asking, setAsking] = useState(false);
  const work = useWork();
  useEffect(() => {
    if (!secret) return;
    const hide = (): void => {
      setSecret(null);
      setHeld(false);
    };
    const timer = setTimeout(hide, shownForMs);
    addEventListener('blur', hide);
    return () => {
      clearTimeout(timer);
      removeEventListener('blur', hide);
    };
  }, [secret]);
  const reveal = (): Promise<void> =>
    work.run(async () => {
      setSecret(await background.call('revealPhrase', { passphrase }));
      setPassphrase('');
      setAsking(false);
    });
  const release = (): void => setHeld(false);
  if (!here)
    return (
      <section class="group" id="settings-phrase">
        <h2>{t('common.recoveryPhrase')}</h2>
        <p class="small">{t('showPhrase.itIsNotHere')}</p>
      </section>
    );
  return (
    <section class="group" id="settings-phrase">
      <h2>{t('common.recoveryPhrase')}</h2>
      {!saved && (
        <Notice tone="caution">{rich('showPhrase.youHaveNotWritten', { link: (words: Words) => <a href="#/phrase">{words}</a> })}</Notice>
      )}
      <p class="small quiet">{t('showPhrase.itBringsYourAccount')}</p>
      {secret ? (
        <div class="stack">
          {secret.phrase ? (
            <HeldWords phrase={secret.phrase} />
          ) : (
            <>
              <p class="copy">
                <span class="mono">{held ? secret.privateKey : `0x${'•'.repeat(64)}`}</span>
              </p>
              <button
                type="button"
                class="button secondary"
                onPointerDown={() => setHeld(true)}
                onPointerUp={release}
                onPointerLeave={release}
                onKeyDown={(event) => (event.key === ' ' || event.key === 'Enter') && setHeld(true)}
                onKeyUp={release}
              >
                {t('common.holdToShow')}
              </button>
            </>
          )}
        </div>
      ) : asking ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (passphrase !== '') void reveal();
          }}
        >
          <Field label={t('common.passphrase')} type="password" value={passphrase} onValue={setPassphrase} autoFocus />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button
              onClick={() => {
                setAsking(false);
                setPassphrase('');
                work.clear();
              }}
            >
              {t('common.cancel')}
            </Button>
            <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
              {t('common.show')}
            </Button>
          </div>
        </form>
      ) : (
        <div class="side">
          <Button icon={Eye} onClick={() => setAsking(true)}>
            {t('showPhrase.showRecoveryPhraseBegin')}
          </Button>
        </div>
      )}
    </section>
  );
}
