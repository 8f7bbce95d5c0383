/** The wait before try number `tries` (from 1): 1 s growing by 1.6, at most `maxMs`, a random part of it (full jitter), but never below `floorMs`. */
export function backoffMs(
  tries: number,
  {
    maxMs = 60_000,
    floorMs = 0,
    random = Math.random,
  }: { readonly maxMs?: number; readonly floorMs?: number; readonly random?: () => number } = {},
): number {
  const ceiling = Math.min(maxMs, 1000 * 1.6 ** Math.max(0, tries - 1));
  return Math.max(floorMs, Math.round(ceiling * (0.2 + 0.8 * random())));
}
