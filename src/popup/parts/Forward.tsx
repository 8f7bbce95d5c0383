import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import type { OwnEvents } from '../../rpc/views/events.ts';
import { reasonOf } from '../explain.ts';
import { groupName } from '../names.ts';
import { conversationPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useAsked, useWork } from '../state.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { Avatar } from './Avatar.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { GroupMark } from './GroupMark.tsx';
import { Notice } from './Notice.tsx';
import { Person } from './Person.tsx';

/** A text, or the file of a message. */
export type Forwarded = { readonly text: string } | { readonly message: string; readonly filename: string };

interface ForwardProps {
  readonly what: Forwarded;
  /** The conversation that it is from. */
  readonly from: string;
  readonly onClose: () => void;
}

/** Chooses a conversation and lays the text there as a draft, or the file among those to send: nothing is sent before it was seen where it goes. */
export function Forward({ what, from, onClose }: ForwardProps): JSX.Element {
  const { value, error } = useAsked(() => background.call('listConversations', { limit: 200, shelf: 'inbox' }), 'forward', []);
  const work = useWork();
  const file = useForwardedFile();
  const name = 'text' in what ? '' : visibleLine(what.filename);
  const lay = ({ id }: ConversationRow): Promise<void> =>
    work.run(async () => {
      if ('text' in what) await background.call('addToDraft', { id, text: what.text });
      else if (!(await file.lay(what.message, id))) return;
      onClose();
      go(conversationPath(id));
    });
  // A file is there already, where it comes from.
  const rows = (value?.rows ?? []).filter(({ id, group }) => (group?.open ?? true) && ('text' in what || id !== from));
  return (
    <Dialog title={t('forward.forwardTo')} onClose={onClose}>
      {(error ?? work.error) && <Notice tone="danger">{error ?? work.error}</Notice>}
      <p class="small quiet">{'text' in what ? t('forward.theTextGoesInto') : t('forward.theFileGoesAmong', { name })}</p>
      {file.come && (
        <progress
          max={file.come.total ?? undefined}
          value={file.come.total === null ? undefined : Math.min(file.come.done, file.come.total)}
          aria-label={t('fileView.loadingNamed', { name })}
        />
      )}
      <ul class="choices" aria-label={t('forward.forwardTo')}>
        {rows.map((row) => (
          <li key={row.id}>
            <button type="button" aria-disabled={work.busy} onClick={() => void lay(row)}>
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

/** The file on its way from where it lies into the other conversation. Who closes the dialog calls it off. */
function useForwardedFile() {
  const [come, setCome] = useState<Pick<OwnEvents['transfer'], 'done' | 'total'> | null>(null);
  const under = useRef<string | null>(null);
  const over = useRef(false);
  useEffect(() => background.on('transfer', (transfer) => transfer.id === under.current && setCome(transfer)), []);
  useEffect(
    () => () => {
      over.current = true;
      if (under.current !== null) background.call('cancelFile', { id: under.current }).catch(() => undefined); // it is taken out again then
    },
    [],
  );
  /** Whether it is there; not where it was called off. */
  const lay = async (message: string, id: string): Promise<boolean> => {
    const file = crypto.randomUUID();
    under.current = file;
    setCome({ done: 0, total: null });
    try {
      await background.call('forwardFile', { message, id, file });
    } catch (failure) {
      if (reasonOf(failure) === 'cancelled') return false;
      throw failure;
    } finally {
      under.current = null;
      setCome(null);
    }
    if (over.current) await background.call('dropFile', { id, file });
    return !over.current;
  };
  return { come, lay };
}
