import { ArrowLeft, ShieldCheck, ShieldOff } from 'lucide';
import type { JSX } from 'preact';
import { useContext, useState } from 'preact/hooks';
import { longestNickname } from '../../rpc/views/conversations.ts';
import type { Safety } from '../../rpc/views/safety.ts';
import { NamesContext } from '../names.ts';
import { CopyAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconLink } from '../parts/Button.tsx';
import { EnsName } from '../parts/EnsName.tsx';
import { Field } from '../parts/Field.tsx';
import { Icon } from '../parts/Icon.tsx';
import { keyWords } from '../parts/KeyNews.tsx';
import { Failure, Notice } from '../parts/Notice.tsx';
import { OlderKeys } from '../parts/OtherKeys.tsx';
import { Qr } from '../parts/Qr.tsx';
import { PageBones } from '../parts/Skeleton.tsx';
import { conversationPath } from '../router.ts';
import { background } from '../rpc.ts';
import { useAsked, useWork } from '../state.ts';
import { t } from '../t.tsx';
import { fullTime } from '../time.ts';
import { GroupDetails } from './GroupDetails.tsx';

/** What is known of the other side of a conversation of two: address, safety number, history of the keys. Of a group: who is in it. */
export function Details({ id, own }: { readonly id: string; readonly own: string }): JSX.Element {
  const nicknames = useContext(NamesContext);
  const row = useAsked(() => background.call('getConversation', { id }), id, ['conversations']);
  const group = row.value?.group ?? null;
  const isPair = row.value !== null && group === null;
  const safety = useAsked(async () => (isPair ? await background.call('safety', { id, numbers: true }) : null), `${id} ${isPair}`, [
    'conversations',
  ]);
  const error = row.error ?? safety.error;
  return (
    <div class="screen">
      <header class="bar with-back">
        <IconLink icon={ArrowLeft} label={t('details.backToTheConversation')} href={conversationPath(id)} />
        <h1>{t('details.details')}</h1>
      </header>
      <main class="scroll">
        {group && row.value ? (
          <GroupDetails id={id} group={group} own={own} onChanged={row.reload} />
        ) : error && !(row.value && safety.value) ? (
          <Failure error={error} retry={row.error ? row.reload : safety.reload} />
        ) : !row.value || !safety.value ? (
          <PageBones />
        ) : (
          <div class="page">
            <section class="group details-who">
              <Avatar address={row.value.peer} size={56} />
              <CopyAddress address={row.value.peer} />
            </section>
            <Nickname peer={row.value.peer} />
            <EnsName address={row.value.peer} known={nicknames[row.value.peer] ?? null} />
            <SafetyNumber id={id} safety={safety.value} onChanged={safety.reload} />
            <History safety={safety.value} />
          </div>
        )}
      </main>
    </div>
  );
}

/** What only the owner of this account sees. */
function Nickname({ peer }: { readonly peer: string }): JSX.Element {
  const known = useContext(NamesContext)[peer] ?? '';
  const [text, setText] = useState<string | null>(null);
  const work = useWork();
  const name = text ?? known;
  const tooLong = [...name.trim()].length > longestNickname;
  const changed = name.trim() !== known;
  return (
    <form
      class="group"
      onSubmit={(event) => {
        event.preventDefault();
        if (!changed || tooLong) return;
        void work.run(async () => {
          await background.call('namePeer', { peer, name: name.trim() });
          setText(null);
        });
      }}
    >
      <Field
        label={t('common.name')}
        value={name}
        onValue={setText}
        hint={tooLong ? t('common.atMost', { count: longestNickname }) : t('details.onlyYouSeeIt')}
        tone={tooLong ? 'danger' : 'plain'}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button type="submit" disabled={!changed || tooLong || work.busy}>
          {name.trim() === '' && known !== '' ? t('details.removeTheName') : t('common.save')}
        </Button>
      </div>
    </form>
  );
}

