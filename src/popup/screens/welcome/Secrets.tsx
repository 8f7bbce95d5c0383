import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Founding } from '../../../rpc/views.ts';
import { toBase64 } from '../../base64.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { Stepped } from './Stepped.tsx';

interface SecretProps {
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

interface PhraseProps extends SecretProps {
  /** Where its accounts are looked for; null: the node that is chosen already. */
  readonly node: string | null;
}

export function PhraseEntry({ node, onFounding, onBack }: PhraseProps): JSX.Element {
  const [phrase, setPhrase] = useState('');
  const [extra, setExtra] = useState<string | null>(null);
  const work = useWork();
  const count = phrase.trim() === '' ? 0 : phrase.trim().split(/\s+/).length;
  const go = (): Promise<void> =>
    work.run(async () =>
      onFounding(await background.call('beginPhrase', { phrase: phrase.trim(), extraWord: extra ?? '', ...(node !== null && { node }) })),
    );
  return (
    <Stepped step={[1, 3]} title="Your recovery phrase" onBack={onBack} busy={work.busy} next={{ ready: count > 0, go }}>
      <p class="quiet">It stays in this browser, sealed; no page and no node ever sees it.</p>
      <Field
        label="Recovery phrase"
        type="password"
        value={phrase}
        onValue={(value) => {
          work.clear();
          setPhrase(value);
        }}
        autoFocus
        mono
        hint={work.error ?? (count === 0 ? 'Words with spaces between them, in their order.' : count === 1 ? '1 word.' : `${count} words.`)}
        tone={work.error ? 'danger' : 'plain'}
      />
      {extra === null ? (
        <div class="side">
          <Button kind="plain" onClick={() => setExtra('')}>
            It has a passphrase besides
          </Button>
        </div>
      ) : (
        <Field
          label="Passphrase of the phrase"
          type="password"
          value={extra}
          onValue={setExtra}
          autoFocus
          hint="Also called the 25th word. A wrong one is no error: it leads to other accounts."
        />
      )}
    </Stepped>
  );
}

export function KeyEntry({ onFounding, onBack }: SecretProps): JSX.Element {
  const [key, setKey] = useState('');
  const work = useWork();
  const digits = key.trim().replace(/^0x/i, '').length;
  const go = (): Promise<void> => work.run(async () => onFounding(await background.call('beginPrivateKey', { key: key.trim() })));
  return (
    <Stepped step={[1, 2]} title="Your private key" onBack={onBack} busy={work.busy} next={{ ready: digits > 0, go }}>
      <p class="quiet">It stays in this browser, sealed; no page and no node ever sees it.</p>
      <Field
        label="Private key"
        type="password"
        value={key}
        onValue={(value) => {
          work.clear();
          setKey(value);
        }}
        autoFocus
        mono
        hint={work.error ?? (digits === 0 ? '64 digits, with or without 0x.' : `${digits} of 64 digits.`)}
        tone={work.error ? 'danger' : 'plain'}
      />
    </Stepped>
  );
}

/** Keys are no longer than this by far. */
const mostBytes = 512 * 1024;

export function KeysEntry({ onFounding, onBack }: SecretProps): JSX.Element {
  const [text, setText] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const work = useWork();
  const go = (): Promise<void> =>
    work.run(async () => {
      const bytes = file ? new Uint8Array(await file.arrayBuffer()) : new TextEncoder().encode(text);
      onFounding(await background.call('beginKeys', { keys: toBase64(bytes) }));
    });
  const large = file !== null && file.size > mostBytes;
  return (
    <Stepped
      step={[1, 2]}
      title="Keys of another program"
      onBack={onBack}
      busy={work.busy}
      next={{ ready: !large && (file !== null || text.trim() !== ''), go }}
    >
      <p class="quiet">
        What <code class="mono">Client.getKeys()</code> of xmtp-js returns, or what a program keeps under{' '}
        <code class="mono">xmtp:…:keys:0x…</code>: as a file, hex, base64 or a list of numbers.
      </p>
      <Field
        label="Keys"
        type="password"
        value={text}
        onValue={(value) => {
          work.clear();
          setText(value);
        }}
        autoFocus
        mono
        disabled={file !== null}
        hint=""
      />
      <label class="file">
        <span class="small">Or a file</span>
        <input
          type="file"
          onChange={(event) => {
            work.clear();
            setFile(event.currentTarget.files?.[0] ?? null);
          }}
        />
      </label>
      {large && <Notice tone="danger">This file is too large to be keys.</Notice>}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <p class="small quiet">
        These keys read and write your messages. Without the wallet itself, Parley cannot renew their backup on the network.
      </p>
    </Stepped>
  );
}
