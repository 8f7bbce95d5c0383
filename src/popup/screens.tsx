import { type Later, later } from './later.tsx';
import { Bones, BubbleBones, PageBones } from './parts/Skeleton.tsx';
import { t } from './t.tsx';

/** What is not seen at first. Each is fetched when it is shown, or before that once nothing else is to be done. */

const page = () => <PageBones />;
const settings = () => (
  <div class="screen">
    <header class="bar with-back">
      <i class="icon-button" />
      <h1>{t('common.settings')}</h1>
    </header>
    <PageBones />
  </div>
);
const rows = () => <Bones rows={4} />;
const bubbles = () => (
  <div class="screen">
    <BubbleBones />
  </div>
);

export const Conversation = later(async () => (await import('./screens/Conversation.tsx')).Conversation, bubbles);
export const Details = later(async () => (await import('./screens/Details.tsx')).Details, page);
export const NewConversation = later(async () => (await import('./screens/NewConversation.tsx')).NewConversation, page);
export const Repair = later(
  async () => (await import('./parts/Repair.tsx')).Repair,
  () => null,
);
export const LossBar = later(
  async () => (await import('./parts/LossBar.tsx')).LossBar,
  () => null,
);
export const Empty = later(
  async () => (await import('./screens/inbox/Empty.tsx')).Empty,
  () => null,
);
export const Beneath = later(
  async () => (await import('./parts/Decide.tsx')).Beneath,
  () => null,
);
export const Results = later(async () => (await import('./screens/inbox/Results.tsx')).Results, rows);
export const Settings = later(async () => (await import('./screens/Settings.tsx')).Settings, settings);
export const Shortcuts = later(
  async () => (await import('./parts/Shortcuts.tsx')).Shortcuts,
  () => null,
);
export const Unlock = later(async () => (await import('./screens/Unlock.tsx')).Unlock, page);
export const Approve = later(async () => (await import('./screens/Approve.tsx')).Approve, page);
export const Welcome = later(async () => (await import('./screens/Welcome.tsx')).Welcome, page);
export const Restore = later(async () => (await import('./screens/Restore.tsx')).Restore, page);
export const WritePhraseLater = later(async () => (await import('./screens/WritePhrase.tsx')).WritePhraseLater, page);

/** What may be next for who looks at their conversations, the likeliest first. */
const next: readonly Pick<Later<never>, 'fetch'>[] = [
  Conversation,
  Results,
  NewConversation,
  Details,
  Settings,
  Shortcuts,
  Unlock,
  Approve,
];

let begun = false;

/** Fetches them one after the other, each while nothing else is to be done. What cannot be read now is asked for again by whoever wants to see it. */
export function fetchNext(): void {
  if (begun) return;
  begun = true;
  const fetch = (at: number): void => {
    const screen = next[at];
    if (!screen) return;
    requestIdleCallback(() =>
      screen.fetch().then(
        () => fetch(at + 1),
        () => undefined,
      ),
    );
  };
  fetch(0);
}
