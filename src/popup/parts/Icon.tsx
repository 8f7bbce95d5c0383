import type { JSX, SVGAttributes } from 'preact';
import { ArrowLeft, ChevronRight, Forward, LogOut, PanelRight, Reply, SendHorizontal } from '../icons.ts';

type Drawing = readonly (readonly [tag: string, attributes: Record<string, string | number | undefined>])[];

/** Those that point along a line of text. */
const turning = new Set<unknown>([ArrowLeft, ChevronRight, Forward, LogOut, PanelRight, Reply, SendHorizontal]);

/** An icon of the set, drawn as it is given; it says nothing by itself, so whoever uses it gives the words. */
export function Icon({ of, size = 20 }: { readonly of: unknown; readonly size?: 16 | 20 }): JSX.Element {
  return (
    <svg
      class={turning.has(of) ? 'icon turns' : 'icon'}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={1.75}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {(of as Drawing).map(([Tag, attributes], index) => {
        const Shape = Tag as 'path';
        return <Shape key={index} {...(attributes as SVGAttributes<SVGPathElement>)} />;
      })}
    </svg>
  );
}
