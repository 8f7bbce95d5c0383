import { CircleCheck, KeyRound, TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { KeyEvent } from '../../rpc/views/safety.ts';
import type { Key } from '../../words/en/index.ts';
import { t } from '../t.tsx';
import { clockTime, fullTime } from '../time.ts';
import { Icon } from './Icon.tsx';

export const keyWords = {
  changed: 'keyNews.changed',
  accepted: 'keyNews.accepted',
  verified: 'keyNews.verified',
  unverified: 'keyNews.unverified',
  older: 'keyNews.older',
} as const satisfies Record<KeyEvent['kind'], Key>;

const icons = { changed: TriangleAlert, accepted: KeyRound, verified: CircleCheck, unverified: KeyRound, older: TriangleAlert };

/** Lines among the messages: what happened to the keys, at its time. */
export function KeyNews({ events }: { readonly events: readonly KeyEvent[] }): JSX.Element {
  return (
    <>
      {events.map(({ at, kind }) => (
        <p key={`${at} ${kind}`} class={`key-news ${kind}`}>
          <Icon of={icons[kind]} size={16} />
          <span>
            {t(keyWords[kind])}{' '}
            <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
              {clockTime(at)}
            </time>
          </span>
        </p>
      ))}
    </>
  );
}
