import { Archive, ArchiveRestore, Ban, Bell, BellOff, EllipsisVertical, Pin, PinOff, Search } from 'lucide';
import type { JSX } from 'preact';
import type { ConversationRow } from '../../rpc/views.ts';
import { go, searchPath } from '../router.ts';
import { background } from '../rpc.ts';
import { explain } from '../words.ts';
import { Menu, type MenuItem } from './Menu.tsx';

interface Props {
  readonly row: ConversationRow;
  /** What came of it, in words. */
  readonly onDone: (words: string) => void;
}

/** What can be done with a conversation as a whole. */
export function ConversationMenu({ row, onDone }: Props): JSX.Element {
  const { id, pinned, muted, archived, shelf } = row;
  const say = (work: Promise<unknown>, words: string): void =>
    void work.then(
      () => onDone(words),
      (error: unknown) => onDone(explain(error)),
    );
  const arrange = (order: { pinned?: boolean; muted?: boolean; archived?: boolean }, words: string) => (): void =>
    say(background.call('arrange', { id, ...order }), words);
  const order: MenuItem[] = [
    pinned
      ? { words: 'Unpin', icon: PinOff, onChoose: arrange({ pinned: false }, 'No longer pinned.') }
      : { words: 'Pin to the top', icon: Pin, onChoose: arrange({ pinned: true }, 'Pinned to the top.') },
    muted
      ? { words: 'Unmute', icon: Bell, onChoose: arrange({ muted: false }, 'No longer muted.') }
      : { words: 'Mute', icon: BellOff, onChoose: arrange({ muted: true }, 'Muted.') },
    archived
      ? { words: 'Back to the inbox', icon: ArchiveRestore, onChoose: arrange({ archived: false }, 'Back in the inbox.') }
      : { words: 'Archive', icon: Archive, onChoose: arrange({ archived: true }, 'Put away.') },
  ];
  const search: MenuItem = { words: 'Search here', icon: Search, onChoose: () => go(searchPath(id)) };
  const block: MenuItem = {
    words: row.group ? 'Block this group' : 'Block',
    icon: Ban,
    danger: true,
    onChoose: () => say(background.call('decideOn', { id, verdict: 'denied' }), 'Blocked.'),
  };
  const items =
    shelf === 'inbox'
      ? row.group?.mine
        ? [search, ...order]
        : [search, ...order, block]
      : shelf === 'requests'
        ? [search, block]
        : order.slice(1, 2);
  return <Menu icon={EllipsisVertical} label="More" items={items} />;
}
