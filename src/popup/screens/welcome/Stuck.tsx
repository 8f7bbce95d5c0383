import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Founding, FoundingStage } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { hostOf, NodeField } from './Start.tsx';
import { Stepped } from './Stepped.tsx';

type Stage = Extract<FoundingStage, { readonly step: 'stuck' }>;

interface StuckProps {
  readonly founding: Founding;
  readonly stage: Stage;
  readonly node: string;
  readonly adding: boolean;
  readonly onNode: (node: string) => void;
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

const titles: Record<Stage['why'], string> = {
  'backup-closed': 'Your backup does not open',
  'keys-elsewhere': 'This wallet has keys already',
  'other-keys': 'The network shows other keys',
  'signs-differently': 'This wallet signs differently each time',
};

/** What stands in the way, what it means, and the choices; what costs something comes last and says what it costs. */
export function Stuck({ founding, stage, node, adding, onNode, onFounding, onBack }: StuckProps): JSX.Element {
  const [other, setOther] = useState(false);
  const [last, setLast] = useState(false);
  const work = useWork();
  const decide = (choice: 'older' | 'new-identity' | 'backup' | 'no-backup') => (): void =>
    void work.run(async () => onFounding(await background.call('decideFounding', { choice })));
  const look = (): void => void work.run(async () => onFounding(await background.call('lookForKeys', adding ? {} : { node })));
  const differs = stage.why === 'signs-differently';
  return (
    <Stepped step={null} title={titles[stage.why]} onBack={onBack} busy={work.busy}>
      <Explained founding={founding} stage={stage} />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {stage.older > 0 && (
        <Button kind="primary" wide disabled={work.busy} onClick={decide('older')}>
          Try an older backup ({stage.older} left, one signature each)
        </Button>
      )}
      {differs ? (
        <>
          <Button kind="primary" wide disabled={work.busy} onClick={decide('no-backup')}>
            Go on without a backup
          </Button>
          <Button wide disabled={work.busy} onClick={decide('backup')}>
            Try both signatures again
          </Button>
        </>
      ) : (
        <>
          {other && !adding ? (
            <div class="stack">
              <NodeField node={node} onNode={onNode} />
              <Button wide disabled={work.busy} onClick={look}>
                Look there
              </Button>
            </div>
          ) : (
            <Button wide disabled={work.busy} onClick={adding ? look : () => setOther(true)}>
              {adding ? 'Look again' : 'Look on another node'}
            </Button>
          )}
          <Button wide disabled={work.busy} onClick={onBack}>
            {founding.way === 'phrase' ? 'Choose another account' : founding.way === 'bundle' ? 'Bring other keys' : 'Use another wallet'}
          </Button>
          {last ? (
            <LastResort founding={founding} busy={work.busy} onYes={decide('new-identity')} onNo={() => setLast(false)} />
          ) : (
            <div class="side">
              <Button kind="plain" onClick={() => setLast(true)}>
                {founding.way === 'bundle' || stage.why === 'other-keys'
                  ? 'Use these keys all the same…'
                  : 'I cannot get the old keys any more…'}
              </Button>
            </div>
          )}
        </>
      )}
    </Stepped>
  );
}

function Explained({ founding, stage }: { readonly founding: Founding; readonly stage: Stage }): JSX.Element {
  const host = <strong>{hostOf(founding.node ?? '')}</strong>;
  if (stage.why === 'signs-differently')
    return (
      <p class="quiet">
        Both signatures are good, and they are not equal. A backup that is sealed with one could never be opened with another, so none was
        made. You can go on without it: your account is then in this browser only, until you save it to a file.
      </p>
    );
  if (stage.why === 'keys-elsewhere')
    return (
      <p class="quiet">
        {host} shows keys of this wallet, and has no backup of them. Another program holds them: perhaps its backup is on another node, or
        you can export its keys and bring them here. Nothing was changed.
      </p>
    );
  if (stage.why === 'other-keys')
    return (
      <p class="quiet">
        The keys that you bring are good, but {host} shows others for this wallet, made by another program or at another time. People who
        look you up find those. Nothing was changed.
      </p>
    );
  return (
    <p class="quiet">
      {host} holds a backup for this wallet, and {stage.tried > 1 ? `the ${stage.tried} newest do` : 'it does'} not open with{' '}
      {founding.way === 'external' ? 'your signature' : 'this wallet'}. It may have been made with another wallet program that signs
      differently, or damaged. Nothing was changed.
    </p>
  );
}

function LastResort({
  founding,
  busy,
  onYes,
  onNo,
}: {
  readonly founding: Founding;
  readonly busy: boolean;
  readonly onYes: () => void;
  readonly onNo: () => void;
}): JSX.Element {
  const bringing = founding.way === 'bundle';
  return (
    <div class="stack">
      <Notice tone="danger">
        {bringing ? 'The keys that the network shows now give way to yours.' : 'New keys take the place of the old ones, for good.'}{' '}
        Conversations that belong to the others cannot be read here. The program that has them is cut off: it can read what it has and will
        not hear from you. People who wrote to you are told that your keys have changed.
      </Notice>
      <div class="side">
        <Button onClick={onNo}>Cancel</Button>
        <Button kind="danger" disabled={busy} onClick={onYes}>
          {bringing ? 'Put mine in their place' : 'Replace the keys'}
        </Button>
      </div>
    </div>
  );
}
