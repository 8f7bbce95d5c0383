import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';

/** The last resort: other keys for the same wallet. */
export function NewIdentity({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  const [state, setState] = useState<'closed' | 'asking' | 'done'>('closed');
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  const renew = (): Promise<void> =>
    work.run(async () => {
      onStatus(await background.call('newIdentity', { passphrase }));
      setPassphrase('');
      setState('done');
    });
  return (
    <section class="group" id="settings-identity">
      <h2>New identity</h2>
      <p class="small quiet">
        Other keys for the same wallet, for when somebody else got hold of them. Every conversation ends with it. It is no help where your
        recovery phrase got out: then begin with another wallet.
      </p>
      {state === 'done' && <Notice>You have new keys. They go to the node at once, or as soon as it answers.</Notice>}
      {state === 'asking' ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (passphrase !== '') void renew();
          }}
        >
          <Notice tone="caution">
            <ul class="stack tight">
              <li>Everybody you write to sees that your keys changed, and has to accept the new ones.</li>
              <li>Every conversation of two ends and begins anew. Groups that you created end.</li>
              <li>Other programs with this account stop working until they load the new keys.</li>
              <li>What was said so far stays readable here. This cannot be undone.</li>
            </ul>
          </Notice>
          <Field label="Passphrase" type="password" value={passphrase} onValue={setPassphrase} autoFocus />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button
              onClick={() => {
                setState('closed');
                setPassphrase('');
                work.clear();
              }}
            >
              Keep my keys
            </Button>
            <Button kind="danger" type="submit" disabled={passphrase === '' || work.busy}>
              Make a new identity
            </Button>
          </div>
        </form>
      ) : (
        <div class="side">
          <Button onClick={() => setState('asking')}>New identity…</Button>
        </div>
      )}
    </section>
  );
}
