import { ShieldAlert } from 'lucide';
import type { JSX } from 'preact';
import type { ConversationRow, SpamReason } from '../../rpc/views.ts';
import { shortAddress } from '../address.ts';
import { useNameOf } from '../names.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { fullTime } from '../time.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';

/** What speaks against a request, in words. */
export const reasonWords = (reason: SpamReason): string => {
  switch (reason.kind) {
    case 'look-alike':
      return `The address looks like ${shortAddress(reason.known)}, whom you know, and is another one.`;
    case 'secret':
      return 'Asks for what opens a wallet. Nobody honest needs that.';
    case 'bait':
      return 'Promises money or gifts.';
    case 'link':
      return 'Contains a link.';
    case 'hidden':
      return 'Contains marks that hide or turn text.';
    case 'many':
      return `${reason.count} conversations begun from this address.`;
  }
};

export function Reasons({ reasons }: { readonly reasons: readonly SpamReason[] }): JSX.Element | null {
  if (reasons.length === 0) return null;
  return (
    <ul class="reasons" aria-label="Why to be careful">
      {reasons.map((reason) => (
        <li key={reason.kind}>
          <Icon of={ShieldAlert} size={16} />
          <span>{reasonWords(reason)}</span>
        </li>
      ))}
    </ul>
  );
}

interface DecideProps {
  readonly row: ConversationRow;
  /** What was decided, in words for those who do not see the lists. */
  readonly onDecided: (words: string) => void;
}

/** The name by which a button says whom it is about. */
function useSubject(): (row: ConversationRow) => string {
  const nameOf = useNameOf();
  return ({ group, peer }) => (group ? group.title || 'this group' : nameOf(peer));
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
          ? `${subjectOf(row)} is blocked. What they write stays out of sight.`
          : `${subjectOf(row)} is in your inbox now.`,
      );
    });
  return (
    <div class="decide">
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {row.shelf === 'requests' ? (
        <>
          <Button disabled={work.busy} label={`Block ${subjectOf(row)}`} onClick={() => void decide('denied')}>
            Block
          </Button>
          <Button kind="primary" disabled={work.busy} label={`Accept ${subjectOf(row)}`} onClick={() => void decide('allowed')}>
            Accept
          </Button>
        </>
      ) : (
        <Button disabled={work.busy} label={`Unblock ${subjectOf(row)}`} onClick={() => void decide('allowed')}>
          Unblock
        </Button>
      )}
    </div>
  );
}

/** In a conversation: what stands between it and the inbox. */
export function Standing({ row, onDecided }: DecideProps): JSX.Element | null {
  const subjectOf = useSubject();
  const work = useWork();
  const undo = (): Promise<void> =>
    work.run(async () => {
      await background.call('undoProof', { id: row.id });
      onDecided('Back among the requests.');
    });
  const keep = (): Promise<void> =>
    work.run(async () => {
      await background.call('decideOn', { id: row.id, verdict: 'allowed' });
      onDecided('Kept.');
    });
  if (row.shelf === 'blocked')
    return (
      <div class="standing">
        <p>
          {row.group ? 'You blocked this group.' : 'You blocked this address.'} What is written here stays out of sight and is not counted.
        </p>
        <Decide row={row} onDecided={onDecided} />
      </div>
    );
  if (row.shelf === 'requests')
    return (
      <div class="standing">
        <p>
          {row.group ? 'You were invited to this group by somebody you do not know.' : 'You do not know this address yet.'} Accepting or
          answering moves it to your inbox; they are not told that you have seen it.
        </p>
        <Reasons reasons={row.reasons} />
        <Decide row={row} onDecided={onDecided} />
      </div>
    );
  if (row.proof)
    return (
      <div class="standing">
        <p>
          Your wallet allowed {subjectOf(row)} to write to you: it signed so on {fullTime(row.proof.signedAt)}, perhaps on their site.
        </p>
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        <div class="decide">
          <Button disabled={work.busy} onClick={() => void undo()}>
            Undo
          </Button>
          <Button kind="primary" disabled={work.busy} onClick={() => void keep()}>
            Keep
          </Button>
        </div>
      </div>
    );
  return null;
}
