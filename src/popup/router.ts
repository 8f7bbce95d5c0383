import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { readonly screen: 'new' | 'approve' | 'unlock' | 'phrase' | 'restore' }
  /** `within`: a conversation that is searched through. */
  | { readonly screen: 'inbox'; readonly within: string | null }
  | { readonly screen: 'settings'; readonly part: string | null }
  /** `tab`: the one from which the toolbar's button was pressed. */
  | { readonly screen: 'welcome'; readonly node: string | null; readonly tab: number | null }
  | { readonly screen: 'add'; readonly tab: number | null }
  /** `at`: a message that is gone to. */
  | { readonly screen: 'conversation'; readonly id: string; readonly at: string | null }
  | { readonly screen: 'details'; readonly id: string };

/** Reads `#/conversation/ID` and the like, with `/details` for what is known of the other side; anything else is the inbox. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const [, screen, id, part] = path.split('/');
  const asked = new URLSearchParams(query);
  if (screen === 'conversation' && id)
    return part === 'details'
      ? { screen: 'details', id: decodeURIComponent(id) }
      : { screen, id: decodeURIComponent(id), at: asked.get('at') };
  const tab = /^\d{1,10}$/.test(asked.get('tab') ?? '') ? Number(asked.get('tab')) : null;
  if (screen === 'welcome') return { screen, node: asked.get('node'), tab };
  if (screen === 'add') return { screen, tab };
  if (screen === 'settings') return { screen, part: id ?? null };
  if (screen === 'new' || screen === 'approve' || screen === 'unlock' || screen === 'phrase' || screen === 'restore') return { screen };
  return { screen: 'inbox', within: asked.get('within') };
}

export const conversationPath = (id: string): string => `#/conversation/${encodeURIComponent(id)}`;

/** To one message of a conversation. */
export const messagePath = (id: string, message: string): string => `${conversationPath(id)}?at=${message}`;

/** To the search through one conversation. */
export const searchPath = (id: string): string => `#/?within=${encodeURIComponent(id)}`;

export const detailsPath = (id: string): string => `${conversationPath(id)}/details`;

export function go(path: string): void {
  location.hash = path;
}

/** Whether this is the popup under the toolbar's button, which closes when something else is looked at. */
export const inToolbar = (): boolean => document.documentElement.dataset['view'] === 'toolbar';

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parseRoute(hash);
}

/** Whether there is room for two panes. */
export function useWide(): boolean {
  const [query] = useState(() => matchMedia('(min-width: 720px)'));
  const [wide, setWide] = useState(query.matches);
  useEffect(() => {
    const changed = (): void => setWide(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, [query]);
  return wide;
}
