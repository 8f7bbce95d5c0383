import type { JSX } from 'preact';
import { Count } from './Count.tsx';

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly value: T; readonly words: string; readonly count?: number }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
  /** The id of what the tabs choose between. */
  readonly panel: string;
}

/** Some lists in one place: arrows, Home and End go from one to the next, as is usual for tabs. */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose, panel }: TabsProps<T>): JSX.Element {
  const move = (event: KeyboardEvent, index: number): void => {
    const back = getComputedStyle(event.currentTarget as Element).direction === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
    const steps: Record<string, number> = { ArrowLeft: 1, ArrowRight: 1, [back]: -1, Home: -index, End: tabs.length - 1 - index };
    const step = steps[event.key];
    const next = step === undefined ? undefined : tabs[(index + step + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    onChoose(next.value);
    (event.currentTarget as HTMLElement).parentElement?.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label}>
      {tabs.map(({ value, words, count = 0 }, index) => (
        <button
          key={value}
          type="button"
          role="tab"
          data-tab={value}
          aria-selected={value === chosen}
          aria-controls={panel}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => onChoose(value)}
          onKeyDown={(event) => move(event, index)}
        >
          {words}
          {/* The space parts the two for those who hear them. */}
          {count > 0 && (
            <>
              {' '}
              <Count of={count} />
            </>
          )}
        </button>
      ))}
    </div>
  );
}
