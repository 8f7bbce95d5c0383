import type { JSX, RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Status } from '../../rpc/views/account.ts';
import type { ConversationRow, ConversationWindow } from '../../rpc/views/conversations.ts';
import { endGlimpse, inboxAhead } from '../glimpse.ts';
import { CircleHelp, Lock, PenLine, Settings as SettingsIcon, SquarePen } from '../icons.ts';
import { useHere } from '../later.tsx';
import { groupName, useNameOf } from '../names.ts';
import { AccountMenu } from '../parts/AccountMenu.tsx';
import { CopyButton } from '../parts/Address.tsx';
import { Button, IconButton, IconLink } from '../parts/Button.tsx';
import { Elsewhere } from '../parts/Elsewhere.tsx';
import { Icon } from '../parts/Icon.tsx';
import { NodeBar } from '../parts/NodeBar.tsx';
import { Failure } from '../parts/Notice.tsx';
import { Row } from '../parts/Row.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { Bones } from '../parts/Skeleton.tsx';
import { Tabs } from '../parts/Tabs.tsx';
import { type Part, VirtualList } from '../parts/VirtualList.tsx';
import { go } from '../router.ts';
import { background } from '../rpc.ts';
import { Beneath, Empty, fetchNext, LossBar, Results } from '../screens.tsx';
import { searchFieldId } from '../shortcuts.ts';
import { useAsked, useNow } from '../state.ts';
import { rich, t, type Words } from '../t.tsx';
import { keepUnchanged } from '../unchanged.ts';

interface InboxProps {
  readonly status: Status;
  /** The conversation that is open beside the list. */
  readonly current: string | null;
  readonly wide: boolean;
  /** A conversation that is to be searched through. */
  readonly within: string | null;
  readonly onStatus: (status: Status) => void;
}

/** Rows that are asked for before it is known how many are to be seen; and the height of one, pixels. */
const firstRows = 60;
const rowHeight = 64;

