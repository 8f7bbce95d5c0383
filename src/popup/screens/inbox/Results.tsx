import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SearchAnswer, SearchHit } from '../../../rpc/views/conversations.ts';
import { groupName, useNameOf } from '../../names.ts';
import { Avatar } from '../../parts/Avatar.tsx';
import { GroupMark } from '../../parts/GroupMark.tsx';
import { Failure, Notice } from '../../parts/Notice.tsx';
import { Person } from '../../parts/Person.tsx';
import { Row } from '../../parts/Row.tsx';
import { Bones } from '../../parts/Skeleton.tsx';
import { messagePath } from '../../router.ts';
import { background } from '../../rpc.ts';
import { useAsked } from '../../state.ts';
import { rich, t } from '../../t.tsx';
import { fullTime, shortTime } from '../../time.ts';
import { listed } from '../../words.ts';

interface ResultsProps {
  readonly text: string;
  /** A conversation that is looked through alone. */
  readonly within: string | null;
  readonly now: number;
  readonly current: string | null;
}

const pageSize = 40;
/** Letters that come together, as from a key that is held, are one question, ms. Nobody types so fast, and who waits for longer waits for nothing. */
const gatheredMs = 25;

// This script comes once the list is drawn and nothing else is to be done: the background, which may have slept, reads meanwhile what it looks through.
background.call('readySearch', {}).catch(() => undefined); // whoever looks for something is told

/** What a search has found, and how far it is. */
export function Results({ text, within, now, current }: ResultsProps): JSX.Element {
  const [limit, setLimit] = useState(pageSize);
  const settled = useSettled(text);
  useEffect(() => setLimit(pageSize), [settled]);
  // What was found for a text before this one stays until there is an answer to this one.
  const [last, setLast] = useState<SearchAnswer | null>(null);
  const { value, error, reload } = useAsked(
    () => background.call('search', { text: settled, limit, ...(within !== null && { conversation: within }) }),
    `${within} ${settled} ${limit}`,
    ['search', 'conversations', 'names'],
  );
  useEffect(() => {
    if (value) setLast(value);
  }, [value]);
  const answer = value ?? last;
  if (error && !answer) return <Failure error={error} retry={reload} />;
  if (!answer) return <Bones rows={4} />;
  const { conversations, messages, unknown, indexing, more } = answer;
  const nothing = conversations.length === 0 && messages.length === 0;
  return (
    <div class="results">
      {unknown.length > 0 && <Notice tone="caution">{t('results.unknown', { words: listed(unknown) })}</Notice>}
      {conversations.length > 0 && (
        <section aria-label={t('common.conversations')}>
          <h2>{t('common.conversations')}</h2>
          <ul>
            {conversations.map((row) => (
              <Row key={row.id} row={row} now={now} current={row.id === current} />
            ))}
          </ul>
        </section>
      )}
      {messages.length > 0 && (
        <section aria-label={t('common.messages')}>
          <h2>{t('common.messages')}</h2>
          <ul>
            {messages.map((hit) => (
              <Hit key={hit.id} hit={hit} now={now} />
            ))}
          </ul>
          {more && (
            <button type="button" class="button plain wide" onClick={() => setLimit(limit + 100)}>
              {t('results.showOlderOnes')}
            </button>
          )}
        </section>
      )}
      <div role="status">
        {indexing ? (
          <p class="quiet small">
            {indexing.total > 0 ? t('results.looking', { done: indexing.done, total: indexing.total }) : t('results.lookingYet')}
          </p>
        ) : nothing ? (
          // Of the word before this one it was true.
          value && <p class="quiet">{t('results.nothingWasFoundIn')}</p>
        ) : (
          <span class="hidden">{t('results.count', { count: conversations.length + messages.length })}</span>
        )}
      </div>
    </div>
  );
}

/** A message with the words in it. */
function Hit({ hit, now }: { readonly hit: SearchHit; readonly now: number }): JSX.Element {
  const { id, conversation, sender, mine, sentAt } = hit;
  const { group, peer } = conversation;
  const nameOf = useNameOf();
  return (
    <li>
      <a class="row" href={messagePath(conversation.id, id)}>
        {group ? <GroupMark /> : <Avatar address={peer} />}
        <span class="middle">
          <span class="name">{group ? <bdi>{groupName(group)}</bdi> : <Person address={peer} />} </span>
          <span class="preview">
            {mine ? (
              rich('row.youSaid', { text: <Marked hit={hit} /> })
            ) : group ? (
              rich('row.said', { who: nameOf(sender), text: <Marked hit={hit} /> })
            ) : (
              <Marked hit={hit} />
            )}{' '}
          </span>
        </span>
        <span class="end">
          <time dateTime={new Date(sentAt).toISOString()} title={fullTime(sentAt)}>
            {shortTime(sentAt, now)}
          </time>
        </span>
      </a>
    </li>
  );
}

function Marked({ hit: { text, marks } }: { readonly hit: SearchHit }): JSX.Element {
  const pieces: (string | JSX.Element)[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    pieces.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  return <bdi>{[...pieces, text.slice(at)]}</bdi>;
}

/** The text once nobody has typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), gatheredMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
