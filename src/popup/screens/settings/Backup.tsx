import { Download } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Restored, Status } from '../../../rpc/views.ts';
import { OpenBackup } from '../../parts/BackupFile.tsx';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { inToolbar } from '../../router.ts';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { fullTime } from '../../time.ts';
import { takeFile } from '../../transfer.ts';
import { counted, strength } from '../../words.ts';
import type { GroupProps } from './group.ts';

type Doing = 'nothing' | 'making' | 'checking' | 'adding';

export function Backup({ settings, onChanged, status }: GroupProps & { readonly status: Status }): JSX.Element {
  const [doing, setDoing] = useState<Doing>('nothing');
  const { backedUpAt } = settings;
  const done = (): void => {
    setDoing('nothing');
    onChanged();
  };
  return (
    <section class="group" id="settings-backup">
      <h2>Backup file</h2>
      {!status.backedUp && (
        <Notice tone="caution">This account is in this browser only. Write down the recovery phrase, or make a backup file.</Notice>
      )}
      <p class="small quiet">
        Everything that this browser knows of your account, in one sealed file with a passphrase of its own: keys, whom you verified,
        settings, and messages if you like. Without that passphrase nobody can open it, and neither can you.
      </p>
      {backedUpAt !== null && <p class="small">Last made here on {fullTime(backedUpAt)}.</p>}
      {inToolbar() ? (
        <p class="small">
          Files need a page that stays open:{' '}
          <a href="popup.html#/settings/backup" target="_blank" rel="noopener">
            open settings in a tab
          </a>
          .
        </p>
      ) : doing === 'making' ? (
        <Make onDone={done} />
      ) : doing === 'checking' ? (
        <OpenBackup label="Check">
          {() => (
            <>
              <p class="small">Nothing was changed.</p>
              <div class="side">
                <Button onClick={done}>Close</Button>
              </div>
            </>
          )}
        </OpenBackup>
      ) : doing === 'adding' ? (
        <OpenBackup label="Open">
          {({ id, report }) => <Add id={id} possible={report.accounts.some(({ here }) => here !== 'other-keys')} onDone={done} />}
        </OpenBackup>
      ) : (
        <div class="side">
          <Button icon={Download} onClick={() => setDoing('making')}>
            Make a backup file…
          </Button>
          <Button onClick={() => setDoing('checking')}>Check a file…</Button>
          <Button onClick={() => setDoing('adding')}>Add from a file…</Button>
        </div>
      )}
      {(doing === 'checking' || doing === 'adding') && !inToolbar() && (
        <div class="side">
          <Button kind="plain" onClick={() => setDoing('nothing')}>
            Cancel
          </Button>
        </div>
      )}
    </section>
  );
}

function Make({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [own, setOwn] = useState('');
  const [again, setAgain] = useState('');
  const [messages, setMessages] = useState(true);
  const [name, setName] = useState<string | null>(null);
  const work = useWork();
  const { text, tone } = strength(own);
  const ready = passphrase !== '' && [...own].length >= 12 && own === again;
  const make = (): Promise<void> =>
    work.run(async () => {
      const made = await background.call('makeBackup', { passphrase, filePassphrase: own, messages });
      await takeFile(made);
      setPassphrase('');
      setOwn('');
      setAgain('');
      setName(made.name);
    });
  if (name !== null)
    return (
      <>
        <Notice>
          {name} is in your downloads. Keep it elsewhere too, and check it once: a backup that was never opened is a hope. Remember its
          passphrase; it is not kept here.
        </Notice>
        <div class="side">
          <Button onClick={onDone}>Done</Button>
        </div>
      </>
    );
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void make();
      }}
    >
      <Field
        label="Your passphrase"
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint="The one that unlocks Parley."
      />
      <Field label="Passphrase of the file" type="password" value={own} onValue={setOwn} hint={text} tone={tone} />
      <Field
        label="Repeat the file’s passphrase"
        type="password"
        value={again}
        onValue={setAgain}
        hint={again !== '' && own !== again ? 'The two differ.' : ''}
        tone={again !== '' && own !== again ? 'caution' : 'plain'}
      />
      <label class="check">
        <input type="checkbox" checked={messages} onChange={(event) => setMessages(event.currentTarget.checked)} />
        With conversations and messages
      </label>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onDone}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={!ready || work.busy}>
          {work.busy ? 'Sealing…' : 'Make and download'}
        </Button>
      </div>
    </form>
  );
}

function Add({ id, possible, onDone }: { readonly id: string; readonly possible: boolean; readonly onDone: () => void }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [restored, setRestored] = useState<Restored | null>(null);
  const work = useWork();
  if (!possible) return <p class="small">Nothing in it can be added to the account that is here.</p>;
  if (restored)
    return (
      <>
        <Notice>
          Added: {counted(restored.messages, 'message')}, news of the keys of {counted(restored.peers, 'peer')}
          {restored.preKeys ? ', and older keys of yours' : ''}. Nothing that was here was replaced.
        </Notice>
        <div class="side">
          <Button onClick={onDone}>Done</Button>
        </div>
      </>
    );
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (passphrase !== '') void work.run(async () => setRestored(await background.call('restoreBackup', { id, passphrase })));
      }}
    >
      <Field
        label="Your passphrase"
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint="The one that unlocks Parley. What is missing here is added; nothing is replaced. Use only files that you made."
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
          Add what is missing
        </Button>
      </div>
    </form>
  );
}
