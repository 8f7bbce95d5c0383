import type { JSX } from 'preact';
import type { NotificationLevel } from '../../../rpc/views/account.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import type { GroupProps } from './group.ts';

const choices = () =>
  [
    { value: 'off', words: t('notifications.off') },
    { value: 'nothing', words: t('notifications.nothing') },
    { value: 'name', words: t('notifications.name') },
    { value: 'text', words: t('notifications.text') },
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
      <h2>{t('settings.notifications')}</h2>
      <p class="small quiet">{t('notifications.ofNewMessagesIn')}</p>
      <Segments
        legend={t('notifications.whatNotificationsShow')}
        name="notifications"
        choices={choices()}
        chosen={settings.notifications}
        onChoose={(level) => void choose(level)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </section>
  );
}
