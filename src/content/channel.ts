import type { WireError } from '../rpc/wire.ts';

/**
 * What the page's script and the content script say to each other. They meet by two words on `window` at document_start and hand over one end of a
 * MessageChannel; from then on nothing of ours is on `window`.
 */
export type ToPage =
  | { readonly type: 'reply'; readonly id: number; readonly result?: unknown; readonly error?: WireError }
  | { readonly type: 'event'; readonly event: string; readonly payload: unknown };

/** A call; with id 0 and no method it only says that the page listens for events. */
export interface ToContent {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** Of the page's script: "here I am", or with a port "here it is". */
export const offer = 'parley:offer';
/** Of the content script: "the port, please". */
export const ask = 'parley:ask';

/** The events by which a page finds the provider. */
export const announce = 'xmtp:announceProvider';
export const request = 'xmtp:requestProvider';

/** Bytes that the parameters of a call may have. */
export const maxCallLength = 1024 * 1024;
