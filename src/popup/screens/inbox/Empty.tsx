import type { JSX } from 'preact';
import type { Key } from '../../../words/en/index.ts';
import { CopyAddress } from '../../parts/Address.tsx';
import { AddressCode } from '../../parts/AddressCode.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { t } from '../../t.tsx';

type Shelf = 'inbox' | 'requests' | 'archive' | 'blocked';

interface EmptyProps {
  readonly shelf: Shelf;
  readonly address: string;
  readonly published: boolean;
}

/** What stands in a list without rows. */
export function Empty({ shelf, ...own }: EmptyProps): JSX.Element {
  return shelf === 'inbox' ? <NoLetters {...own} /> : <Nothing shelf={shelf} />;
}

const nothing = {
  requests: ['inbox.noRequests', 'inbox.noRequestsMeans'],
  archive: ['inbox.nothingPutAway', 'inbox.nothingPutAwayMeans'],
  blocked: ['inbox.nobodyBlocked', 'inbox.nobodyBlockedMeans'],
} as const satisfies Record<Exclude<Shelf, 'inbox'>, readonly [title: Key, words: Key]>;

function Nothing({ shelf }: { readonly shelf: Exclude<Shelf, 'inbox'> }): JSX.Element {
  const [title, words] = nothing[shelf];
  return (
    <div class="empty">
      <div class="stack tight">
        <h2>{t(title)}</h2>
        <p class="quiet">{t(words)}</p>
      </div>
    </div>
  );
}

function NoLetters({ address, published }: { readonly address: string; readonly published: boolean }): JSX.Element {
  return (
    <div class="empty">
      <div class="stack tight">
        <h2>{t('inbox.noLettersYet')}</h2>
        <p class="quiet">{t('inbox.writeToSomebodyFirst')}</p>
      </div>
      <CopyAddress address={address} />
      <AddressCode address={address} />
      {!published && <Notice tone="caution">{t('common.nobodyCanFindYou')}</Notice>}
    </div>
  );
}