export function Inbox({ status, current, wide, within, onStatus }: InboxProps): JSX.Element {
  const address = status.account?.address ?? '0x';
  const [need, setNeed] = useState({ start: 0, end: firstRows });
  const [chosen, setChosen] = useState<ReturnType<typeof tabs>[number]['value'] | null>(null);
  const [alone, setAlone] = useState(false);
  const [said, setSaid] = useState('');
  const [search, setSearch] = useState('');
  const lists = useRef<HTMLElement>(null);
  const searched = useSearched(within);
  // An empty inbox gives way to the requests, until somebody chooses for themselves.
  const shelf = chosen ?? (alone && status.requests > 0 ? 'requests' : 'inbox');
  const { value, error, reload } = useAsked(
    () => background.call('conversationWindow', { shelf, offset: need.start, limit: Math.max(1, need.end - need.start) }),
    `${address} ${shelf}`,
    ['conversations'],
  );
  const window = value ?? (shelf === 'inbox' && error === null ? inboxAhead(address) : null);
  const rows = useRef<readonly ConversationRow[]>([]);
  const part = useMemo(() => {
    if (!window) return null;
    rows.current = keepUnchanged(rows.current, window.rows);
    return partOf({ ...window, rows: rows.current });
  }, [window]);
  useEffect(() => {
    if (value === null && error === null) return;
    endGlimpse();
    fetchNext();
  }, [value, error]);
  const empty = part?.total === 0;
  const givesWay = chosen === null && shelf === 'inbox' && empty && status.requests > 0;
  useEffect(() => {
    if (givesWay) setAlone(true);
  }, [givesWay]);
  useEffect(() => {
    if (status.requests === 0) setAlone(false);
  }, [status.requests]);
  const now = useNow();
  const looking = search.trim() !== '';
  // Rows take the room that they keep from the beginning.
  const undecided = shelf === 'requests' || shelf === 'blocked';
  const beneath = useHere(Beneath, undecided);
  useEffect(reload, [need, reload]);
  // Beside a conversation the list is the way around; alone it is what the page is about.
  const Region = wide ? 'nav' : 'main';
  // Its bar is then not that of the page.
  const Whole = wide ? 'section' : 'div';
  return (
    <Whole class="screen">
      <header class="bar">
        <AccountMenu status={status} onStatus={onStatus} onFailure={reload} />
        <CopyButton address={address} label={t('inbox.copyYourAddress')} />
        <IconButton
          icon={Lock}
          label={t('inbox.lock')}
          onClick={() => {
            background.call('lock', {}).then(onStatus, reload);
          }}
        />
        <Elsewhere />
        <IconLink icon={SettingsIcon} label={t('common.settings')} href="#/settings" />
      </header>
      <NodeBar node={status.node} disk={status.disk} doubt={status.nodeDoubt} />
      {status.loss !== null && <LossBar loss={status.loss} />}
      {status.prompts > 0 && (
        <a class="node-bar asking" href="#/approve">
          <Icon of={CircleHelp} size={16} />
          <p>{t('inbox.questions', { count: status.prompts })}</p>
        </a>
      )}
      {status.account?.phraseSaved === false && !status.backedUp && (
        <a class="node-bar" href="#/phrase">
          <Icon of={PenLine} size={16} />
          <p>{t('inbox.yourRecoveryPhraseIs')}</p>
        </a>
      )}
      <SearchField
        value={search}
        label={searched ? t('inbox.searchInNamed', { name: searched }) : t('common.search')}
        onValue={setSearch}
        // The index is read while somebody thinks of a word.
        onFocus={() => background.call('search', { text: '' }).catch(() => undefined)}
        onDown={() => lists.current?.querySelector<HTMLElement>('a.row')?.focus()}
      />
      {within !== null && (
        <p class="within small">{rich('inbox.inOneConversationSearch', { link: (words: Words) => <a href="#/">{words}</a> })}</p>
      )}
      {looking ? null : (
        <Tabs
          label={t('inbox.lists')}
          tabs={tabs().map((tab) => (tab.value === 'requests' ? { ...tab, count: status.requests } : tab))}
          chosen={shelf}
          panel="lists"
          onChoose={(next) => {
            setChosen(next);
            setNeed({ start: 0, end: firstRows });
            lists.current?.scrollTo(0, 0);
          }}
        />
      )}
      <span class="hidden" role="status">
        {said}
      </span>
      <Region
        class="scroll"
        aria-label={looking ? t('inbox.whatWasFound') : tabs().find((tab) => tab.value === shelf)?.words}
        id="lists"
        ref={lists as RefObject<HTMLDivElement>}
      >
        {looking ? (
          <Results text={search} within={within} now={now} current={current} />
        ) : error && !value ? (
          <Failure error={error} retry={reload} />
        ) : !part || givesWay || (undecided && beneath === 'coming') ? (
          <>
            <ul aria-label={t('common.conversations')} />
            <Bones rows={5} />
          </>
        ) : (
          <>
            <VirtualList
              key={`${address} ${shelf}`}
              label={t('common.conversations')}
              part={part}
              scroller={lists}
              estimate={rowHeight}
              onNeed={(start, end) => {
                if (end > start && (start !== need.start || end !== need.end)) setNeed({ start, end });
              }}
              draw={(row: ConversationRow, place) => (
                <Row key={row.id} row={row} now={now} current={row.id === current} {...place}>
                  {undecided && <Beneath row={row} onDecided={setSaid} />}
                </Row>
              )}
            />
            {empty && <Empty shelf={shelf} address={address} published={status.published} />}
          </>
        )}
      </Region>
      <div class="floating">
        <Button kind="primary" wide icon={SquarePen} onClick={() => go('#/new')}>
          {t('common.newConversation')}
        </Button>
      </div>
    </Whole>
  );
}

/** While the rows are not counted there is room for some more below: who scrolls there has them counted. */
const partOf = ({ offset, rows, total, more }: ConversationWindow): Part<ConversationRow> => ({
  offset,
  items: rows,
  total: total ?? offset + rows.length + (more ? firstRows : 0),
});

/** What a conversation is called that is to be searched through; the field takes the focus. */
function useSearched(within: string | null): string | null {
  const nameOf = useNameOf();
  const { value } = useAsked(
    async () => (within === null ? null : await background.call('getConversation', { id: within })),
    `${within}`,
    [],
  );
  useEffect(() => {
    if (within !== null) document.getElementById(searchFieldId)?.focus();
  }, [within]);
  return value && (value.group ? groupName(value.group) : nameOf(value.peer));
}

const tabs = () =>
  [
    { value: 'inbox', words: t('inbox.inbox') },
    { value: 'requests', words: t('inbox.requests') },
    { value: 'archive', words: t('inbox.archive') },
    { value: 'blocked', words: t('inbox.blocked') },
  ] as const;
