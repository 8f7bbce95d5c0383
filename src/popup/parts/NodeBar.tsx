import type { JSX } from 'preact';
import type { DiskTrouble, NodeState } from '../../rpc/views/account.ts';
import { hostOf } from '../address.ts';
import { CloudOff, TriangleAlert } from '../icons.ts';
import { later } from '../later.tsx';
import { rich, t, type Words } from '../t.tsx';
import { Icon } from './Icon.tsx';

interface NodeBarProps {
  readonly node: NodeState;
  readonly disk: DiskTrouble | null;
  readonly doubt?: boolean;
}

/** It comes with a script of its own: the first look does not know how the node is. */
const NodeTrouble = later(
  async () => (await import('./NodeTrouble.tsx')).NodeTrouble,
  () => null,
);

/** One slim bar: what is wrong with the disk or with the node, and how to mend it. Nothing while all is well. */
export function NodeBar({ node, disk, doubt = false }: NodeBarProps): JSX.Element | null {
  if (disk !== null)
    return (
      <div class="node-bar" role="status">
        <Icon of={TriangleAlert} size={16} />
        <p>{t(disk === 'full' ? 'nodeBar.diskFull' : 'nodeBar.diskFailed')}</p>
      </div>
    );
  if (node.state === 'syncing' && (node.remaining ?? 0) > 50)
    return (
      <div class="node-bar calm" role="status">
        <p>{t('nodeBar.reading', { count: node.remaining ?? 0 })}</p>
      </div>
    );
  if (node.state === 'idle' || node.state === 'connected' || node.state === 'syncing' || node.trouble === null) {
    if (node.standsInFor !== null)
      return (
        <div class="node-bar" role="status">
          <Icon of={CloudOff} size={16} />
          <p>{t('nodeBar.standsIn', { chosen: hostOf(node.standsInFor), other: hostOf(node.url) })}</p>
        </div>
      );
    if (!doubt) return null;
    return (
      <div class="node-bar" role="status">
        <Icon of={TriangleAlert} size={16} />
        <p>{rich('nodeBar.oneOfYourNodes', { link: (words: Words) => <a href="#/settings/node">{words}</a> })}</p>
      </div>
    );
  }
  return <NodeTrouble node={node} />;
}
