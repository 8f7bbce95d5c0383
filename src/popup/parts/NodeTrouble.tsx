import { CloudOff, TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { NodeState } from '../../rpc/views/account.ts';
import { nodeWords } from '../node-words.ts';
import { t } from '../t.tsx';
import { Icon } from './Icon.tsx';

/** What is wrong with the node: the background says so after the first look. */
export function NodeTrouble({ node }: { readonly node: NodeState }): JSX.Element {
  return (
    <div class="node-bar" role="status">
      <Icon of={node.state === 'offline' ? CloudOff : TriangleAlert} size={16} />
      <p>
        {nodeWords(node)} {node.state !== 'clock' && <a href="#/settings/node">{t('nodeState.nodes')}</a>}
      </p>
    </div>
  );
}
