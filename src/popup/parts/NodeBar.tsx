import { CloudOff, TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { NodeState } from '../../rpc/views.ts';
import { Icon } from './Icon.tsx';

/** One slim bar: what is wrong with the node, and where to mend it. Nothing while all is well. */
export function NodeBar({ node }: { readonly node: NodeState }): JSX.Element | null {
  if (node.state === 'syncing' && (node.remaining ?? 0) > 50)
    return (
      <div class="node-bar calm" role="status">
        <p>Reading {new Intl.NumberFormat().format(node.remaining ?? 0)} more messages…</p>
      </div>
    );
  if (node.state === 'idle' || node.state === 'connected' || node.state === 'syncing' || !node.detail) return null;
  return (
    <div class="node-bar" role="status">
      <Icon of={node.state === 'offline' ? CloudOff : TriangleAlert} size={16} />
      <p>
        {node.detail} {node.state !== 'clock' && <a href="#/settings">Settings</a>}
      </p>
    </div>
  );
}
