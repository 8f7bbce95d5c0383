import { useLayoutEffect } from 'preact/hooks';
import { go } from './router.ts';

/** The field that looks through everything. */
export const searchFieldId = 'search';

/** Listens for the keys that do something anywhere, as long as the page is there; `parts/Shortcuts.tsx` lists them. */
export function useShortcuts(onSheet: () => void): void {
  // Before the page is painted: who is fast presses a key as soon as they see it.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return;
      const { key, ctrlKey, metaKey, altKey } = event;
      if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') focusSearch();
      else if (altKey && (key === 'ArrowUp' || key === 'ArrowDown')) step(key === 'ArrowUp' ? -1 : 1);
      else if (key === '?' && !isTyping(event.target)) onSheet();
      else if (key !== 'Escape' || !back(event.target)) return;
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function focusSearch(): void {
  const field = (): HTMLElement | null => document.getElementById(searchFieldId);
  if (field()) field()?.focus();
  else {
    // Where there is room for one thing at a time, the list is another page.
    addEventListener('hashchange', () => setTimeout(() => field()?.focus(), 50), { once: true });
    go('#/');
  }
}

/** To the next row of the list, or the first. The address tells where we are: the list is drawn later than a fast hand presses again. */
function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>('a.row')];
  const here = location.hash.split(/[?]|\/details/)[0];
  const current = rows.findIndex((row) => row.getAttribute('href') === here);
  const next = rows[current === -1 ? 0 : current + by];
  if (!next) return;
  next.click();
  next.scrollIntoView({ block: 'nearest' });
}

/** One step back, as the arrow above goes; not from the list, nor where it would lose what was typed. The words of a message are kept. */
function back(from: EventTarget | null): boolean {
  const { hash } = location;
  if (hash === '' || hash === '#/' || (from instanceof HTMLInputElement && isText(from) && from.value !== '')) return false;
  go(/^(#\/conversation\/.+)\/details$/.exec(hash)?.[1] ?? '#/');
  return true;
}

const isText = ({ type }: HTMLInputElement): boolean => !['radio', 'checkbox', 'file'].includes(type);

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches('input, textarea, select, [contenteditable]');
