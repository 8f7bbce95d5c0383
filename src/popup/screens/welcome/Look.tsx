import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Founding } from '../../../rpc/views.ts';
import { FullAddress } from '../../parts/Address.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { hostOf, NodeField } from './Start.tsx';
import { Stepped } from './Stepped.tsx';

interface LookProps {
  readonly address: string;
  readonly node: string;
  /** With an account there already, the node is the settings' to choose. */
  readonly adding: boolean;
  readonly onNode: (node: string) => void;
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

/** Asks the node what it has of a wallet, at once; stays only where that fails. */
export function Look({ address, node, adding, onNode, onFounding, onBack }: LookProps): JSX.Element {
  const [asked, setAsked] = useState(false);
  const work = useWork();
  const look = (): Promise<void> =>
    work.run(async () => {
      setAsked(true);
      onFounding(await background.call('lookForKeys', adding ? {} : { node }));
    });
  useEffect(() => void look(), []);
  return (
    <Stepped
      step={null}
      title="Looking for your conversations"
      onBack={onBack}
      busy={work.busy}
      next={{ words: 'Try again', ready: asked && !work.busy, go: () => void look() }}
    >
      <p class="quiet">
        Whether <strong>{hostOf(node)}</strong> has keys and messages of
      </p>
      <FullAddress address={address} />
      {work.busy && (
        <p class="small quiet" role="status">
          Asking the node…
        </p>
      )}
      {work.error && (
        <>
          <Notice tone="danger">
            {work.error} Nothing was made or changed: without its answer nobody can say whether this wallet has keys already.
          </Notice>
          {adding ? <p class="small quiet">Another node is chosen in Settings.</p> : <NodeField node={node} onNode={onNode} />}
        </>
      )}
    </Stepped>
  );
}
