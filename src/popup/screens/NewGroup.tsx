import { X } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useNameOf } from '../names.ts';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconButton } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { MemberPicker } from '../parts/MemberPicker.tsx';
import { Notice } from '../parts/Notice.tsx';
import { Person } from '../parts/Person.tsx';
import { conversationPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';

/** As the protocol has it. */
export const longestTitle = 200;

/** A conversation of several: a name, if it is to have one, and who is in it. */
export function NewGroup({ own, onOne }: { readonly own: string; readonly onOne: () => void }): JSX.Element {
  const nameOf = useNameOf();
  const [title, setTitle] = useState('');
  const [members, setMembers] = useState<readonly string[]>([]);
  const work = useWork();
  const tooLong = [...title.trim()].length > longestTitle;
  const ready = members.length > 0 && !tooLong && !work.busy;
  const make = (): Promise<void> =>
    work.run(async () => {
      const { id } = await background.call('createGroup', { title: title.trim(), members: [...members] });
      go(conversationPath(id));
    });
  return (
    <form
      class="page"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void make();
      }}
    >
      <p class="small quiet">{t('newGroup.everybodyInItSees')}</p>
      <Field
        label={t('common.nameOfTheGroup')}
        value={title}
        onValue={setTitle}
        autoFocus
        hint={tooLong ? t('common.atMost', { count: longestTitle }) : t('newGroup.everybodyInItSeesThe')}
        tone={tooLong ? 'danger' : 'plain'}
      />
      {members.length > 0 && (
        <ul class="members chosen" aria-label={t('common.members')}>
          {members.map((member) => (
            <li key={member}>
              <Avatar address={member} size={28} />
              <Person address={member} />
              <IconButton
                icon={X}
                label={t('common.leaveOutNamed', { name: nameOf(member) })}
                onClick={() => setMembers(members.filter((each) => each !== member))}
              />
            </li>
          ))}
        </ul>
      )}
      <MemberPicker own={own} members={members} busy={work.busy} onAdd={(address) => setMembers([...members, address])} />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button kind="primary" type="submit" wide disabled={!ready}>
        {members.length === 0 ? t('newGroup.make') : t('newGroup.makeWith', { count: members.length })}
      </Button>
      <Button wide onClick={onOne}>
        {t('newGroup.withOnePersonInstead')}
      </Button>
    </form>
  );
}
