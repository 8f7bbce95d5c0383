import { ArrowDown, ArrowLeft, Info, ShieldCheck, X } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { DraftPart } from '../../rpc/typed.ts';
import type { Status } from '../../rpc/views/account.ts';
import type { MessageView } from '../../rpc/views/messages.ts';
import type { OpenedConversation } from '../../rpc/views/opened.ts';
import { explain } from '../explain.ts';
import { groupName } from '../names.ts';
import { CopyButton } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconButton, IconLink } from '../parts/Button.tsx';
import { ChosenFiles } from '../parts/ChosenFiles.tsx';
import { Composer } from '../parts/Composer.tsx';
import { ConversationMenu } from '../parts/ConversationMenu.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { ExportDialog } from '../parts/ExportDialog.tsx';
import { Forward, type Forwarded } from '../parts/Forward.tsx';
import { GroupMark } from '../parts/GroupMark.tsx';
import { type Deeds, textOf } from '../parts/Message.tsx';
import { NodeBar } from '../parts/NodeBar.tsx';
import { Failure, Notice } from '../parts/Notice.tsx';
import { OtherKeys, Retired } from '../parts/OtherKeys.tsx';
import { Person } from '../parts/Person.tsx';
import { SignPicker } from '../parts/Signs.tsx';
import { BubbleBones } from '../parts/Skeleton.tsx';
import { Standing } from '../parts/Standing.tsx';
import { conversationPath, detailsPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useAsked } from '../state.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { type Ahead, watchRows } from './conversation/ahead.ts';
import { Log } from './conversation/Log.tsx';
import { useFiles, useLeaving } from './conversation/use-files.ts';
import { useLog } from './conversation/use-log.ts';
import { useOpened } from './conversation/use-opened.ts';

interface ConversationProps {
  readonly id: string;
  readonly status: Status;
  readonly wide: boolean;
  /** A message that is gone to. */
  readonly at: string | null;
}

// Whoever points at a row opens it next, most likely: what it shows is asked for by then.
watchRows();

export function Conversation(props: ConversationProps): JSX.Element {
  const { id, status, wide } = props;
  const { ahead, error, retry } = useOpened(id);
  const first = ahead.value();
  if (first) return <Opened {...props} first={first} ahead={ahead} />;
  return (
    <main class="screen">
      <header class={`bar${wide ? '' : ' with-back'}`}>{!wide && <Back />}</header>
      {!wide && <NodeBar node={status.node} disk={status.disk} />}
      {error ? <Failure error={error} retry={retry} /> : <BubbleBones />}
    </main>
  );
}

const Back = () => <IconLink icon={ArrowLeft} label={t('common.back')} href="#/" />;

interface OpenedProps extends ConversationProps {
  /** What was there when it was asked for. */
  readonly first: OpenedConversation;
  readonly ahead: Ahead;
}

