import { CloudOff, TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { NodeState } from '../../rpc/views.ts';
import { Icon } from './Icon.tsx';

/** One slim bar: what is wrong with the node, and where to mend it. Nothing while all is well. */
export function NodeBar({ node, doubt = false }: { readonly node: NodeState; readonly doubt?: boolean }): JSX.Element | null {
  if (node.state === 'syncing' && (node.remaining ?? 0) > 50)
    return (
      <div class="node-bar calm" role="status">
        <p>Reading {new Intl.NumberFormat().format(node.remaining ?? 0)} more messages…</p>
      </div>
    );
  if (node.state === 'idle' || node.state === 'connected' || node.state === 'syncing' || !node.detail) {
    if (node.standsInFor !== null)
      return (
        <div class="node-bar" role="status">
          <Icon of={CloudOff} size={16} />
          <p>
            {hostOf(node.standsInFor)} does not answer. {hostOf(node.url)} stands in until it does.
          </p>
        </div>
      );
    if (!doubt) return null;
    return (
      <div class="node-bar" role="status">
        <Icon of={TriangleAlert} size={16} />
        <p>
          One of your nodes does not show what the others have. <a href="#/settings/node">See which</a>
        </p>
      </div>
    );
  }
  return (
    <div class="node-bar" role="status">
      <Icon of={node.state === 'offline' ? CloudOff : TriangleAlert} size={16} />
      <p>
        {node.detail} {node.state !== 'clock' && <a href="#/settings">Settings</a>}
      </p>
    </div>
  );
}

const hostOf = (url: string): string => new URL(url).host;
