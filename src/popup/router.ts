import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { readonly screen: 'inbox' | 'new' | 'approve' | 'unlock' | 'phrase' | 'restore' }
  | { readonly screen: 'settings'; readonly part: string | null }
  /** `tab`: the one from which the toolbar's button was pressed. */
  | { readonly screen: 'welcome'; readonly node: string | null; readonly tab: number | null }
  | { readonly screen: 'add'; readonly tab: number | null }
  | { readonly screen: 'conversation' | 'details'; readonly id: string };

/** Reads `#/conversation/ID` and the like, with `/details` for what is known of the other side; anything else is the inbox. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const [, screen, id, part] = path.split('/');
  if (screen === 'conversation' && id) return { screen: part === 'details' ? 'details' : screen, id: decodeURIComponent(id) };
  const asked = new URLSearchParams(query);
  const tab = /^\d{1,10}$/.test(asked.get('tab') ?? '') ? Number(asked.get('tab')) : null;
  if (screen === 'welcome') return { screen, node: asked.get('node'), tab };
  if (screen === 'add') return { screen, tab };
  if (screen === 'settings') return { screen, part: id ?? null };
  if (screen === 'new' || screen === 'approve' || screen === 'unlock' || screen === 'phrase' || screen === 'restore') return { screen };
  return { screen: 'inbox' };
}

export const conversationPath = (id: string): string => `#/conversation/${encodeURIComponent(id)}`;

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
