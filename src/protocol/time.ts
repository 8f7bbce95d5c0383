/** Times on the wire are nanoseconds since 1970; clocks tell milliseconds. */

/** Milliseconds since 1970. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

export const msToNs = (ms: number): bigint => BigInt(Math.trunc(ms)) * 1_000_000n;

/** Truncates. */
export const nsToMs = (ns: bigint): number => Number(ns / 1_000_000n);

/** Key creation times: below 10^18 they are milliseconds, otherwise nanoseconds (SPEC 3.4). */
export const keyTimeToMs = (time: bigint): number => (time < 10n ** 18n ? Number(time) : nsToMs(time));
