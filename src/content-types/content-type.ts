import type { Content } from '../protocol/content.ts';

/** What a content looks like to a person. */
export type Shown = { readonly form: 'text'; readonly text: string } | UnknownShown;

/** A content that we have no type for, or cannot read; its fallback is the sender's words. */
export interface UnknownShown {
  readonly form: 'unknown';
  readonly type: string;
  readonly fallback?: string;
}

/** One kind of content: reads it into what is shown. */
export interface ContentTypeReader {
  readonly authority: string;
  readonly name: string;
  /** The highest major version that it reads; the minor does not matter (SPEC 10.1). */
  readonly major: number;
  /** @throws ProtocolError for a content that claims this type and is not of it */
  readonly show: (content: Content) => Shown;
}
