import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';

export function Wipe({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  return (
    <section class="group" id="settings-wipe">
      <h2>Remove everything from this browser</h2>
      <p class="small quiet">
        Keys, messages, drafts and settings are destroyed here. What the node holds stays there, sealed. Without your recovery phrase,
        nobody can open it again, and neither can you.
      </p>
      {open ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void work.run(async () => onStatus(await background.call('wipe', { passphrase })));
          }}
        >
          <Field label="Passphrase" type="password" value={passphrase} onValue={setPassphrase} autoFocus />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button onClick={() => setOpen(false)}>Keep everything</Button>
            <Button kind="danger" type="submit" disabled={passphrase === '' || work.busy}>
              Remove everything
            </Button>
          </div>
        </form>
      ) : (
        <div class="side">
          <Button onClick={() => setOpen(true)}>Remove everything…</Button>
        </div>
      )}
    </section>
  );
}
