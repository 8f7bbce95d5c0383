import { Archive, ArchiveRestore, Ban, Bell, BellOff, Download, EllipsisVertical, Pin, PinOff, Search } from 'lucide';
import type { JSX } from 'preact';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import { explain } from '../explain.ts';
import { go, searchPath } from '../router.ts';
import { background } from '../rpc.ts';
import { t } from '../t.tsx';
import { Menu, type MenuItem } from './Menu.tsx';

interface Props {
  readonly row: ConversationRow;
  /** To save it in a file is asked for. */
  readonly onExport: () => void;
  /** What came of it, in words. */
  readonly onDone: (words: string) => void;
}

/** What can be done with a conversation as a whole. */
export function ConversationMenu({ row, onExport, onDone }: Props): JSX.Element {
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
      ? { words: t('conversationMenu.unpin'), icon: PinOff, onChoose: arrange({ pinned: false }, t('conversationMenu.noLongerPinned')) }
      : { words: t('conversationMenu.pinToTheTop'), icon: Pin, onChoose: arrange({ pinned: true }, t('conversationMenu.pinnedToTheTop')) },
    muted
      ? { words: t('conversationMenu.unmute'), icon: Bell, onChoose: arrange({ muted: false }, t('conversationMenu.noLongerMuted')) }
      : { words: t('conversationMenu.mute'), icon: BellOff, onChoose: arrange({ muted: true }, t('conversationMenu.muted')) },
    archived
      ? {
          words: t('conversationMenu.backToTheInbox'),
          icon: ArchiveRestore,
          onChoose: arrange({ archived: false }, t('conversationMenu.backInTheInbox')),
        }
      : { words: t('conversationMenu.archive'), icon: Archive, onChoose: arrange({ archived: true }, t('conversationMenu.putAway')) },
  ];
  const search: MenuItem = { words: t('conversationMenu.searchHere'), icon: Search, onChoose: () => go(searchPath(id)) };
  const save: MenuItem = { words: t('export.menu'), icon: Download, onChoose: onExport };
  const block: MenuItem = {
    words: row.group ? t('conversationMenu.blockThisGroup') : t('common.block'),
    icon: Ban,
    danger: true,
    onChoose: () => say(background.call('decideOn', { id, verdict: 'denied' }), t('conversationMenu.blocked')),
  };
  const items =
    shelf === 'inbox'
      ? row.group?.mine
        ? [search, ...order, save]
        : [search, ...order, save, block]
      : shelf === 'requests'
        ? [search, block]
        : order.slice(1, 2);
  return <Menu icon={EllipsisVertical} label={t('conversationMenu.more')} items={items} />;
}
