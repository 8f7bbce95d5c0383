import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface SegmentsProps<T> {
  readonly legend: string;
  readonly name: string;
  /** `lang`: what language the words are in, where it is another than the page's. */
  readonly choices: readonly { readonly value: T; readonly words: string; readonly lang?: string }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** One of a few, side by side, or in columns where they find no room in one row; radio buttons underneath, so arrows choose. */
export function Segments<T>({ legend, name, choices, chosen, onChoose }: SegmentsProps<T>): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
  const said = choices.map(({ words }) => words).join('\n');
  // Before the browser paints, and whenever the room or the words are others.
  useLayoutEffect(() => {
    const element = row.current;
    if (!element) return undefined;
    arrange(element);
    const observer = new ResizeObserver(() => arrange(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, [said]);
  return (
    <fieldset class="segments">
      <legend>{legend}</legend>
      <div ref={row}>
        {choices.map(({ value, words, lang }) => (
          <label key={words} class="segment" lang={lang}>
            <input type="radio" name={name} checked={chosen === value} onChange={() => onChoose(value)} />
            <span>{words}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What a choice takes beside its words: padding and border on both sides, and the gap, pixels. */
const around = 24;

function arrange(row: HTMLElement): void {
  delete row.dataset['columns'];
  const choices = [...row.querySelectorAll<HTMLElement>('.segment')];
  if (choices.every(({ offsetTop }) => offsetTop === choices[0]?.offsetTop)) return;
  const widest = Math.max(...choices.map((each) => each.querySelector('span')?.offsetWidth ?? 0));
  row.dataset['columns'] = String(columnsFor(choices.length, Math.floor(row.clientWidth / (widest + around))));
}

/** As many columns as have room; a few choices stand in full rows only, since a gap among them looks like one that is missing. */
function columnsFor(count: number, room: number): number {
  const most = Math.min(Math.max(room, 1), 3, count - 1);
  return count <= 4 ? ([3, 2, 1].find((columns) => columns <= most && count % columns === 0) ?? 1) : most;
}
