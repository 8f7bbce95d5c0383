import { FileUp } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import type { BackupReport } from '../../rpc/views/transfers.ts';
import type { Key } from '../../words/en/index.ts';
import { reasonOf } from '../explain.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { rich, t } from '../t.tsx';
import { fullTime } from '../time.ts';
import { giveFile } from '../transfer.ts';
import { ShortAddress } from './Address.tsx';
import { Button } from './Button.tsx';
import { Field } from './Field.tsx';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';

interface OpenBackupProps {
  readonly label: string;
  /** What is said below the report, with the name of the open file. */
  readonly children: (opened: { readonly id: string; readonly report: BackupReport }) => JSX.Element;
}

/** A file and its passphrase, and what is in it. Nothing is changed by that. */
export function OpenBackup({ label, children }: OpenBackupProps): JSX.Element {
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const [opened, setOpened] = useState<{ readonly id: string; readonly report: BackupReport } | null>(null);
  const work = useWork();
  const input = useId();
  const id = opened?.id;
  useEffect(() => () => void (id !== undefined && background.call('closeFile', { id }).catch(() => undefined)), [id]);
  const open = (): Promise<void> =>
    work.run(async () => {
      if (!file) return;
      const sent = await giveFile(file);
      setOpened({ id: sent, report: await background.call('openBackup', { id: sent, filePassphrase: passphrase }) });
      setPassphrase('');
    });
  if (opened)
    return (
      <>
        <Report report={opened.report} />
        {children(opened)}
      </>
    );
  const wrong = reasonOf(work.failure) === 'wrong-file-passphrase';
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (file && passphrase !== '') void open();
      }}
    >
      <div class="file-field">
        <label for={input} class="button secondary">
          <Icon of={FileUp} size={16} />
          {file ? t('backupFile.chooseAnotherFile') : t('backupFile.chooseABackupFile')}
        </label>
        <input
          id={input}
          class="hidden"
          type="file"
          onChange={(event) => {
            setFile(event.currentTarget.files?.[0] ?? null);
            work.clear();
          }}
        />
        {file && <span class="small file-name">{file.name}</span>}
      </div>
      <Field
        label={t('common.passphraseOfTheFile')}
        type="password"
        value={passphrase}
        onValue={(text) => {
          setPassphrase(text);
          work.clear();
        }}
        {...(wrong && work.error !== null && { hint: work.error, tone: 'danger' as const })}
      />
      {work.error && !wrong && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="primary" type="submit" disabled={!file || passphrase === '' || work.busy}>
          {label}
        </Button>
      </div>
    </form>
  );
}

const states = {
  new: 'backupFile.isNew',
  same: 'backupFile.isHere',
  'other-keys': 'backupFile.isAnother',
} as const satisfies Record<BackupReport['accounts'][number]['here'], Key>;

function Report({ report }: { readonly report: BackupReport }): JSX.Element {
  return (
    <Notice>
      {t('backupFile.theFileOpensIt', { time: fullTime(report.createdAt) })}
      <ul class="stack tight">
        {report.accounts.map(({ address, here, peers, conversations, messages }) => (
          <li key={address}>
            {rich(states[here], { address: <ShortAddress address={address} />, contents: contentsOf({ peers, conversations, messages }) })}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

interface Contents {
  readonly peers: number;
  readonly conversations: number;
  readonly messages: number;
}

function contentsOf({ peers, conversations, messages }: Contents): string {
  const known = t('count.peers', { count: peers });
  if (conversations === 0) return t('backupFile.withoutMessages', { peers: known });
  return t('backupFile.withMessages', {
    peers: known,
    conversations: t('count.conversations', { count: conversations }),
    messages: t('count.messages', { count: messages }),
  });
}
