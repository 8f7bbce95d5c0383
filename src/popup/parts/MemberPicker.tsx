import { Plus } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../t.tsx';
import { Button } from './Button.tsx';
import { Notice } from './Notice.tsx';
import { OlderKeys, OtherKeys } from './OtherKeys.tsx';
import { LookAlike, PeerField, usePeer } from './PeerField.tsx';

interface MemberPickerProps {
  readonly own: string;
  readonly members: readonly string[];
  readonly busy?: boolean;
  readonly onAdd: (address: string) => void;
}

/** Takes one address after the other; nobody who cannot be reached. */
export function MemberPicker({ own, members, busy = false, onAdd }: MemberPickerProps): JSX.Element {
  const peer = usePeer(own);
  const place = useRef<HTMLDivElement>(null);
  const { answer } = peer;
  const there = answer !== null && members.some((member) => member.toLowerCase() === answer.address.toLowerCase());
  const ready = answer !== null && answer.state === 'reachable' && answer.warning !== 'other-keys' && !there && !busy;
  const add = (): void => {
    if (!ready || !answer) return;
    onAdd(answer.address);
    peer.setText('');
    place.current?.querySelector('input')?.focus();
  };
  // Enter adds, also within the form that goes on to make the group.
  useEffect(() => {
    const field = place.current?.querySelector('input');
    const enter = (event: KeyboardEvent): void => {
      if (event.key !== 'Enter' || event.isComposing || peer.text === '') return;
      event.preventDefault();
      add();
    };
    field?.addEventListener('keydown', enter);
    return () => field?.removeEventListener('keydown', enter);
  });
  return (
    <div class="stack" ref={place}>
      <PeerField peer={peer} {...(there ? { hint: t('memberPicker.isInTheList') } : {})} />
      {answer?.lookAlike && <LookAlike address={answer.address} known={answer.lookAlike} />}
      {answer?.warning === 'other-keys' && <OtherKeys peer={answer.address} accepted={peer.askAgain} />}
      {answer?.warning === 'older-keys' && <OlderKeys />}
      {answer?.state === 'unknown' && (
        <Notice tone="caution">
          {t('memberPicker.theNodeDidNot')} <Button onClick={peer.askAgain}>{t('common.askAgain')}</Button>
        </Notice>
      )}
      <div class="side">
        <Button icon={Plus} disabled={!ready} onClick={add}>
          {t('memberPicker.add')}
        </Button>
      </div>
    </div>
  );
}
