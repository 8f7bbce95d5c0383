import { ShieldAlert } from 'lucide';
import type { JSX } from 'preact';
import type { ConversationRow, SpamReason } from '../../rpc/views/conversations.ts';
import { shortAddress } from '../address.ts';
import { useNameOf } from '../names.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';

/** What speaks against a request, in words. */
export const reasonWords = (reason: SpamReason): string => {
  switch (reason.kind) {
    case 'look-alike':
      return t('decide.theAddressLooksLike', { name: shortAddress(reason.known) });
    case 'secret':
      return t('decide.asksForWhatOpens');
    case 'bait':
      return t('decide.promisesMoneyOrGifts');
    case 'link':
      return t('decide.containsALink');
    case 'hidden':
      return t('decide.containsMarksThatHide');
    case 'many':
      return t('decide.many', { count: reason.count });
  }
};

export function Reasons({ reasons }: { readonly reasons: readonly SpamReason[] }): JSX.Element | null {
  if (reasons.length === 0) return null;
  return (
    <ul class="reasons" aria-label={t('decide.whyToBeCareful')}>
      {reasons.map((reason) => (
        <li key={reason.kind}>
          <Icon of={ShieldAlert} size={16} />
          <span>{reasonWords(reason)}</span>
        </li>
      ))}
    </ul>
  );
}

export interface DecideProps {
  readonly row: ConversationRow;
  /** What was decided, in words for those who do not see the lists. */
  readonly onDecided: (words: string) => void;
}

/** The name by which a button says whom it is about. */
export function useSubject(): (row: ConversationRow) => string {
  const nameOf = useNameOf();
  return ({ group, peer }) => (group ? group.title || t('decide.thisGroup') : nameOf(peer));
}

/** Accept and Block for a request, Unblock for what is blocked. */
export function Decide({ row, onDecided }: DecideProps): JSX.Element {
  const subjectOf = useSubject();
  const work = useWork();
  const decide = (verdict: 'allowed' | 'denied'): Promise<void> =>
    work.run(async () => {
      await background.call('decideOn', { id: row.id, verdict });
      onDecided(
        verdict === 'denied'
          ? t('decide.isBlockedWhatThey', { name: subjectOf(row) })
          : t('decide.isInYourInbox', { name: subjectOf(row) }),
      );
    });
  return (
    <div class="decide">
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {row.shelf === 'requests' ? (
        <>
          <Button disabled={work.busy} label={t('decide.blockNamed', { name: subjectOf(row) })} onClick={() => void decide('denied')}>
            {t('common.block')}
          </Button>
          <Button
            kind="primary"
            disabled={work.busy}
            label={t('decide.acceptNamed', { name: subjectOf(row) })}
            onClick={() => void decide('allowed')}
          >
            {t('decide.accept')}
          </Button>
        </>
      ) : (
        <Button disabled={work.busy} label={t('decide.unblockNamed', { name: subjectOf(row) })} onClick={() => void decide('allowed')}>
          {t('decide.unblock')}
        </Button>
      )}
    </div>
  );
}

/** Under a row: what is to be known, and what can be done. */
export function Beneath({ row, onDecided }: DecideProps): JSX.Element {
  return (
    <div class="beneath">
      <Reasons reasons={row.reasons} />
      <Decide row={row} onDecided={onDecided} />
    </div>
  );
}
