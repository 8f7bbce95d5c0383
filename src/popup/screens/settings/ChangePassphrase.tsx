import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { strength } from '../../words.ts';

const empty = { present: '', next: '', again: '' };

/** Another passphrase for what is in this browser already. */
export function ChangePassphrase(): JSX.Element {
  const [state, setState] = useState<'closed' | 'asking' | 'done'>('closed');
  const [typed, setTyped] = useState(empty);
  const opener = useRef<HTMLDivElement>(null);
  const leaving = useRef(false);
  const work = useWork();
  const { present, next, again } = typed;
  const judged = strength(next);
  const different = again !== '' && again !== next && !next.startsWith(again);
  const same = again !== '' && again === next;
  const unchanged = next !== '' && next === present;
  const ready = present !== '' && [...next].length >= 12 && same && !unchanged && !work.busy;
  // The form takes the focus with it when it goes.
  useEffect(() => {
    if (state === 'asking' || !leaving.current) return;
    leaving.current = false;
    opener.current?.querySelector('button')?.focus();
  }, [state]);
  const close = (to: 'closed' | 'done'): void => {
    leaving.current = true;
    setTyped(empty);
    work.clear();
    setState(to);
  };
  const change = (): Promise<void> =>
    work.run(async () => {
      await background.call('changePassphrase', { passphrase: present, next });
      close('done');
    });
  return (
    <section class="group" id="settings-passphrase">
      <h2>{t('common.passphrase')}</h2>
      <p class="small quiet">{t('changePassphrase.itOpensParleyIn')}</p>
      {state === 'done' && <Notice>{t('changePassphrase.theNewPassphraseOpens')}</Notice>}
      {state === 'asking' ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) void change();
          }}
        >
          <Field
            label={t('changePassphrase.presentPassphrase')}
            type="password"
            value={present}
            onValue={(value) => setTyped({ ...typed, present: value })}
            autoFocus
          />
          <Field
            label={t('changePassphrase.newPassphrase')}
            type="password"
            value={next}
            onValue={(value) => setTyped({ ...typed, next: value })}
            hint={unchanged ? t('changePassphrase.thisIsThePresent') : judged.text}
            tone={unchanged ? 'danger' : judged.tone}
          />
          <Field
            label={t('changePassphrase.repeatNewPassphrase')}
            type="password"
            value={again}
            onValue={(value) => setTyped({ ...typed, again: value })}
            hint={different ? t('common.theTwoDiffer') : same ? t('common.theSame') : ''}
            tone={different ? 'danger' : same ? 'good' : 'plain'}
          />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button onClick={() => close('closed')}>{t('common.keepIt')}</Button>
            <Button kind="primary" type="submit" disabled={!ready}>
              {t('changePassphrase.changePassphrase')}
            </Button>
          </div>
        </form>
      ) : (
        <div class="side" ref={opener}>
          <Button onClick={() => setState('asking')}>{t('changePassphrase.changePassphraseBegin')}</Button>
        </div>
      )}
    </section>
  );
}
