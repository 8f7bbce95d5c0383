import type { Browser } from 'webextension-polyfill';

const { browser: own, chrome } = globalThis as unknown as { browser?: Browser; chrome?: Browser };

/** The browser's own interface, as every browser that Parley runs in has it by now: what would make older ones alike is not read before the first row is drawn. */
export const browser = (own ?? chrome) as Browser;
