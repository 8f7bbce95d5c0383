import { Server } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { shortAddress } from '../../address.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Letter } from '../../parts/Letter.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { t } from '../../t.tsx';
import { listed } from '../../words.ts';

interface StartProps {
  readonly node: string;
  readonly preset: boolean;
  /** Whose keys were here and are lost; null: nobody's. */
  readonly lost: readonly string[] | null;
  /** Whether they are there, and damaged. */
  readonly damaged: boolean;
  readonly onNode: (node: string) => void;
  readonly onNew: () => void;
  readonly onExisting: () => void;
}

export function Start({ node, preset, lost, damaged, onNode, onNew, onExisting }: StartProps): JSX.Element {
  const [editing, setEditing] = useState(false);
  const fresh = (
    <Button key="new" kind={lost ? 'secondary' : 'primary'} wide onClick={onNew}>
      {t('start.createANewWallet')}
    </Button>
  );
  const existing = (
    <Button key="existing" kind={lost ? 'primary' : 'secondary'} wide onClick={onExisting}>
      {t('start.iAlreadyHaveA')}
    </Button>
  );
  return (
    <main class="scroll gate">
      <div class="page">
        {!lost && <Letter />}
        <h1 class="welcome-title">{t(lost ? 'start.bringYourAccountBack' : 'start.writeToAnyWallet')}</h1>
        {lost && (
          <Notice tone="danger">
            {lost.length === 0
              ? t(damaged ? 'start.keysDamaged' : 'start.keysLost')
              : t(damaged ? 'start.keysDamagedOf' : 'start.keysLostOf', { who: listed(lost.map(shortAddress)) })}
          </Notice>
        )}
        {/* Who has lost an account is not to make another one by the first button. */}
        <div class="stack">{lost ? [existing, fresh] : [fresh, existing]}</div>
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
