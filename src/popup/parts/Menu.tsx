import type { JSX } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';

export interface MenuItem {
  readonly words: string;
  readonly icon: unknown;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

interface MenuProps {
  readonly icon: unknown;
  readonly label: string;
  readonly items: readonly MenuItem[];
}

/** A button that opens a list of deeds: arrows choose, Escape closes, and the focus returns to where it was. */
export function Menu({ icon, label, items }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const [above, setAbove] = useState(false);
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
    list.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
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
    const all = [...(list.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const next = steps[event.key];
    if (next === undefined || all.length === 0) return;
    event.preventDefault();
    all[next % all.length]?.focus();
  };
  return (
    <div class={`menu${above ? ' above' : ''}`} ref={whole}>
      <IconButton
        icon={icon}
        label={label}
        expanded={open}
        controls={id}
        onClick={() => {
          const { bottom = 0 } = whole.current?.getBoundingClientRect() ?? {};
          setAbove(bottom + items.length * 40 + 24 > innerHeight);
          setOpen(!open);
        }}
      />
      {open && (
        <div class="menu-list" role="menu" id={id} aria-label={label} ref={list} tabIndex={-1} onKeyDown={move}>
          {items.map(({ words, icon: sign, danger = false, onChoose }) => (
            <button
              key={words}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={danger ? 'danger' : undefined}
              onClick={() => {
                close();
                onChoose();
              }}
            >
              <Icon of={sign} size={16} />
              {words}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
