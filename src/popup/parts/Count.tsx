import type { JSX } from 'preact';
import { numbered } from '../t.tsx';

/** A number in a pill, as far as people count; `words` are for those who hear it. */
export function Count({ of, words, title }: { readonly of: number; readonly words?: string; readonly title?: string }): JSX.Element {
  return (
    <span class="count" title={title}>
      {of > 999 ? `${numbered(999)}+` : numbered(of)}
      {words !== undefined && <span class="hidden"> {words}</span>}
    </span>
  );
}
