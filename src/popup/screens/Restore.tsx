import { ArrowLeft } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../rpc/views.ts';
import { OpenBackup } from '../parts/BackupFile.tsx';
import { Button, IconLink } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Notice } from '../parts/Notice.tsx';
import { go, inToolbar } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { strength } from '../words.ts';

/** From a backup file to the account that it holds, in a browser that has none. */
export function Restore({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  return (
    <main class="scroll gate steps">
      <div class="page">
        <div class="progress">
          <IconLink icon={ArrowLeft} label="Back" href="#/welcome" />
        </div>
        <h1>Bring back a backup file</h1>
        <p class="quiet">
          The file and its passphrase bring back your account as it was, settings and node included. Use only a file that you made.
        </p>
        {inToolbar() ? (
          <p>
            Files need a page that stays open:{' '}
            <a href="popup.html#/restore" target="_blank" rel="noopener">
              open this in a tab
            </a>
            .
          </p>
        ) : (
          <OpenBackup label="Open">{({ id }) => <NewPassphrase id={id} onStatus={onStatus} />}</OpenBackup>
        )}
      </div>
    </main>
  );
}

function NewPassphrase({ id, onStatus }: { readonly id: string; readonly onStatus: (status: Status) => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const work = useWork();
  const { text, tone } = strength(passphrase);
  const ready = [...passphrase].length >= 12 && passphrase === again;
  const restore = (): Promise<void> =>
    work.run(async () => {
      await background.call('restoreBackup', { id, passphrase });
      onStatus(await background.call('status', {}));
      go('#/');
    });
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void restore();
      }}
    >
      <Field
        label="Passphrase"
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={passphrase === '' ? 'A new one, which unlocks Parley in this browser. At least 12 characters.' : text}
        tone={passphrase === '' ? 'plain' : tone}
      />
      <Field
        label="Repeat passphrase"
        type="password"
        value={again}
        onValue={setAgain}
        hint={again !== '' && again !== passphrase ? 'The two differ.' : ''}
        tone={again !== '' && again !== passphrase ? 'caution' : 'plain'}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button kind="primary" type="submit" wide disabled={!ready || work.busy}>
        {work.busy ? 'Bringing it back…' : 'Bring it back'}
      </Button>
    </form>
  );
}
