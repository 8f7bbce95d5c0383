import type { JSX } from 'preact';
import type { ConversationRow } from '../../rpc/views.ts';
import { shortAddress } from '../address.ts';
import { conversationPath } from '../router.ts';
import { visibleLine } from '../text.ts';
import { fullTime, shortTime } from '../time.ts';
import { groupName } from '../words.ts';
import { Avatar } from './Avatar.tsx';
import { GroupMark } from './GroupMark.tsx';

interface RowProps {
  readonly row: ConversationRow;
  readonly now: number;
  readonly current: boolean;
}

export function Row({ row, now, current }: RowProps): JSX.Element {
  const { id, peer, group, thread, preview, draft, time, unread } = row;
  return (
    <li>
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
              <span class="address">{shortAddress(peer)}</span>
            )}
            {thread !== null && (
              <span class="thread">
                {' '}
                · <bdi>{visibleLine(thread)}</bdi>
              </span>
            )}{' '}
          </span>
          <span class="preview" dir="auto">
            {draft !== null ? (
              <>
                <span class="draft">Draft</span> {visibleLine(draft)}
              </>
            ) : preview ? (
              <>
                {preview.mine && 'You: '}
                {visibleLine(preview.text)}
              </>
            ) : (
              'No messages yet'
            )}{' '}
          </span>
        </span>
        <span class="end">
          <time dateTime={new Date(time).toISOString()} title={fullTime(time)}>
            {shortTime(time, now)}
          </time>
          {unread > 0 && (
            <span class="pill">
              {unread > 999 ? '999+' : unread}
              <span class="hidden"> unread</span>
            </span>
          )}
        </span>
      </a>
    </li>
  );
}
