import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useTabWalk } from '../tab-walk.ts';
import { createHeights } from './heights.ts';

/** A part of a long list: `offset` is the place of the first of `items`. */
export interface Part<T> {
  readonly offset: number;
  readonly items: readonly T[];
  readonly total: number;
}

/** What an item says of its place, since the others are not all there. */
export interface PlaceInList {
  readonly 'aria-posinset': number;
  readonly 'aria-setsize': number;
}

interface Props<T> {
  readonly label: string;
  readonly part: Part<T>;
  /** What scrolls: an element around the list. */
  readonly scroller: RefObject<HTMLElement | null>;
  /** The height of an item that was never drawn, pixels. */
  readonly estimate: number;
  /** The part from `start` up to and without `end` is to be seen, or nearly. */
  readonly onNeed: (start: number, end: number) => void;
  /** Draws an item as one `li`; what it is given says where in the whole list it stands. */
  readonly draw: (item: T, place: PlaceInList) => JSX.Element;
}

/** Items that are asked for above and below those that are to be seen, and by how many the part moves at a time. */
const around = 20;
const step = 10;
/** The same for those that are drawn: few come in at a time, so that scrolling never waits for them. */
const drawnAround = 12;
const drawnStep = 4;

/**
 * A list of any length, of which what is to be seen is in the page, with some more on both sides; the room of the others is kept. First of all only what is to be seen
 * is drawn: the rest comes once that is painted.
 */
export function VirtualList<T>({ label, part, scroller, estimate, onNeed, draw }: Props<T>): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  /** By place. Heights of what was drawn once: what is above must take the room that it took. */
  const [heights] = useState(() => createHeights(estimate));
  const [, redraw] = useState(0);
  const margin = useRef(0);
  const [near, setNear] = useState({ start: 0, end: Math.ceil(innerHeight / estimate) });
  const { offset, items, total } = part;
  const from = Math.min(Math.max(offset, near.start), offset + items.length);
  const to = Math.max(from, Math.min(offset + items.length, near.end));
  const tabWalk = useTabWalk(list, { before: from > 0, after: to < total });
  const need = (): void => {
    const [outer, inner] = [scroller.current, list.current];
    if (!outer || !inner) return;
    const top = outer.getBoundingClientRect().top - inner.getBoundingClientRect().top;
    const [first, last] = [heights.placeAt(top, total), heights.placeAt(top + outer.clientHeight, total)];
    const start = Math.max(0, Math.floor((first - margin.current) / drawnStep) * drawnStep);
    const end = Math.min(total, Math.ceil((last + 1 + margin.current) / drawnStep) * drawnStep);
    if (start !== near.start || end !== near.end) setNear({ start, end });
    onNeed(Math.max(0, Math.floor((first - around) / step) * step), Math.min(total, Math.ceil((last + around) / step) * step));
  };
  const latest = useRef(need);
  latest.current = need;
  // Before it is painted: what was measured now keeps what is below in its place.
  useLayoutEffect(() => {
    let changed = false;
    [...(list.current?.children ?? [])].forEach((child, index) => {
      const height = child.getBoundingClientRect().height;
      if (Math.abs(heights.of(from + index) - height) > 0.5) changed = true;
      heights.set(from + index, height);
    });
    heights.cut(total);
    if (changed) redraw((count) => count + 1);
    latest.current();
    tabWalk.goOn();
  }, [part, from, to]);
  useEffect(() => {
    margin.current = drawnAround;
    latest.current();
  }, []);
  useLayoutEffect(() => {
    const outer = scroller.current;
    if (!outer) return undefined;
    const look = (): void => latest.current();
    outer.addEventListener('scroll', look, { passive: true });
    const watcher = new ResizeObserver(look);
    watcher.observe(outer);
    return () => {
      outer.removeEventListener('scroll', look);
      watcher.disconnect();
    };
  }, [scroller]);
  return (
    <ul
      aria-label={label}
      ref={list}
      onKeyDown={tabWalk.onKeyDown}
      style={{ paddingBlockStart: `${heights.between(0, from)}px`, paddingBlockEnd: `${heights.between(to, total)}px` }}
    >
      {items
        .slice(from - offset, to - offset)
        .map((item, index) => draw(item, { 'aria-posinset': from + index + 1, 'aria-setsize': total }))}
    </ul>
  );
}
