import type { ComponentChildren, JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import { saidIn } from '../../words/says.ts';
import { BellOff, Paperclip, Pin } from '../icons.ts';
import { memo } from '../memo.ts';
import { groupName } from '../names.ts';
import { conversationPath } from '../router.ts';
import { rich, SpokenContext, t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { fullTime, shortTime } from '../time.ts';
import { Avatar } from './Avatar.tsx';
import { Count } from './Count.tsx';
import { GroupMark } from './GroupMark.tsx';
import { Icon } from './Icon.tsx';
import { Person } from './Person.tsx';
import type { PlaceInList } from './VirtualList.tsx';

interface RowProps extends Partial<PlaceInList> {
  readonly row: ConversationRow;
  readonly now: number;
  readonly current: boolean;
  /** What belongs to it below. */
  readonly children?: ComponentChildren;
}

export const Row = memo(function Row({ row, now, current, children, ...place }: RowProps): JSX.Element {
  useContext(SpokenContext);
  const { id, peer, group, thread, preview, draft, files, leaving, time, unread, pinned, muted, shelf } = row;
  const counts = unread > 0 && shelf === 'inbox';
  return (
    <li {...place}>
      <a class={`row${unread > 0 ? ' unread' : ''}`} href={conversationPath(id)} aria-current={current ? 'page' : undefined}>
        {group ? <GroupMark /> : <Avatar address={peer} />}
        <span class="middle">
          <span class="name" title={group ? undefined : peer}>
            {group ? (
              <>
                <bdi>{groupName(group)}</bdi>
                <span class="thread"> · {group.members.length}</span>
              </>
            ) : (
              <Person address={peer} />
            )}
            {thread !== null && (
              <span class="thread">
                {' · '}
                <bdi>{visibleLine(thread)}</bdi>
              </span>
            )}{' '}
          </span>
          <span class="preview">
            {draft !== null || files > 0 || leaving > 0 ? (
              <Waiting words={draft} files={files} leaving={leaving} />
            ) : preview ? (
              previewWords(preview)
            ) : (
              t('row.noMessagesYet')
            )}{' '}
          </span>
        </span>
        <span class="end">
          <time dateTime={new Date(time).toISOString()} title={fullTime(time)}>
            {shortTime(time, now)}
          </time>
          {(pinned || muted || counts) && (
            <span class="signs">
              {muted && <Sign icon={BellOff} words={t('row.muted')} />}
              {pinned && <Sign icon={Pin} words={t('row.pinned')} />}
              {counts && <Count of={unread} words={t('count.unread', { count: unread })} />}
            </span>
          )}
        </span>
      </a>
      {children}
    </li>
  );
});

/** What waits to be sent: what was sent off before what stands in the composer. */
function Waiting({ words, files, leaving }: { readonly words: string | null } & Pick<ConversationRow, 'files' | 'leaving'>): JSX.Element {
  const count = leaving > 0 ? leaving : files;
  const spoken = t('row.files', { count });
  return (
    <>
      <span class="draft">{t(leaving > 0 ? 'row.unsent' : 'row.draft')}</span>{' '}
      {count > 0 && (
        <>
          <span class="draft-files" title={spoken}>
            <Icon of={Paperclip} size={16} />
            {words === null ? spoken : <span class="hidden">{spoken}</span>}
          </span>{' '}
        </>
      )}
      {words !== null && <bdi>{visibleLine(words)}</bdi>}
    </>
  );
}

function Sign({ icon, words }: { readonly icon: unknown; readonly words: string }): JSX.Element {
  return (
    <span title={words}>
      <Icon of={icon} size={16} />
      <span class="hidden">{words}</span>
    </span>
  );
}

function previewWords({ text, mine, says }: NonNullable<ConversationRow['preview']>): ComponentChildren {
  const words = <bdi>{visibleLine(says ? saidIn(t, says, mine) : text)}</bdi>;
  return mine && says?.kind !== 'reaction' ? rich('row.youSaid', { text: words }) : words;
}
