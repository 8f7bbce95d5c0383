import type { JSX } from 'preact';

interface SegmentsProps<T> {
  readonly legend: string;
  readonly name: string;
  /** `lang`: what language the words are in, where it is another than the page's. */
  readonly choices: readonly { readonly value: T; readonly words: string; readonly lang?: string }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** One of a few, side by side; radio buttons underneath, so arrows choose. */
export function Segments<T>({ legend, name, choices, chosen, onChoose }: SegmentsProps<T>): JSX.Element {
  return (
    <fieldset class="segments">
      <legend>{legend}</legend>
      <div>
        {choices.map(({ value, words, lang }) => (
          <label key={words} class="segment" lang={lang}>
            <input type="radio" name={name} checked={chosen === value} onChange={() => onChoose(value)} />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
