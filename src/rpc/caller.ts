/** Who asks, as the browser says it (never as the message says it). */
export interface PageCaller {
  readonly kind: 'page';
  /** Scheme, host and port. */
  readonly origin: string;
  readonly tabId: number;
  /** The document; a navigated page is another caller. */
  readonly documentId: string;
  readonly title: string;
  /** Aborts when the document goes away. */
  readonly gone: AbortSignal;
  /** Whether the document is visible, as far as the browser tells. */
  visible(): Promise<boolean>;
  emit(event: string, payload: unknown): void;
}

export interface OwnCaller {
  readonly kind: 'own';
  emit(event: string, payload: unknown): void;
}

export type Caller = PageCaller | OwnCaller;
