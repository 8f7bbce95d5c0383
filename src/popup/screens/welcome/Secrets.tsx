import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { toBase64 } from '../../../rpc/base64.ts';
import type { Founding } from '../../../rpc/views/founding.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t, type Words } from '../../t.tsx';
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
    <Stepped step={[1, 3]} title={t('common.yourRecoveryPhrase')} onBack={onBack} busy={work.busy} next={{ ready: count > 0, go }}>
      <p class="quiet">{t('secrets.itStaysInThis')}</p>
      <Field
        label={t('common.recoveryPhrase')}
        type="password"
        value={phrase}
        onValue={(value) => {
          work.clear();
          setPhrase(value);
        }}
        autoFocus
        mono
        hint={work.error ?? (count === 0 ? t('secrets.wordsWithSpacesBetween') : t('secrets.words', { count }))}
        tone={work.error ? 'danger' : 'plain'}
      />
      {extra === null ? (
        <div class="side">
          <Button kind="plain" onClick={() => setExtra('')}>
            {t('secrets.itHasAPassphrase')}
          </Button>
        </div>
      ) : (
        <Field
          label={t('secrets.passphraseOfThePhrase')}
          type="password"
          value={extra}
          onValue={setExtra}
          autoFocus
          hint={t('secrets.alsoCalledThe25th')}
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
    <Stepped step={[1, 2]} title={t('secrets.yourPrivateKey')} onBack={onBack} busy={work.busy} next={{ ready: digits > 0, go }}>
      <p class="quiet">{t('secrets.itStaysInThis')}</p>
      <Field
        label={t('common.privateKey')}
        type="password"
        value={key}
        onValue={(value) => {
          work.clear();
          setKey(value);
        }}
        autoFocus
        mono
        hint={work.error ?? (digits === 0 ? t('secrets.with64DigitsWithOr') : t('secrets.digits', { count: digits }))}
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
      title={t('secrets.keysOfAnotherProgram')}
      onBack={onBack}
      busy={work.busy}
      next={{ ready: !large && (file !== null || text.trim() !== ''), go }}
    >
      <p class="quiet">{rich('secrets.whatClientGetkeysOf', { code: (words: Words) => <code class="mono">{words}</code> })}</p>
      <Field
        label={t('common.keys')}
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
        <span class="small">{t('secrets.orAFile')}</span>
        <input
          type="file"
          onChange={(event) => {
            work.clear();
            setFile(event.currentTarget.files?.[0] ?? null);
          }}
        />
      </label>
      {large && <Notice tone="danger">{t('secrets.thisFileIsToo')}</Notice>}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <p class="small quiet">{t('secrets.theseKeysReadAnd')}</p>
    </Stepped>
  );
}
