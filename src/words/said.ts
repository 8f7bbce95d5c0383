/** What a message says that a site wants to send, as data: whoever shows it puts it in words. */
export type Said =
  | { readonly kind: 'text'; readonly text: string }
  /** `size` in bytes. */
  | { readonly kind: 'file'; readonly name: string | null; readonly size: number }
  | { readonly kind: 'remote-file'; readonly name: string | null; readonly url: string }
  | { readonly kind: 'reply'; readonly said: Said | null }
  | { readonly kind: 'several'; readonly said: readonly Said[] }
  | { readonly kind: 'reaction'; readonly sign: string; readonly removed: boolean }
  | { readonly kind: 'read-receipt' }
  | { readonly kind: 'transaction'; readonly reference: string };
