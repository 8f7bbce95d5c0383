import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Founding } from '../../../rpc/views/founding.ts';
import { FullAddress } from '../../parts/Address.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t } from '../../t.tsx';
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
      title={t('lookForKeys.lookingForYourConversations')}
      onBack={onBack}
      busy={work.busy}
      next={{ words: t('common.tryAgain'), ready: asked && !work.busy, go: () => void look() }}
    >
      <p class="quiet">{rich('lookForKeys.whetherHasKeysAnd', { host: <strong>{hostOf(node)}</strong> })}</p>
      <FullAddress address={address} />
      {work.busy && (
        <p class="small quiet" role="status">
          {t('common.askingTheNodeBegin')}
        </p>
      )}
      {work.error && (
        <>
          <Notice tone="danger">{t('lookForKeys.nothingWasMadeOr', { error: work.error })}</Notice>
          {adding ? <p class="small quiet">{t('lookForKeys.anotherNodeIsChosen')}</p> : <NodeField node={node} onNode={onNode} />}
        </>
      )}
    </Stepped>
  );
}
