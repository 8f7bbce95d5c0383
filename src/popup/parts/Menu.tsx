import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';

export interface MenuItem {
  readonly key?: string;
  readonly words: ComponentChildren;
  readonly icon?: unknown;
  /** One of several of which one is chosen: whether it is this one. */
  readonly chosen?: boolean;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

interface MenuProps {
  readonly icon?: unknown;
  readonly label: string;
  /** Instead of an icon; it says what the button is for. */
  readonly button?: ComponentChildren;
  readonly items: readonly MenuItem[];
}

/** A button that opens a list of deeds: arrows choose, Escape closes, and the focus returns to where it was. */
export function Menu({ icon, label, button, items }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState('');
  const id = useId();
  const whole = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    whole.current?.querySelector('button')?.focus();
  };
  // Not after the next paint: a key that is pressed right after the one that opens must find the list.
  useLayoutEffect(() => {
    if (!open) return;
    const outside = (event: Event): void => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', outside);
    addEventListener('focusin', outside);
    if (whole.current && list.current) setPlace(placeOf(whole.current, list.current));
    // It is shown where it is in sight.
    list.current?.querySelector<HTMLElement>('[role^="menuitem"]')?.focus({ preventScroll: true });
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('focusin', outside);
    };
  }, [open]);
  const move = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
      return;
    }
    const all = [...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const next = steps[event.key];
    if (next === undefined || all.length === 0) return;
    event.preventDefault();
    all[next % all.length]?.focus();
  };
  const turn = (): void => setOpen(!open);
  return (
    <div class={`menu${place}`} ref={whole}>
      {button === undefined ? (
        <IconButton icon={icon} label={label} expanded={open} controls={id} onClick={turn} />
      ) : (
        <button
          type="button"
          class="menu-button"
          aria-haspopup="menu"
          aria-expanded={open}
          {...(open && { 'aria-controls': id })}
          onClick={turn}
        >
          {button}
        </button>
      )}
      {open && (
        <div class="menu-list" role="menu" id={id} aria-label={label} ref={list} tabIndex={-1} onKeyDown={move}>
          {items.map(({ key, words, icon: sign, chosen, danger = false, onChoose }) => (
            <button
              key={key ?? words}
              type="button"
              {...(chosen === undefined ? { role: 'menuitem' } : { role: 'menuitemradio', 'aria-checked': chosen })}
              tabIndex={-1}
              class={danger ? 'danger' : undefined}
              onClick={() => {
                close();
                onChoose();
              }}
            >
              {sign !== undefined && <Icon of={sign} size={16} />}
              {words}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Where the list is within what shows its button: under it unless there is more room above, and with its end at that of the button where that fits. */
function placeOf(button: HTMLElement, list: HTMLElement): string {
  let frame: HTMLElement | null = button.parentElement;
  while (frame && getComputedStyle(frame).overflowX === 'visible') frame = frame.parentElement;
  const within = frame?.getBoundingClientRect() ?? { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  const [top, bottom] = [Math.max(within.top, 0), Math.min(within.bottom, innerHeight)];
  const at = button.getBoundingClientRect();
  const above = at.bottom + list.offsetHeight > bottom && at.top - top > bottom - at.bottom;
  const ends = document.dir === 'rtl' ? at.left + list.offsetWidth <= within.right : at.right - list.offsetWidth >= within.left;
  return `${above ? ' above' : ''}${ends ? '' : ' from-start'}`;
}