function Opened({ id, status, wide, at, first, ahead }: OpenedProps): JSX.Element {
  const asked = useAsked(() => background.call('getConversation', { id }), id, ['conversations'], first.row);
  const { reload } = asked;
  const row = asked.value ?? first.row;
  const known = useAsked(
    async () => (row.group ? null : await background.call('safety', { id, numbers: false })),
    id,
    ['conversations'],
    first.safety,
  );
  const safety = known.value;
  const [said, setSaid] = useState('');
  const [answered, setAnswered] = useState<MessageView | null>(null);
  const [picking, setPicking] = useState<MessageView | null>(null);
  const [forwarded, setForwarded] = useState<Forwarded | null>(null);
  const [leaving, setLeaving] = useState<MessageView | null>(null);
  const [sendError, setSendError] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const [over, setOver] = useState(false);
  const leavingFiles = useLeaving(id);
  const log = useLog(id, at, leavingFiles, first);
  useLayoutEffect(() => {
    // All that is shown hears of changes from here on.
    if (ahead.isOld()) for (const part of [asked, known, log]) part.reload();
    else if (first.more) log.reloadAbove();
    ahead.end();
  }, []);
  // The node is asked for the keys of the peer once the screen is painted: nothing that is shown first waits for that.
  useEffect(() => {
    if (!row.group) known.reload();
  }, []);
  const sent = (): void => {
    setAnswered(null);
    log.toNewest();
  };
  const files = useFiles({ id, replyTo: answered?.id ?? null, onSent: log.stand, onError: setSendError });
  const { peer } = row;

  const send = async (text: string, clientId: string): Promise<void> => {
    setSendError(null);
    try {
      const shown = log.echo(text, clientId, answered, status.account?.address ?? '0x', () =>
        background.call('sendMessage', { id, text, clientId, ...(answered && { replyTo: answered.id }) }),
      );
      sent();
      await shown;
    } catch (failure) {
      setSendError(explain(failure));
      // It is what it was: words that answer something come back with that.
      setAnswered((since) => since ?? answered);
      throw failure;
    }
  };

  const sendFiles = (words: DraftPart | null): Promise<void> => {
    const kept = files.send(words);
    sent();
    return kept;
  };
  const failed = (failure: unknown): void => setSendError(explain(failure));
  const react = (message: MessageView, sign: string, added: boolean): void => {
    setPicking(null);
    background.call('react', { id, message: message.id, sign, added, clientId: crypto.randomUUID() }).catch(failed);
  };
  const writes = row.shelf !== 'blocked' && !row.otherKeys && !row.retired && (row.group?.open ?? true);
  const deeds = useDeeds({
    own: status.account?.address ?? '',
    links: row.shelf === 'inbox',
    writes,
    reply: (message) => {
      setAnswered(message);
      document.querySelector<HTMLElement>('.composer textarea')?.focus();
    },
    pick: setPicking,
    react,
    copy: (text) => void navigator.clipboard.writeText(text).then(() => setSaid(t('common.copied')), failed),
    forward: setForwarded,
    hide: setLeaving,
    jump: log.jump,
  });

  /** The old keys' conversation gives way to that of the new ones. */
  const accepted = async (): Promise<void> => {
    reload();
    const next = await background.call('startConversation', { peer });
    if (next.id !== id) go(conversationPath(next.id));
  };

  return (
    <main
      class={`screen${over ? ' dropping' : ''}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !answered || event.isComposing) return;
        event.preventDefault();
        setAnswered(null);
      }}
      onDragOver={(event) => {
        if (!writes || !event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        const dropped = [...(event.dataTransfer?.files ?? [])];
        if (!writes || dropped.length === 0) return;
        event.preventDefault();
        files.add(dropped);
      }}
    >
      <header class={`bar${wide ? '' : ' with-back'}`}>
        {!wide && <Back />}
        <div class="who">
          {row.group ? <GroupMark size={28} /> : <Avatar address={peer} size={28} />}
          <h2 title={row.group ? undefined : peer}>
            {row.group ? <bdi>{groupName(row.group)}</bdi> : <Person address={peer} />}
            {row.thread !== null && (
              <span class="quiet">
                {' '}
                · <bdi>{visibleLine(row.thread)}</bdi>
              </span>
            )}
          </h2>
        </div>
        {!row.group && (
          <>
            {safety?.verifiedAt != null && (
              <IconLink icon={ShieldCheck} label={t('conversation.verifiedShowTheSafety')} href={detailsPath(id)} good />
            )}
            <CopyButton address={peer} />
            <IconLink icon={Info} label={t('conversation.detailsAndSafetyNumber')} href={detailsPath(id)} />
          </>
        )}
        {row.group && <IconLink icon={Info} label={t('conversation.membersAndDetails')} href={detailsPath(id)} />}
        <ConversationMenu row={row} onExport={() => setSaving(true)} onDone={setSaid} />
      </header>
      {!wide && <NodeBar node={status.node} disk={status.disk} />}
      <Log
        deeds={deeds}
        log={log}
        peer={peer}
        group={row.group}
        events={safety?.events ?? []}
        leaving={leavingFiles}
        leavingDeeds={{ ...files.deeds, writes }}
      />
      <div class="conversation-foot">
        {log.away && (
          <div class="jump">
            <IconButton icon={ArrowDown} label={t('conversation.newestMessage')} onClick={log.toNewest} />
          </div>
        )}
        {sendError && <Notice tone="danger">{sendError}</Notice>}
        {row.otherKeys && (
          <OtherKeys peer={row.peer} accepted={row.group ? reload : accepted} {...(!row.group && { details: detailsPath(id) })} />
        )}
        <Standing row={row} onDecided={setSaid} />
        <span class="hidden" role="status">
          {said}
        </span>
        <div class="hidden" aria-live="polite">
          {files.said.map((each) => (
            <p key={each.id}>{each.words}</p>
          ))}
        </div>
        {row.retired && <Retired peer={row.peer} />}
        {row.group && !row.group.open && <Notice>{t('common.thisGroupHasEnded')}</Notice>}
        {writes && answered && <Answering message={answered} onDrop={() => setAnswered(null)} />}
        {writes && files.chosen.length > 0 && <ChosenFiles files={files.chosen} onDrop={files.drop} />}
        {writes && (
          <Composer
            key={id}
            conversation={id}
            draft={row.draft ?? ''}
            revision={row.draftRevision}
            autoFocus={at === null}
            files={files.chosen.length}
            onFiles={files.add}
            onSendFiles={sendFiles}
            onSend={send}
          />
        )}
      </div>
      {picking && <SignPicker onPick={(sign) => react(picking, sign, true)} onClose={() => setPicking(null)} />}
      {saving && <ExportDialog row={row} own={deeds.own} onClose={() => setSaving(false)} />}
      {forwarded !== null && <Forward what={forwarded} from={id} onClose={() => setForwarded(null)} />}
      {leaving && (
        <Dialog title={t('conversation.deleteThisMessageHereQuestion')} onClose={() => setLeaving(null)}>
          <p class="small">{t('conversation.itDisappearsFromThis')}</p>
          <div class="decide">
            <Button onClick={() => setLeaving(null)}>{t('common.cancel')}</Button>
            <Button
              kind="danger"
              onClick={() => {
                setLeaving(null);
                background.call('hideMessage', { message: leaving.id }).then(() => setSaid(t('conversation.deletedHere')), failed);
              }}
            >
              {t('common.deleteHere')}
            </Button>
          </div>
        </Dialog>
      )}
    </main>
  );
}

/** The same for as long as what it says is the same, so that messages are not drawn anew for it; what it does is always what was given last. */
function useDeeds(given: Deeds): Deeds {
  const latest = useRef(given);
  latest.current = given;
  const { own, links, writes } = given;
  return useMemo(
    () => ({
      own,
      links,
      writes,
      reply: (message) => latest.current.reply(message),
      pick: (message) => latest.current.pick(message),
      react: (...reaction) => latest.current.react(...reaction),
      copy: (text) => latest.current.copy(text),
      forward: (what) => latest.current.forward(what),
      hide: (message) => latest.current.hide(message),
      jump: (id) => latest.current.jump(id),
    }),
    [own, links, writes],
  );
}

/** What the next message answers. */
function Answering({ message, onDrop }: { readonly message: MessageView; readonly onDrop: () => void }): JSX.Element {
  return (
    <div class="answering">
      <div class="quote">
        <span class="quoted-who">{message.mine ? t('common.you') : <Person address={message.sender} />}</span>
        <span class="quoted-text">{visibleLine(textOf(message.shown) ?? t('conversation.aMessage'))}</span>
      </div>
      <IconButton icon={X} label={t('conversation.doNotReplyTo')} onClick={onDrop} />
    </div>
  );
}
