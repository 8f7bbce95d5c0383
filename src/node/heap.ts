import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** How much larger than what is in use a small heap may get before all of it is looked through, in percent. */
const growthPercent = 200;
/** What a small heap is, garbage and all, and how often it is looked at. */
const smallBytes = 256 << 20;
const lookMs = 10_000;

/**
 * Lets the heap grow to three times of what is in use while it is small (decision 0026): V8 looks through all of it when it has grown by a half, which under load is more than once a second, and
 * costs a tenth of all that an envelope costs. A large heap is V8's own affair.
 */
export function letHeapGrow(): void {
  let percent = 0;
  const look = (): void => {
    const next = growthOf(getHeapStatistics().used_heap_size);
    if (next !== percent) setFlagsFromString(`${growthFlag}=${next}`);
    percent = next;
  };
  look();
  setInterval(look, lookMs).unref();
}

export const growthFlag = '--heap-growing-percent';

/** By how much a heap of so many bytes may grow, in percent; 0: as much as V8 finds right. */
export const growthOf = (usedBytes: number): number => (usedBytes < smallBytes ? growthPercent : 0);