function SafetyNumber({
  id,
  safety,
  onChanged,
}: {
  readonly id: string;
  readonly safety: Safety;
  readonly onChanged: () => void;
}): JSX.Element {
  const work = useWork();
  const { number, otherNumber, verifiedAt, warning } = safety;
  if (!number)
    return (
      <section class="group">
        <h2>{t('details.safetyNumber')}</h2>
        <p class="quiet">{t('details.nothingIsKnownOf')}</p>
      </section>
    );
  const mark = (verified: boolean): Promise<void> =>
    work.run(async () => {
      await background.call('verifySafety', { id, number, verified });
      onChanged();
    });
  return (
    <section class="group">
      <h2>{t('details.safetyNumber')}</h2>
      <p class="small quiet">{t('details.itStandsForYour')}</p>
      {warning === 'older-keys' && <OlderKeys />}
      {otherNumber !== null && <Notice tone="caution">{t('details.theKeysOfThis')}</Notice>}
      <Digits digits={number} label={t('details.safetyNumber')} />
      {otherNumber !== null && (
        <>
          <h3>{t('details.withTheNewKeys')}</h3>
          <Digits digits={otherNumber} label={t('details.safetyNumberOfThe')} />
        </>
      )}
      <div class="qr">
        <Qr text={otherNumber ?? number} label={t('details.safetyNumberAsA')} />
      </div>
      <Compare digits={otherNumber ?? number} />
      {verifiedAt !== null ? (
        <p class="verified">
          <Icon of={ShieldCheck} size={16} />
          <span>{t('details.verifiedOn', { time: fullTime(verifiedAt) })}</span>
        </p>
      ) : (
        <p class="small quiet">{t('details.notVerifiedYetA')}</p>
      )}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        {verifiedAt === null ? (
          <Button kind="primary" icon={ShieldCheck} disabled={work.busy || otherNumber !== null} onClick={() => void mark(true)}>
            {t('details.markAsVerified')}
          </Button>
        ) : (
          <Button icon={ShieldOff} disabled={work.busy} onClick={() => void mark(false)}>
            {t('details.takeTheMarkBack')}
          </Button>
        )}
      </div>
    </section>
  );
}

/** Twelve groups of five, as they are read aloud. Spaces are drawn: what is copied is the number. */
function Digits({ digits, label }: { readonly digits: string; readonly label: string }): JSX.Element {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of numbers, not of fields
    <div class="safety-number mono" role="group" aria-label={label}>
      {(digits.match(/.{5}/g) ?? []).map((five, index) => (
        <span key={index}>{five}</span>
      ))}
    </div>
  );
}

/** For who has the other number as text: people do not compare sixty digits well. */
function Compare({ digits }: { readonly digits: string }): JSX.Element {
  const [text, setText] = useState('');
  const theirs = text.replace(/\D/g, '');
  const said =
    theirs.length === 0
      ? { hint: t('details.pasteWhatTheySee'), tone: 'plain' as const }
      : theirs.length < 60
        ? { hint: t('details.moreDigits', { count: 60 - theirs.length }), tone: 'plain' as const }
        : theirs === digits
          ? { hint: t('details.theSameNumber'), tone: 'good' as const }
          : {
              hint: t('details.anotherNumberOneOf'),
              tone: 'danger' as const,
            };
  return <Field label={t('details.theirNumber')} value={text} onValue={setText} mono hint={said.hint} tone={said.tone} />;
}

function History({ safety: { firstSeenAt, events } }: { readonly safety: Safety }): JSX.Element | null {
  if (firstSeenAt === null) return null;
  return (
    <section class="group">
      <h2>{t('details.theirKeys')}</h2>
      <p class="small quiet">{t('details.inUseHereSince', { time: fullTime(firstSeenAt) })}</p>
      {events.length > 0 && (
        <ul class="stack tight small">
          {[...events].reverse().map(({ at, kind }) => (
            <li key={`${at} ${kind}`}>
              {t(keyWords[kind])} <span class="quiet">{fullTime(at)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
