import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
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
      <h2>Passphrase</h2>
      <p class="small quiet">
        It opens Parley in this browser. Backup files keep the passphrases that they were made with. Copies of this browser’s data from
        before a change still open with the passphrase of that time.
      </p>
      {state === 'done' && <Notice>The new passphrase opens Parley from now on. Nobody can reset it for you.</Notice>}
      {state === 'asking' ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) void change();
          }}
        >
          <Field
            label="Present passphrase"
            type="password"
            value={present}
            onValue={(value) => setTyped({ ...typed, present: value })}
            autoFocus
          />
          <Field
            label="New passphrase"
            type="password"
            value={next}
            onValue={(value) => setTyped({ ...typed, next: value })}
            hint={unchanged ? 'This is the present one.' : judged.text}
            tone={unchanged ? 'danger' : judged.tone}
          />
          <Field
            label="Repeat new passphrase"
            type="password"
            value={again}
            onValue={(value) => setTyped({ ...typed, again: value })}
            hint={different ? 'The two differ.' : same ? 'The same.' : ''}
            tone={different ? 'danger' : same ? 'good' : 'plain'}
          />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button onClick={() => close('closed')}>Keep it</Button>
            <Button kind="primary" type="submit" disabled={!ready}>
              Change passphrase
            </Button>
          </div>
        </form>
      ) : (
        <div class="side" ref={opener}>
          <Button onClick={() => setState('asking')}>Change passphrase…</Button>
        </div>
      )}
    </section>
  );
}
