/** Under which name `meta` has, in either database, how far topics were swept. */
export const sweptName = (prefix: string): string => `swept ${prefix}`;
