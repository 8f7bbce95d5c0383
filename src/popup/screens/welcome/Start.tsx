import { Server } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Letter } from '../../parts/Letter.tsx';
import { t } from '../../t.tsx';

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
        <h1 class="welcome-title">{t('start.writeToAnyWallet')}</h1>
        <div class="stack">
          <Button kind="primary" wide onClick={onNew}>
            {t('start.createANewWallet')}
          </Button>
          <Button wide onClick={onExisting}>
            {t('start.iAlreadyHaveA')}
          </Button>
        </div>
        {editing ? (
          <NodeField node={node} onNode={onNode} />
        ) : (
          <div class="node-line">
            <Icon of={Server} size={16} />
            <span>
              {preset ? t('start.thisPageSuggestsThe') : t('start.messagesTravelByThe')} <strong class="mono">{hostOf(node)}</strong>
            </span>
            <Button kind="plain" onClick={() => setEditing(true)}>
              {t('start.change')}
            </Button>
          </div>
        )}
      </div>
    </main>
  );
}

export function NodeField({ node, onNode }: { readonly node: string; readonly onNode: (node: string) => void }): JSX.Element {
  return (
    <Field label={t('start.nodeAddress')} type="url" value={node} onValue={onNode} autoFocus mono hint={t('start.theNodeTheServer')} />
  );
}

export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
