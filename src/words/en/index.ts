import { first } from './first.ts';
import { rest } from './rest.ts';

/** Every word that a person sees in the extension's pages; the other languages have the same keys. */
export const en = { ...first, ...rest } as const;

export type Key = keyof typeof en;
