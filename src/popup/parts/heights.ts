/** The heights of the items of a long list, pixels, of which most were never drawn: to know where one stands takes as long in the middle of a list as at its beginning. */
export interface Heights {
  of(place: number): number;
  set(place: number, height: number): void;
  /** Of the items from one place up to and without another. */
  between(from: number, to: number): number;
  /** The first of so many items whose end lies below `y`; the number of items where there is none. */
  placeAt(y: number, total: number): number;
  /** Forgets those from a place on: the list has become shorter. */
  cut(total: number): void;
}

/** Items whose heights are added up once. */
const blockSize = 64;

/** `estimate`: the height of what was never drawn. */
export function createHeights(estimate: number): Heights {
  /** By how much an item is higher than estimated; of most by nothing. */
  const extra = new Map<number, number>();
  /** The same, added up block by block. */
  const blocks: number[] = [];
  const of = (place: number): number => estimate + (extra.get(place) ?? 0);
  const upTo = (to: number): number => {
    const block = Math.floor(to / blockSize);
    let sum = to * estimate;
    for (let each = 0; each < Math.min(block, blocks.length); each++) sum += blocks[each] ?? 0;
    for (let place = block * blockSize; place < to; place++) sum += extra.get(place) ?? 0;
    return sum;
  };
  const set = (place: number, height: number): void => {
    const block = Math.floor(place / blockSize);
    while (blocks.length <= block) blocks.push(0);
    blocks[block] = (blocks[block] as number) + height - of(place);
    if (height === estimate) extra.delete(place);
    else extra.set(place, height - estimate);
  };
  return {
    of,
    set,
    between: (from, to) => upTo(to) - upTo(from),
    placeAt(y, total) {
      let sum = 0;
      let block = 0;
      for (; (block + 1) * blockSize <= total; block++) {
        const next = sum + blockSize * estimate + (blocks[block] ?? 0);
        if (next > y) break;
        sum = next;
      }
      for (let place = block * blockSize; place < total; place++) {
        sum += of(place);
        if (sum > y) return place;
      }
      return total;
    },
    cut(total) {
      for (const place of [...extra.keys()]) if (place >= total) set(place, estimate);
    },
  };
}
