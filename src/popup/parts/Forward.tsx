import type { JSX } from 'preact';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import { conversationPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useAsked, useWork } from '../state.ts';
import { t } from '../t.tsx';
import { groupName } from '../words.ts';
import { Avatar } from './Avatar.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { GroupMark } from './GroupMark.tsx';
import { Notice } from './Notice.tsx';
import { Person } from './Person.tsx';

/** Chooses a conversation and lays the text there as a draft: nothing is sent before it was seen where it goes. */
export function Forward({ text, onClose }: { readonly text: string; readonly onClose: () => void }): JSX.Element {
  const { value, error } = useAsked(() => background.call('listConversations', { limit: 200, shelf: 'inbox' }), 'forward', []);
  const work = useWork();
  const lay = ({ id, draft }: ConversationRow): Promise<void> =>
    work.run(async () => {
      await background.call('saveDraft', { id, text: draft ? `${draft}\n${text}` : text });
      onClose();
      go(conversationPath(id));
    });
  const rows = (value?.rows ?? []).filter(({ group }) => group?.open ?? true);
  return (
    <Dialog title={t('forward.forwardTo')} onClose={onClose}>
      {(error ?? work.error) && <Notice tone="danger">{error ?? work.error}</Notice>}
      <p class="small quiet">{t('forward.theTextGoesInto')}</p>
      <ul class="choices" aria-label={t('forward.forwardTo')}>
        {rows.map((row) => (
          <li key={row.id}>
            <button type="button" disabled={work.busy} onClick={() => void lay(row)}>
              {row.group ? <GroupMark size={28} /> : <Avatar address={row.peer} size={28} />}
              <span>
                {row.group ? groupName(row.group) : <Person address={row.peer} />}
                {row.thread !== null && <span class="quiet"> · {row.thread.slice(0, 60)}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {value && rows.length === 0 && <p class="quiet">{t('forward.thereIsNoOther')}</p>}
      <div class="decide">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
    </Dialog>
  );
}
