import type { WireError } from '../rpc/wire.ts';

/**
 * What the page's script and the content script say to each other. They meet at document_start by three words on `window`, which leave them with a name that no
 * script of the page has heard. At the page's first call one end of a MessageChannel changes hands under that name; from then on nothing of ours is on `window`.
 * Whichever of the two runs first, the other's first word finds it.
 */
export type ToPage =
  | { readonly type: 'reply'; readonly id: number; readonly result?: unknown; readonly error?: WireError }
  | { readonly type: 'event'; readonly event: string; readonly payload: unknown }
  | { readonly type: 'here' };

/** A call; or, with one of the ids below and no method, a sign. */
export interface ToContent {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** The page listens for events. */
export const listening = 0;
/** "Are you still there?": answered with `here`. */
export const knock = -1;

/** Content script: "is there a page's script?" */
export const hello = 'parley:hello';
/** Page's script: "here I am", with a name for this meeting. */
export const offer = 'parley:offer ';
/** Content script: "I am there, and it is you whom I take the port from". */
export const ask = 'parley:ask ';
/** Page's script: "here it is". */
export const giving = 'parley:port ';

/** The events by which a page finds the provider. */
export const announce = 'xmtp:announceProvider';
export const request = 'xmtp:requestProvider';

/** Bytes that the parameters of a call may have. */
export const maxCallLength = 1024 * 1024;

/** What the script that runs before ours leaves for it, when the provider is to be hidden until a page asks. */
export const shyMark = 'parley:shy';
