import { Pencil } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NamedConversation, Permission } from '../../../rpc/views/sites.ts';
import { IconButton } from '../../parts/Button.tsx';
import { t } from '../../t.tsx';
import { visibleLine } from '../../text.ts';
import { listed, permissionSentence } from '../../words.ts';
import { EditPermission } from './EditPermission.tsx';

interface SitePermissionProps {
  readonly origin: string;
  readonly permission: Permission;
  readonly conversations: readonly NamedConversation[];
  readonly onChanged: () => void;
}

/** One permission of a site in words, which can be made less of. */
export function SitePermission({ origin, permission, conversations, onChanged }: SitePermissionProps): JSX.Element {
  const [editing, setEditing] = useState(false);
  const sentence = permissionSentence(permission);
  const limits = limitsOf(permission);
  return (
    <li class="stack tight">
      <div class="site">
        <div class="small quiet">
          <p>{sentence}</p>
          {limits !== '' && <p>{limits}</p>}
        </div>
        <IconButton icon={Pencil} label={t('sites.change', { permission: sentence })} onClick={() => setEditing(!editing)} />
      </div>
      {editing && (
        <EditPermission
          origin={origin}
          permission={permission}
          conversations={conversations}
          onDone={(changed) => {
            setEditing(false);
            if (changed) onChanged();
          }}
        />
      )}
    </li>
  );
}

/** Where and of which kinds alone, and from when. */
function limitsOf({ kind, conversations, contentTypes, since }: Permission): string {
  const parts = [
    ...(conversations ? [t('sites.onlyInConversations', { count: conversations.length })] : []),
    ...(contentTypes ? [t('sites.onlyOfKinds', { kinds: listed(contentTypes.map(visibleLine)) })] : []),
    ...(kind === 'read' ? [t(since === 'all' ? 'sites.fromBefore' : 'sites.fromThenOn')] : []),
  ];
  return parts.join(' ');
}
