import type { KeystoreDeps } from '../keystore/keystore.ts';
import type { Cell } from '../keystore/vault-store.ts';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { GlimpseKey } from '../rpc/glimpse.ts';
import type { TypedStore } from '../rpc/typed-store.ts';
import type { Exposure } from '../rpc/views/settings.ts';
import type { Records } from '../storage/records.ts';
import type { Lock } from './accounts/lock.ts';
import type { Wakers } from './awake.ts';
import type { ToolbarButton } from './badge.ts';
import type { Events } from './events.ts';
import type { Failpoint } from './failpoint.ts';
import type { Notices } from './notifications.ts';
import type { Services } from './services.ts';
import type { Approvals, PromptWindow } from './sites/approvals.ts';
import type { SitesService } from './sites/sites.ts';
import type { Traces } from './sites/traces.ts';

/** What the browser gives, and what tests give in its place. */
export interface Platform {
  readonly records: Records;
  /** Where the address of the node lies a second time. */
  readonly nodeMirror: Cell<string>;
  /** How much was written to each database, beside them. */
  readonly ageMirror: Cell<string>;
  readonly keys: Omit<KeystoreDeps, 'vault' | 'sessionKey' | 'failures' | 'clock'>;
  /** Of what the next page is to show first; that lies in the session area. */
  readonly glimpseKey: GlimpseKey;
  /** What pages have typed and could not say. */
  readonly typed: TypedStore;
  readonly wakers: Wakers;
  readonly button: ToolbarButton;
  readonly promptWindow: PromptWindow;
  /** Lets pages of these origins open their ports again. */
  readonly wakePages: (origins: readonly string[]) => void;
  /** Shows `window.xmtp` where it is wanted. */
  readonly expose: (exposure: Exposure) => Promise<void>;
  /** The address of the tab in front, if that may be known. */
  readonly tabInFront: () => Promise<string | null>;
  readonly notices: Notices;
  readonly version: string;
  /** The database of an account that was not the first; by default one of its address. */
  readonly recordsOf?: (address: Address) => Records;
  /** The name of an account's cache among the databases; by default its address. */
  readonly cacheName?: (address: Address) => string;
  /** The accounts that have databases in this browser. */
  readonly remains: () => Promise<readonly Address[]>;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
  readonly failpoint?: Failpoint;
  readonly traces?: Traces;
  /** Begins what nobody waits for, once whoever woke us has had a moment to be answered. Default: at once. */
  readonly later?: (work: () => void) => void;
}

/** The whole background, awake. */
export interface Background {
  readonly services: Services & { readonly sites: SitesService };
  readonly approvals: Approvals;
  readonly events: Events;
  readonly lock: Lock;
  /** Goes on with all that waits, and asks the node for news: at every wake. */
  resume(): Promise<void>;
  /** Ends all activity, as a death would, and waits for what was under way. */
  stop(): Promise<void>;
}
