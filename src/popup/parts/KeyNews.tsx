import { CircleCheck, KeyRound, TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { KeyEvent } from '../../rpc/views.ts';
import { clockTime, fullTime } from '../time.ts';
import { Icon } from './Icon.tsx';

export const keyWords: Record<KeyEvent['kind'], string> = {
  changed: 'The keys of this address changed.',
  accepted: 'You use the new keys from here on.',
  verified: 'You marked the safety number as verified.',
  unverified: 'You took back that the safety number is verified.',
  older: 'The node showed older keys of this address. Parley did not take them.',
};

const icons = { changed: TriangleAlert, accepted: KeyRound, verified: CircleCheck, unverified: KeyRound, older: TriangleAlert };

/** Lines among the messages: what happened to the keys, at its time. */
export function KeyNews({ events }: { readonly events: readonly KeyEvent[] }): JSX.Element {
  return (
    <>
      {events.map(({ at, kind }) => (
        <p key={`${at} ${kind}`} class={`key-news ${kind}`}>
          <Icon of={icons[kind]} size={16} />
          <span>
            {keyWords[kind]}{' '}
            <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
              {clockTime(at)}
            </time>
          </span>
        </p>
      ))}
    </>
  );
}
