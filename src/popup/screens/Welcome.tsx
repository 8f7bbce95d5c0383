import { ArrowLeft, Eye, Server } from 'lucide';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../rpc/views.ts';
import { Button, IconButton } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Letter } from '../parts/Letter.tsx';
import { Notice } from '../parts/Notice.tsx';
import { go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { badSecret, reasonOf, strength } from '../words.ts';

type Step = 'start' | 'secret' | 'passphrase' | 'phrase';

interface WelcomeProps {
  readonly preset: string | null;
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  /** Whether an account was made whose recovery phrase still has to be shown. */
  readonly onFounding: (founding: boolean) => void;
}

/** From nothing to an account. Each step asks one thing; what can wait is not asked. */
export function Welcome({ preset, status, onStatus, onFounding }: WelcomeProps): JSX.Element {
  const [step, setStep] = useState<Step>('start');
  const [mode, setMode] = useState<'create' | 'import'>('create');
  const [node, setNode] = useState(preset ?? status.node.url);
  const [secret, setSecret] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [phrase, setPhrase] = useState<string | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const work = useWork();

  const begin = (next: 'create' | 'import'): void => {
    setMode(next);
    setStep(next === 'create' ? 'passphrase' : 'secret');
  };
  const back = (): void => {
    work.clear();
    const before = step === 'passphrase' && mode === 'import' ? 'secret' : 'start';
    if (before === 'start') setSecret(''); // nothing secret stays behind
    setStep(before);
  };
  const finish = (next: Status): void => {
    onFounding(false);
    setSecret('');
    setPassphrase('');
    setAgain('');
    onStatus(next);
    go('#/');
  };
  const found = (): Promise<void> =>
    work.run(async () => {
      if (mode === 'import') {
        try {
          return finish(await background.call('importWallet', { secret: secret.trim(), passphrase, node }));
        } catch (error) {
          if (reasonOf(error) !== 'bad-secret') throw error;
          // The answer belongs to the step before, and so does the way out.
          setRefused(badSecret);
          return setStep('secret');
        }
      }
      onFounding(true);
      try {
        const next = await background.call('createWallet', { passphrase, node });
        const { phrase: words } = await background.call('revealPhrase', { passphrase });
        onStatus(next);
        if (words === null) return finish(next);
        setPhrase(words);
        setStep('phrase');
      } catch (error) {
        onFounding(false);
        throw error;
      }
    });

  if (step === 'start') return <Start node={node} preset={preset !== null} onNode={setNode} onBegin={begin} />;
  if (step === 'secret') {
    const looked = lookAtSecret(secret);
    return (
      <Stepped
        step={1}
        of={2}
        onBack={back}
        title="Bring your wallet"
        onNext={() => (looked.whole ? setStep('passphrase') : setRefused(badSecret))}
        ready={secret.trim() !== ''}
      >
        <p class="quiet">
          Your recovery phrase of 12 or 24 words, or a private key. It stays in this browser, sealed; no page and no node ever sees it.
        </p>
        <Field
          label="Recovery phrase or private key"
          type="password"
          value={secret}
          onValue={(value) => {
            setRefused(null);
            setSecret(value);
          }}
          autoFocus
          mono
          hint={refused ?? looked.hint}
          tone={refused ? 'danger' : 'plain'}
        />
        <p class="small quiet">If this wallet has used XMTP on this node before, your conversations come back.</p>
      </Stepped>
    );
  }
  if (step === 'passphrase') {
    const judged = strength(passphrase);
    const different = again !== '' && again !== passphrase && !passphrase.startsWith(again);
    return (
      <Stepped
        step={mode === 'create' ? 1 : 2}
        of={2}
        onBack={back}
        title="Choose a passphrase"
        onNext={found}
        ready={[...passphrase].length >= 12 && passphrase === again && !work.busy}
        busy={work.busy}
      >
        <p class="quiet">It opens Parley on this device and seals everything that is kept here. Nobody can reset it for you.</p>
        <Field
          label="Passphrase"
          type="password"
          value={passphrase}
          onValue={setPassphrase}
          autoFocus
          hint={judged.text}
          tone={judged.tone}
        />
        <Field
          label="Repeat passphrase"
          type="password"
          value={again}
          onValue={setAgain}
          hint={different ? 'The two differ.' : again !== '' && again === passphrase ? 'The same.' : ''}
          tone={different ? 'danger' : again !== '' && again === passphrase ? 'good' : 'plain'}
        />
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        {work.busy && (
          <p class="small quiet" role="status">
            {mode === 'create' ? 'Making your keys…' : 'Looking for your conversations on the node…'}
          </p>
        )}
      </Stepped>
    );
  }
  return <Phrase phrase={phrase ?? ''} onDone={() => finish(status)} />;
}

function Start({
  node,
  preset,
  onNode,
  onBegin,
}: {
  readonly node: string;
  readonly preset: boolean;
  readonly onNode: (node: string) => void;
  readonly onBegin: (mode: 'create' | 'import') => void;
}): JSX.Element {
  const [editing, setEditing] = useState(false);
  return (
    <main class="scroll gate">
      <div class="page">
        <Letter />
        <h1 class="welcome-title">Write to any wallet. Only the two of you can read it.</h1>
        <div class="stack">
          <Button kind="primary" wide onClick={() => onBegin('create')}>
            Create a new wallet
          </Button>
          <Button wide onClick={() => onBegin('import')}>
            I already have a wallet
          </Button>
        </div>
        {editing ? (
          <Field
            label="Node address"
            type="url"
            value={node}
            onValue={onNode}
            autoFocus
            mono
            hint="The node (the server that carries your sealed messages) of your community, or your own."
          />
        ) : (
          <div class="node-line">
            <Icon of={Server} size={16} />
            <span>
              {preset ? 'This page suggests the node' : 'Messages travel by the node'} <strong class="mono">{hostOf(node)}</strong>
            </span>
            <Button kind="plain" onClick={() => setEditing(true)}>
              Change
            </Button>
          </div>
        )}
      </div>
    </main>
  );
}

interface SteppedProps {
  readonly step: number;
  readonly of: number;
  readonly title: string;
  readonly ready: boolean;
  readonly busy?: boolean;
  readonly onBack: () => void;
  readonly onNext: () => void;
  readonly children: ComponentChildren;
}

function Stepped({ step, of, title, ready, busy = false, onBack, onNext, children }: SteppedProps): JSX.Element {
  return (
    <main class="scroll gate steps">
      <form
        class="page"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onNext();
        }}
      >
        <div class="progress">
          <IconButton icon={ArrowLeft} label="Back" onClick={onBack} disabled={busy} />
          <span>
            {step} of {of}
          </span>
        </div>
        <h1>{title}</h1>
        {children}
        <Button kind="primary" type="submit" wide disabled={!ready}>
          Continue
        </Button>
      </form>
    </main>
  );
}

