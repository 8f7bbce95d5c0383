import type { JSX } from 'preact';
import type { NotificationLevel } from '../../../rpc/views.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

const choices = [
  { value: 'off', words: 'None' },
  { value: 'nothing', words: 'That there is news' },
  { value: 'name', words: 'From whom' },
  { value: 'text', words: 'The words too' },
] as const;

export function Notifications({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const choose = (level: NotificationLevel): Promise<void> =>
    work.run(async () => {
      await background.call('setNotifications', { level });
      onChanged();
    });
  return (
    <section class="group" id="settings-notifications">
      <h2>Notifications</h2>
      <p class="small quiet">
        Of new messages in your inboxes: never of requests, of who is muted, or while Parley is locked. Your system keeps what they show,
        and may show it on a locked screen.
      </p>
      <Segments
        legend="What notifications show"
        name="notifications"
        choices={choices}
        chosen={settings.notifications}
        onChoose={(level) => void choose(level)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
