import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { t } from '../t.tsx';

/** However long somebody holds on. */
const shownForMs = 30_000;

/** A recovery phrase that shows itself while a button is held, for half a minute at most, and never in a window that is not looked at. */
export function HeldWords({ phrase, onShown }: { readonly phrase: string; readonly onShown?: () => void }): JSX.Element {
  const [held, setHeld] = useState(false);
  // Before the words are painted: a window may lose the focus in the moment in which they show.
  useLayoutEffect(() => {
    if (!held) return;
    onShown?.();
    const hide = (): void => setHeld(false);
    const timer = setTimeout(hide, shownForMs);
    addEventListener('blur', hide);
    document.addEventListener('visibilitychange', hide);
    return () => {
      clearTimeout(timer);
      removeEventListener('blur', hide);
      document.removeEventListener('visibilitychange', hide);
    };
  }, [held]);
  const release = (): void => setHeld(false);
  return (
    <div class="stack">
      <ol class={`words${held ? '' : ' covered'}`} aria-hidden={!held}>
        {phrase.split(' ').map((word, index) => (
          <li key={index}>{held ? word : '•••••'}</li>
        ))}
      </ol>
      <button
        type="button"
        class="button secondary"
        onPointerDown={() => setHeld(true)}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.key !== ' ' && event.key !== 'Enter') return;
          event.preventDefault();
          if (!event.repeat) setHeld(true);
        }}
        onKeyUp={release}
        onBlur={release}
      >
        {t('common.holdToShow')}
      </button>
    </div>
  );
}
