import type { Says } from '../../words/says.ts';
import type { Address } from './account.ts';

export interface MessageView {
  /** The XMTP message id, hex. */
  readonly id: string;
  readonly conversation: string;
  readonly sender: Address;
  readonly mine: boolean;
  /** Milliseconds since 1970, clamped where the sender's clock was ahead. */
  readonly sentAt: number;
  /** What the sender says, where that is more than ten minutes later than it can be. */
  readonly claimedAt: number | null;
  readonly contentType: string;
  readonly shown: Shown;
  /** For a reply: what it answers; null where that is not here. */
  readonly quote: Quote | null;
  readonly reactions: readonly ReactionView[];
  /** Own messages only: whether the other side says that it was read. */
  readonly read: boolean;
  /** Own messages only. Failed: the node refused it for good. */
  readonly state: 'queued' | 'sending' | 'sent' | 'failed' | null;
}

/** A message that another one answers. `says`: what it is where it is no text; `text` is that in English then. */
export interface Quote {
  readonly id: string;
  readonly sender: Address;
  readonly mine: boolean;
  readonly text: string;
  readonly says?: Says;
}

/** One sign on a message, and who put it there. */
export interface ReactionView {
  readonly sign: string;
  readonly senders: readonly Address[];
  readonly mine: boolean;
}

/** The forms that content is drawn in. */
export type Shown =
  /** `marks`: its writer meant marks such as **these**. */
  | { readonly form: 'text'; readonly text: string; readonly marks?: true }
  /** An answer to one message, which the view of the message quotes. */
  | { readonly form: 'reply'; readonly type: string; readonly fallback: string | null; readonly reference: string; readonly content: Shown }
  /** Hangs on another message and is none by itself. */
  | {
      readonly form: 'reaction';
      readonly type: string;
      readonly fallback: string | null;
      readonly reference: string;
      readonly sign: string;
      readonly added: boolean;
    }
  /** A file, near or far; `openFile` has what is in it. */
  | {
      readonly form: 'file';
      readonly type: string;
      readonly fallback: string | null;
      /** Fit to be saved under. */
      readonly filename: string;
      /** As the sender says. */
      readonly mimeType: string | null;
      /** Bytes; as the sender says, where it lies elsewhere. */
      readonly size: number | null;
      /** Whether it is a picture that may be drawn, by its bytes. */
      readonly image: boolean;
      /** Where it lies, if not in the message. */
      readonly host: string | null;
    }
  /** Everything up to its time was read. */
  | { readonly form: 'receipt'; readonly type: string; readonly fallback: string | null }
  | {
      readonly form: 'unknown';
      readonly type: string;
      readonly fallback: string | null;
      /** Announcements of our own in groups. */
      readonly says?: Says;
    };

/** A file that was chosen and not sent yet. */
export interface KeptFile {
  readonly filename: string;
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

/** What is shown of a file that was chosen before it is read. */
export interface KeptFileHead {
  /** The name of the request that sends it. */
  readonly id: string;
  readonly filename: string;
  readonly mimeType: string;
  /** Bytes. */
  readonly size: number;
  /** Set once it was sent off: it stands in the bubble of its message from then on, over the death of its page too. */
  readonly leaving: LeavingMark | null;
}

/** Of a file that was sent off and is no message yet, or of words that follow files. */
export interface LeavingMark {
  /** The message that it answers. */
  readonly replyTo: string | null;
  /** Why it could not go, as the page was told; null while it is on its way. */
  readonly failure: string | null;
  /** Of words that go once these files have gone; null for a file. */
  readonly after: readonly string[] | null;
}

/** What a file in a message is, opened. */
export interface OpenedFile {
  readonly filename: string;
  readonly mimeType: string | null;
  /** By its bytes; null for what is not to be drawn as a picture. */
  readonly imageType: string | null;
  /** Base64. */
  readonly data: string;
}

/** Bytes of a file that travels in the message itself. */
export const longestInline = 700_000;
