import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Status } from '../rpc/views/account.ts';
import { forgetAtLock } from './at-lock.ts';
import { namesAhead } from './glimpse.ts';
import { MessageSquare } from './icons.ts';
import { EnsContext, NamesContext } from './names.ts';
import { Icon } from './parts/Icon.tsx';
import { Failure } from './parts/Notice.tsx';
import { Bones } from './parts/Skeleton.tsx';
import { go, type Route, useRoute, useWide } from './router.ts';
import { background } from './rpc.ts';
import { Inbox } from './screens/Inbox.tsx';
import {
  Approve,
  Conversation,
  Details,
  fetchNext,
  NewConversation,
  Repair,
  Restore,
  Settings,
  Shortcuts,
  Unlock,
  Welcome,
  WritePhraseLater,
} from './screens.tsx';
import { useShortcuts } from './shortcuts.ts';
import { useAsked, useStatus } from './state.ts';
import { SpokenContext, speak, t, useLanguage } from './t.tsx';
import { takeUpFiles } from './take-up.ts';
import { showTheme } from './theme.ts';

export function App(): JSX.Element {
  const route = useRoute();
  const { value: status, error, reason, reload, set } = useStatus();
  const [founding, setFounding] = useState(false);
  const theme = status?.theme ?? 'system';
  useEffect(() => {
    if (status) showTheme(theme);
  }, [status !== null, theme]);
  const spoken = useLanguage();
  const language = status?.language;
  useEffect(() => {
    if (language) void speak(language);
  }, [language]);
  const locked = status?.phase === 'locked';
  const account = status?.phase === 'ready' ? status.account?.address : undefined;
  useEffect(() => {
    if (locked) forgetAtLock();
  }, [locked]);
  useEffect(() => {
    if (account === undefined) return undefined;
    const look = (): void => void takeUpFiles().catch(() => undefined); // a conversation that is opened looks again
    look();
    return background.onReconnect(look);
  }, [account]);
  const unread = status?.unread ?? 0;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley';
  }, [unread]);

  if (!status)
    return error ? (
      <main class="scroll">
        <Failure error={error} retry={reload}>
          {reason === 'storage-failed' && <Repair />}
        </Failure>
      </main>
    ) : (
      <Bones rows={6} />
    );
  if (status.phase === 'welcome' && !founding && route.screen === 'restore') return <Restore onStatus={set} />;
  // The welcome screen stays until its last step is done, though the account exists from the step before on.
  if (status.phase === 'welcome' || founding) return <Begin route={route} status={status} onStatus={set} onFounding={setFounding} />;
  if (status.phase === 'locked') return <Unlock status={status} onStatus={set} asking={route.screen === 'approve'} />;
  if (route.screen === 'add') return <Begin route={route} status={status} onStatus={set} onFounding={setFounding} />;
  if (route.screen === 'phrase') return <WritePhraseLater onStatus={set} />;
  if (route.screen === 'approve') return <Approve account={status.account?.address ?? '0x'} />;
  return (
    <SpokenContext value={spoken}>
      <EnsContext value={status.ensRpc}>
        <Named of={status.account?.address ?? ''}>
          <Main route={route} status={status} onStatus={set} />
        </Named>
      </EnsContext>
    </SpokenContext>
  );
}

/** With the names that the owner of the account gave to others. */
function Named({ of, children }: { readonly of: string; readonly children: ComponentChildren }): JSX.Element {
  const { value } = useAsked(() => background.call('names', {}), of, ['names']);
  return <NamesContext value={value ?? namesAhead(of)}>{children}</NamesContext>;
}

function Begin({
  route,
  status,
  onStatus,
  onFounding,
}: {
  readonly route: Route;
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  readonly onFounding: (founding: boolean) => void;
}): JSX.Element {
  // Once begun it stays what it was: the account that it makes is there before its last step.
  const [adding] = useState(status.phase !== 'welcome');
  const preset = route.screen === 'welcome' ? route.node : null;
  const tab = route.screen === 'welcome' || route.screen === 'add' ? route.tab : null;
  return <Welcome preset={preset} tab={tab} adding={adding} status={status} onStatus={onStatus} onFounding={onFounding} />;
}

function Main({
  route,
  status,
  onStatus,
}: {
  readonly route: Route;
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
}): JSX.Element {
  const wide = useWide();
  const current = route.screen === 'conversation' || route.screen === 'details' ? route.id : null;
  const within = route.screen === 'inbox' ? route.within : null;
  const [sheet, setSheet] = useState(false);
  useShortcuts(() => setSheet(true));
  // The list begins it as soon as the background has said what is in it; no sooner, so as not to stand in its way.
  useEffect(() => {
    const timer = setTimeout(fetchNext, 800);
    return () => clearTimeout(timer);
  }, []);
  const aside = side(route, status, onStatus, wide);
  useEffect(() => {
    if (route.screen === 'welcome' || route.screen === 'unlock' || route.screen === 'restore') go('#/');
  }, [route.screen]);
  const shortcuts = sheet && <Shortcuts onClose={() => setSheet(false)} />;
  // Settings take the room of both panes.
  if (aside && route.screen === 'settings') return aside;
  if (!wide)
    return (
      <>
        {aside ?? <Inbox status={status} current={null} wide={false} within={within} onStatus={onStatus} />}
        {shortcuts}
      </>
    );
  return (
    <div class="frame two">
      <Inbox status={status} current={current} wide within={within} onStatus={onStatus} />
      {aside ?? (
        <main class="empty middle-of-nothing">
          <Icon of={MessageSquare} />
          <p>{t('app.chooseAConversationOr')}</p>
        </main>
      )}
      {shortcuts}
    </div>
  );
}

function side(route: Route, status: Status, onStatus: (status: Status) => void, wide: boolean): JSX.Element | null {
  const address = status.account?.address ?? '0x';
  if (route.screen === 'conversation') return <Conversation key={route.id} id={route.id} status={status} wide={wide} at={route.at} />;
  if (route.screen === 'details') return <Details key={route.id} id={route.id} own={address} />;
  if (route.screen === 'new') return <NewConversation own={address} wide={wide} />;
  if (route.screen === 'settings') return <Settings status={status} onStatus={onStatus} wide={wide} part={route.part} />;
  return null;
}
