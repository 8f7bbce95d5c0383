import type { JSX } from 'preact';
import type { Founding } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { Stepped } from './Stepped.tsx';

interface BackupChoiceProps {
  readonly node: string;
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

/** Whether the network is to hold a backup; for a wallet outside that is its owner's to decide. */
export function BackupChoice({ node, onFounding, onBack }: BackupChoiceProps): JSX.Element {
  const work = useWork();
  const decide = (choice: 'backup' | 'no-backup') => (): void =>
    void work.run(async () => onFounding(await background.call('decideFounding', { choice })));
  return (
    <Stepped step={[2, 3]} title="A backup on the network?" onBack={onBack} busy={work.busy}>
      <p class="quiet">
        Your message keys are in this browser. The node at <strong>{node}</strong> can hold a sealed copy, which your wallet opens by a
        signature on any device. Other XMTP programs find it too.
      </p>
      <Notice tone="caution">
        Whoever gets your wallet to sign that text one day, on a page that pretends to need it, can open the copy and read your messages.
      </Notice>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button kind="primary" wide disabled={work.busy} onClick={decide('no-backup')}>
        Keep the keys here only
      </Button>
      <Button wide disabled={work.busy} onClick={decide('backup')}>
        Back up on the network (two signatures)
      </Button>
      <p class="small quiet">Without it, losing this browser loses your messages, unless you save your account to a file.</p>
    </Stepped>
  );
}
