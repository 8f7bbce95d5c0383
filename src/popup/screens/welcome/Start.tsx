import { Server } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Letter } from '../../parts/Letter.tsx';

interface StartProps {
  readonly node: string;
  readonly preset: boolean;
  readonly onNode: (node: string) => void;
  readonly onNew: () => void;
  readonly onExisting: () => void;
}

export function Start({ node, preset, onNode, onNew, onExisting }: StartProps): JSX.Element {
  const [editing, setEditing] = useState(false);
  return (
    <main class="scroll gate">
      <div class="page">
        <Letter />
        <h1 class="welcome-title">Write to any wallet. Only the two of you can read it.</h1>
        <div class="stack">
          <Button kind="primary" wide onClick={onNew}>
            Create a new wallet
          </Button>
          <Button wide onClick={onExisting}>
            I already have a wallet
          </Button>
        </div>
        {editing ? (
          <NodeField node={node} onNode={onNode} />
        ) : (
          <div class="node-line">
            <Icon of={Server} size={16} />
            <span>
              {preset ? 'This page suggests the node' : 'Messages travel by the node'} <strong class="mono">{hostOf(node)}</strong>
            </span>
            <Button kind="plain" onClick={() => setEditing(true)}>
              Change
            </Button>
          </div>
        )}
      </div>
    </main>
  );
}

export function NodeField({ node, onNode }: { readonly node: string; readonly onNode: (node: string) => void }): JSX.Element {
  return (
    <Field
      label="Node address"
      type="url"
      value={node}
      onValue={onNode}
      autoFocus
      mono
      hint="The node (the server that carries your sealed messages) of your community, or your own."
    />
  );
}

export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
