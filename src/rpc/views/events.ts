import type { Status } from './account.ts';

/** Events that the extension's own pages hear. */
export interface OwnEvents {
  status: Status;
  conversations: null;
  /** A search would find more now. */
  search: null;
  /** Somebody is called by another name now. */
  names: null;
  /** So much of a file has come or gone; `total` in bytes, null where nobody says. */
  transfer: { readonly id: string; readonly done: number; readonly total: number | null };
  /** An import from another node has gone on. */
  import: null;
  /** Other files wait in this conversation to be sent, or they are on their way now. */
  files: { readonly conversation: string };
  /** Something changed in this conversation. */
  messages: { readonly conversation: string };
  prompts: null;
  /** A site may do something else now. */
  sites: null;
}
