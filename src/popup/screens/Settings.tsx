import { ArrowLeft, Eye } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { NodeTest, Settings as SettingsView, Status, Theme } from '../../rpc/views.ts';
import { CopyAddress } from '../parts/Address.tsx';
import { Button, IconLink } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Failure, Notice } from '../parts/Notice.tsx';
import { Segments } from '../parts/Segments.tsx';
import { PageBones } from '../parts/Skeleton.tsx';
import { background } from '../rpc.ts';
import { useAsked, useWork } from '../state.ts';
import { permissionSentence, term } from '../words.ts';

interface SettingsProps {
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  readonly wide: boolean;
}

export function Settings({ status, onStatus, wide }: SettingsProps): JSX.Element {
  const { value, error, reload } = useAsked(() => background.call('settings', {}), 'settings', ['status']);
  return (
    <div class="screen">
      <header class={`bar${wide ? '' : ' with-back'}`}>
        {!wide && <IconLink icon={ArrowLeft} label="Back" href="#/" />}
        <h1>Settings</h1>
      </header>
      <main class="scroll">
        {error && !value ? (
          <Failure error={error} retry={reload} />
        ) : !value ? (
          <PageBones />
        ) : (
          <div class="page">
            <section class="group">
              <h2>Your address</h2>
              <p class="small quiet">Give it to those who should write to you.</p>
              <CopyAddress address={status.account?.address ?? ''} />
              {!status.published && (
                <Notice tone="caution">Nobody can find you yet: your keys have not reached the node. Parley keeps trying.</Notice>
              )}
            </section>
            <Node settings={value} onChanged={reload} />
            <Locking settings={value} onChanged={reload} />
            <Look settings={value} onChanged={reload} />
            <Sites settings={value} onChanged={reload} />
            <Phrase saved={status.account?.phraseSaved ?? false} onStatus={onStatus} />
            <Wipe onStatus={onStatus} />
            <p class="small quiet">
              Parley {value.version}. Messages by XMTP V2: sealed end to end, without forward secrecy. A node sees who invites whom and
              when, never what is said.
            </p>
          </div>
        )}
      </main>
    </div>
  );
}

interface PartProps {
  readonly settings: SettingsView;
  readonly onChanged: () => void;
}

function Node({ settings, onChanged }: PartProps): JSX.Element {
  const [url, setUrl] = useState(settings.nodeUrl);
  const [passphrase, setPassphrase] = useState('');
  const [result, setResult] = useState<NodeTest | null>(null);
  const work = useWork();
  const changed = url.trim() !== settings.nodeUrl;
  const test = (): Promise<void> =>
    work.run(async () => {
      setResult(null);
      setResult(await background.call('testNode', { url: url.trim() }));
    });
  const save = (): Promise<void> =>
    work.run(async () => {
      await background.call('setNode', { url: url.trim(), passphrase });
      setPassphrase('');
      setResult(null);
      onChanged();
    });
  return (
    <section class="group">
      <h2>Node</h2>
      <p class="small quiet">The server that carries your sealed messages. You and those you write to need the same one.</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void (changed && passphrase !== '' ? save() : test());
        }}
      >
        <Field label="Node address" type="url" value={url} onValue={setUrl} mono />
        {result && <TestResult result={result} />}
        {changed && (
          <Field
            label="Passphrase"
            type="password"
            value={passphrase}
            onValue={setPassphrase}
            hint="Another node sees when you write and to whom, so changing it takes your passphrase. Your conversations are read anew from there."
          />
        )}
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        <div class="side">
          <Button onClick={() => void test()} disabled={work.busy || url.trim() === ''}>
            Test
          </Button>
          {changed && (
            <Button kind="primary" type="submit" disabled={work.busy || passphrase === ''}>
              Save
            </Button>
          )}
        </div>
      </form>
    </section>
  );
}

function TestResult({ result }: { readonly result: NodeTest }): JSX.Element {
  const facts = [
    result.version && `Version ${result.version}`,
    result.roundTrip !== null && `answered in ${result.roundTrip} ms`,
    result.clockSkew !== null &&
      Math.abs(result.clockSkew) > 2000 &&
      `its clock differs by ${Math.round(Math.abs(result.clockSkew) / 1000)} s`,
  ].filter(Boolean);
  return (
    <Notice tone={result.ok ? 'plain' : 'caution'}>
      {result.detail}
      {facts.length > 0 && <div class="quiet">{facts.join(', ')}.</div>}
    </Notice>
  );
}

const locks = [
  { value: 5, words: '5 min' },
  { value: 15, words: '15 min' },
  { value: 60, words: '1 hour' },
  { value: 240, words: '4 hours' },
  { value: null, words: 'Never' },
] as const;

