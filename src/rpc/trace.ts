import type { LanguageSetting } from '../words/languages.ts';
import type { WireError } from './wire.ts';

/** The port by which the panel in a browser's developer tools hears of one tab; `watch` is the first message on it, and may come again. */
export const tracePort = 'trace';

export interface Watch {
  readonly tab: number;
  /** Whether what people write is told too. */
  readonly content: boolean;
}

export interface TracedSubscription {
  readonly subscription: string;
  readonly kind: string;
  readonly conversation: string | null;
}

/** What has happened between a page of the tab and Parley. Times are milliseconds since 1970. */
export type Trace =
  /** In which language the panel speaks: comes first. */
  | { readonly what: 'language'; readonly language: LanguageSetting }
  /** A document that talks to Parley, as it stands: at the beginning, and when anything of it has changed. */
  | {
      readonly what: 'page';
      readonly document: string;
      readonly origin: string;
      readonly accounts: unknown;
      readonly permissions: unknown;
      readonly subscriptions: readonly TracedSubscription[];
    }
  | { readonly what: 'left'; readonly document: string }
  | { readonly what: 'call'; readonly id: number; readonly at: number; readonly method: string; readonly params: unknown }
  | { readonly what: 'answer'; readonly id: number; readonly tookMs: number; readonly result?: unknown; readonly error?: WireError }
  | { readonly what: 'prompt'; readonly id: number; readonly at: number; readonly question: unknown }
  | { readonly what: 'prompted'; readonly id: number; readonly tookMs: number; readonly outcome: string }
  | { readonly what: 'event'; readonly at: number; readonly event: string; readonly payload: unknown };

/** Members whose texts name, count or tell of the time; what stands under any other is what people say to each other, or may be. */
const plain = new Set(
  `kind peers peer sender id conversation conversations messages message cursor limit order after before subscription contentType contentTypes since
  expiresIn expiresAt grantedAt permissions createdAt sentAt status account accounts code retryAfterMs data connects method reference action schema`.split(
    /\s+/,
  ),
);

/** A copy without what people write: texts and objects under members that are not known to be harmless are told by their size alone. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain.has(name) ? redact(each) : hide(each)]));
}

function hide(value: unknown): unknown {
  if (typeof value === 'string') return `[text of ${value.length} characters]`;
  if (typeof value !== 'object' || value === null) return value;
  return `[${Array.isArray(value) ? 'list' : 'object'} of ${JSON.stringify(value).length} characters]`;
}
