import { LogOut, UserMinus } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConversationRow, GroupView } from '../../rpc/views/conversations.ts';
import { groupName, useNameOf } from '../names.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconButton } from '../parts/Button.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Field } from '../parts/Field.tsx';
import { MemberPicker } from '../parts/MemberPicker.tsx';
import { Notice } from '../parts/Notice.tsx';
import { Person } from '../parts/Person.tsx';
import { conversationPath, detailsPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { inRow } from '../words.ts';
import { longestTitle } from './NewGroup.tsx';

interface GroupDetailsProps {
  readonly id: string;
  readonly group: GroupView;
  readonly own: string;
  readonly onChanged: () => void;
}

/** Who is in a group, and what its creator, or anybody in it, can do about that. */
export function GroupDetails({ id, group, own, onChanged }: GroupDetailsProps): JSX.Element {
  const nameOf = useNameOf();
  const [removing, setRemoving] = useState<string | null>(null);
  const [leaving, setLeaving] = useState(false);
  const work = useWork();
  const { members, creator, mine, open, left } = group;
  const changes = mine && open;
  /** After a change the group may be another conversation: the next epoch of it. */
  const change = (doing: Promise<ConversationRow>): Promise<void> =>
    work.run(async () => {
      const next = await doing;
      setRemoving(null);
      if (next.id === id) onChanged();
      else go(detailsPath(next.id));
    });
  return (
    <div class="page">
      {changes && <Rename key={group.title} id={id} title={group.title} onChanged={onChanged} />}
      {!changes && (
        <section class="group">
          <h2>
            <bdi>{groupName(group)}</bdi>
          </h2>
          {!open && <Notice>{t('common.thisGroupHasEnded')}</Notice>}
        </section>
      )}
      <section class="group">
        <h2>{t('common.members')}</h2>
        <ul class="members chosen" aria-label={t('common.members')}>
          {members.map((member) => (
            <li key={member}>
              <Avatar address={member} size={28} />
              <span class="account-name">
                <Person address={member} />
                <span class="small quiet">
                  {inRow(
                    [
                      member === own && t('common.you'),
                      member === creator && t('log.creator'),
                      left.includes(member) && t('log.hasLeft'),
                    ].filter((words) => words !== false),
                  )}
                </span>
              </span>
              {changes && member !== own && (
                <IconButton
                  icon={UserMinus}
                  label={t('common.removeNamed', { name: nameOf(member) })}
                  disabled={work.busy}
                  onClick={() => setRemoving(member)}
                />
              )}
            </li>
          ))}
        </ul>
        {work.error && <Notice tone="danger">{work.error}</Notice>}
      </section>
      {changes && (
        <section class="group">
          <h2>{t('groupDetails.addSomebody')}</h2>
          <p class="small quiet">{t('groupDetails.theyCanAlsoRead')}</p>
          <MemberPicker
            own={own}
            members={members}
            busy={work.busy}
            onAdd={(address) => void change(background.call('addToGroup', { id, members: [address] }))}
          />
        </section>
      )}
      {open && (
        <section class="group">
          <h2>{mine ? t('groupDetails.endTheGroup') : t('groupDetails.leaveTheGroup')}</h2>
          <div class="side">
            <Button icon={LogOut} onClick={() => setLeaving(true)}>
              {mine ? t('groupDetails.endTheGroupBegin') : t('groupDetails.leaveBegin')}
            </Button>
          </div>
        </section>
      )}
      {removing !== null && (
        <Dialog title={t('groupDetails.removeNamedQuestion', { name: nameOf(removing) })} onClose={() => setRemoving(null)}>
          <p class="small">{t('groupDetails.theGroupGoesOn')}</p>
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="decide">
            <Button onClick={() => setRemoving(null)}>{t('common.cancel')}</Button>
            <Button
              kind="danger"
              disabled={work.busy}
              onClick={() => void change(background.call('removeFromGroup', { id, members: [removing] }))}
            >
              {t('common.remove')}
            </Button>
          </div>
        </Dialog>
      )}
      {leaving && (
        <Dialog
          title={mine ? t('groupDetails.endThisGroupQuestion') : t('groupDetails.leaveThisGroupQuestion')}
          onClose={() => setLeaving(false)}
        >
          <p class="small">{mine ? t('groupDetails.nobodyCanWriteIn') : t('groupDetails.youWriteAndRead')}</p>
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="decide">
            <Button onClick={() => setLeaving(false)}>{t('common.cancel')}</Button>
            <Button
              kind="danger"
              disabled={work.busy}
              onClick={() =>
                void work.run(async () => {
                  await background.call('leaveGroup', { id });
                  go(conversationPath(id));
                })
              }
            >
              {mine ? t('groupDetails.endIt') : t('groupDetails.leave')}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Rename({ id, title, onChanged }: { readonly id: string; readonly title: string; readonly onChanged: () => void }): JSX.Element {
  const [text, setText] = useState(title);
  const work = useWork();
  const trimmed = text.trim();
  const tooLong = [...trimmed].length > longestTitle;
  return (
    <form
      class="group"
      onSubmit={(event) => {
        event.preventDefault();
        void work.run(async () => {
          await background.call('renameGroup', { id, title: trimmed });
          onChanged();
        });
      }}
    >
      <Field
        label={t('common.nameOfTheGroup')}
        value={text}
        onValue={setText}
        hint={tooLong ? t('common.atMost', { count: longestTitle }) : t('groupDetails.everybodyInItSees')}
        tone={tooLong ? 'danger' : 'plain'}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button type="submit" disabled={trimmed === title || tooLong || work.busy}>
          {t('groupDetails.rename')}
        </Button>
      </div>
    </form>
  );
}