/** The phrase, covered until somebody wants to see it. It can be read again in the settings, so nothing is lost by going on. */
function Phrase({ phrase, onDone }: { readonly phrase: string; readonly onDone: () => void }): JSX.Element {
  const [shown, setShown] = useState(false);
  return (
    <main class="scroll gate steps">
      <div class="page">
        <div class="progress">
          <span>2 of 2</span>
        </div>
        <h1>Your recovery phrase</h1>
        <p class="quiet">
          These words are your account. On paper, they bring it back on any device; whoever has them is you. You can write them down now, or
          later from Settings.
        </p>
        <ol class={`words${shown ? '' : ' covered'}`} aria-hidden={!shown}>
          {phrase.split(' ').map((word, index) => (
            <li key={index}>{shown ? word : '•••••'}</li>
          ))}
        </ol>
        {!shown && (
          <Button icon={Eye} onClick={() => setShown(true)}>
            Show the words
          </Button>
        )}
        <Button kind="primary" wide onClick={onDone}>
          Continue
        </Button>
      </div>
    </main>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** Says how far a secret has come without judging its words: that is the keystore's to do. */
function lookAtSecret(secret: string): { readonly whole: boolean; readonly hint: string } {
  const text = secret.trim();
  if (text === '') return { whole: false, hint: 'Words with spaces between them, in their order.' };
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return { whole: true, hint: 'A private key.' };
  if (/^0x/.test(text)) return { whole: false, hint: `A private key has 64 digits after 0x; these are ${text.length - 2}.` };
  const count = text.split(/\s+/).length;
  const whole = count >= 12 && count <= 24 && count % 3 === 0;
  return { whole, hint: count === 1 ? '1 word.' : `${count} words.` };
}
