/** 0x52f3a1…d09c1A: six and six. */
export const shortAddress = (address: string): string => `${address.slice(0, 8)}…${address.slice(-6)}`;

/** In groups of four, for reading aloud. */
export const addressGroups = (address: string): string[] => ['0x', ...(address.slice(2).match(/.{1,4}/g) ?? [])];

/** The first address in a text that somebody pasted. */
export const findAddress = (text: string): string | null => /0x[0-9a-fA-F]{40}(?![0-9a-fA-F])/.exec(text)?.[0] ?? null;

/** Host and port, as sentences name a node. */
export const hostOf = (url: string): string => new URL(url).host;