function Locking({ settings, onChanged }: PartProps): JSX.Element {
  const work = useWork();
  const choose = (minutes: (typeof locks)[number]['value']): Promise<void> =>
    work.run(async () => {
      await background.call('setAutoLock', { minutes });
      onChanged();
    });
  return (
    <section class="group">
      <h2>Locking</h2>
      <p class="small quiet">
        Parley locks when the browser closes, when the screen locks, and after 12 hours at the latest. It can lock sooner, when you do not
        use it.
      </p>
      <Segments
        legend="Lock after no use for"
        name="lock"
        choices={locks}
        chosen={settings.autoLockMinutes}
        onChoose={(minutes) => void choose(minutes as (typeof locks)[number]['value'])}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}

const themes: readonly { readonly value: Theme; readonly words: string }[] = [
  { value: 'system', words: 'System' },
  { value: 'light', words: 'Light' },
  { value: 'dark', words: 'Dark' },
  { value: 'contrast', words: 'High contrast' },
];

function Look({ settings, onChanged }: PartProps): JSX.Element {
  const work = useWork();
  const choose = (theme: Theme): Promise<void> =>
    work.run(async () => {
      await background.call('setTheme', { theme });
      onChanged();
    });
  return (
    <section class="group">
      <h2>Look</h2>
      <Segments legend="Colours" name="theme" choices={themes} chosen={settings.theme} onChoose={(theme) => void choose(theme)} />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}

function Sites({ settings, onChanged }: PartProps): JSX.Element {
  const work = useWork();
  return (
    <section class="group">
      <h2>Connected sites</h2>
      {settings.sites.length === 0 ? (
        <p class="small quiet">None. A site that wants to write in your name has to ask you first.</p>
      ) : (
        <ul class="stack">
          {settings.sites.map(({ origin, permissions, expiresAt }) => (
            <li key={origin} class="site">
              <div>
                <strong>{origin}</strong>
                <p class="small quiet">Sees your address {term(expiresAt)}.</p>
                {permissions.map((permission) => (
                  <p key={`${permission.kind}${permission.grantedAt}${permission.expiresAt}`} class="small quiet">
                    {permissionSentence(permission)}
                  </p>
                ))}
              </div>
              <Button
                disabled={work.busy}
                onClick={() =>
                  void work.run(async () => {
                    await background.call('revokeSite', { origin });
                    onChanged();
                  })
                }
              >
                Disconnect
              </Button>
            </li>
          ))}
        </ul>
      )}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}

const shownForMs = 30_000;

function Phrase({ saved, onStatus }: { readonly saved: boolean; readonly onStatus: (status: Status) => void }): JSX.Element {
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
  return (
    <section class="group">
      <h2>Recovery phrase</h2>
      {!saved && (
        <Notice tone="caution">You have not written it down yet. Without it, losing this browser means losing this account.</Notice>
      )}
      <p class="small quiet">It brings your account back on any device. Whoever has it is you.</p>
      {secret ? (
        <div class="stack">
          {secret.phrase ? (
            <ol class={`words${held ? '' : ' covered'}`} aria-hidden={!held}>
              {secret.phrase.split(' ').map((word, index) => (
                <li key={index}>{held ? word : '•••••'}</li>
              ))}
            </ol>
          ) : (
            <p class="copy">
              <span class="mono">{held ? secret.privateKey : `0x${'•'.repeat(64)}`}</span>
            </p>
          )}
          <button
            type="button"
            class="button secondary"
            onPointerDown={() => setHeld(true)}
            onPointerUp={release}
            onPointerLeave={release}
            onKeyDown={(event) => (event.key === ' ' || event.key === 'Enter') && setHeld(true)}
            onKeyUp={release}
          >
            Hold to show
          </button>
          {!saved && (
            <Button
              kind="primary"
              onClick={() =>
                void work.run(async () => {
                  onStatus(await background.call('phraseSaved', {}));
                  setSecret(null);
                })
              }
            >
              I have written it down
            </Button>
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
          <Field label="Passphrase" type="password" value={passphrase} onValue={setPassphrase} autoFocus />
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="side">
            <Button
              onClick={() => {
                setAsking(false);
                setPassphrase('');
                work.clear();
              }}
            >
              Cancel
            </Button>
            <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
              Show
            </Button>
          </div>
        </form>
      ) : (
        <div class="side">
          <Button icon={Eye} onClick={() => setAsking(true)}>
            Show recovery phrase…
          </Button>
        </div>
      )}
    </section>
  );
}

function Wipe({ onStatus }: { readonly onStatus: (status: Status) => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  return (
    <section class="group">
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
