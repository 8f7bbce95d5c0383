import { ArrowLeft, UsersRound } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { FullAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconLink } from '../parts/Button.tsx';
import { Notice } from '../parts/Notice.tsx';
import { OlderKeys, OtherKeys } from '../parts/OtherKeys.tsx';
import { LookAlike, PeerField, usePeer } from '../parts/PeerField.tsx';
import { conversationPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { NewGroup } from './NewGroup.tsx';

/** With one person, or with several. */
export function NewConversation({ own, wide }: { readonly own: string; readonly wide: boolean }): JSX.Element {
  const [group, setGroup] = useState(false);
  return (
    <div class="screen">
      <header class={`bar${wide ? '' : ' with-back'}`}>
        {!wide && <IconLink icon={ArrowLeft} label={t('common.back')} href="#/" />}
        <h1>{group ? t('newConversation.newGroup') : t('common.newConversation')}</h1>
      </header>
      <main class="scroll">
        {group ? <NewGroup own={own} onOne={() => setGroup(false)} /> : <WithOne own={own} onGroup={() => setGroup(true)} />}
      </main>
    </div>
  );
}

function WithOne({ own, onGroup }: { readonly own: string; readonly onGroup: () => void }): JSX.Element {
  const peer = usePeer(own);
  const work = useWork();
  const { answer } = peer;
  const ready = answer !== null && (answer.state === 'reachable' || answer.conversation !== null) && !work.busy;
  const start = (): Promise<void> =>
    work.run(async () => {
      if (!answer) return;
      const { id } = await background.call('startConversation', { peer: answer.address });
      go(conversationPath(id));
    });
  return (
    <form
      class="page"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void start();
      }}
    >
      <PeerField peer={peer} autoFocus />
      {answer && answer.state !== 'self' && (
        <div class="account">
          <Avatar address={answer.address} />
          <FullAddress address={answer.address} />
        </div>
      )}
      {answer && peer.name !== null && <p class="small quiet">{t('ens.standsFor', { name: peer.name })}</p>}
      {answer?.lookAlike && <LookAlike address={answer.address} known={answer.lookAlike} />}
      {answer?.warning === 'other-keys' && <OtherKeys peer={answer.address} accepted={peer.askAgain} />}
      {answer?.warning === 'older-keys' && <OlderKeys />}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {answer?.state === 'unknown' && answer.conversation === null && <Button onClick={peer.askAgain}>{t('common.askAgain')}</Button>}
      <Button kind="primary" type="submit" wide disabled={!ready}>
        {t('newConversation.start')}
      </Button>
      <Button icon={UsersRound} wide onClick={onGroup}>
        {t('newConversation.makeAGroup')}
      </Button>
    </form>
  );
}
