import type { LanguageSetting } from '../../words/languages.ts';
import type { Address, NodeTrouble, NotificationLevel, Theme } from './account.ts';

/** Where pages see `window.xmtp`: everywhere, on `sites` alone, or where a page asks for it. */
export interface Exposure {
  readonly mode: 'all' | 'enabled' | 'asked';
  /** Scheme and host, whatever the port. */
  readonly sites: readonly string[];
}

export interface Settings {
  readonly nodeUrl: string;
  /** The addresses that are kept, the one in use among them. */
  readonly nodes: readonly string[];
  /** Those of them that step in when the chosen one does not answer. */
  readonly standby: readonly string[];
  /** Whether what is published goes to a second one of them too. */
  readonly publishToTwo: boolean;
  /** What came of laying them beside each other; null: not yet, or locked. */
  readonly comparison: NodeComparison | null;
  readonly exposure: Exposure;
  /** The site of the tab in front, where `window.xmtp` can appear at all. */
  readonly here: string | null;
  /** When a backup file of this account was last made here (milliseconds since 1970); null: never, or locked. */
  readonly backedUpAt: number | null;
  /** Minutes of no use until the extension locks; null: only with the browser, the screen lock and after 12 hours. */
  readonly autoLockMinutes: number | null;
  readonly theme: Theme;
  readonly language: LanguageSetting;
  readonly ensRpc: string | null;
  /** Whether others learn that their messages were read. */
  readonly receipts: boolean;
  /** Whether sites may ask for the whole account except its private keys (the keystore API). */
  readonly siteKeystore: boolean;
  readonly notifications: NotificationLevel;
  /** The key that messages to this account are sealed with: when it was made (milliseconds since 1970), and how many there were in all; null while locked. */
  readonly preKey: { readonly madeAt: number; readonly count: number } | null;
  /** What of the account's wallet is here, and whether Parley can renew the backup of its keys on the network; null while locked. */
  readonly wallet: { readonly held: 'phrase' | 'key' | 'none'; readonly sealsBackups: boolean } | null;
  /** After how many days the next one is made by itself; null: never. */
  readonly rotateDays: number | null;
  readonly version: string;
}

/** What several nodes have of the same topics and people. */
export interface NodeComparison {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly nodes: readonly NodeFinding[];
}

export interface NodeFinding {
  readonly url: string;
  readonly answered: boolean;
  /** Envelopes that were laid beside each other. */
  readonly looked: number;
  /** Messages that others have and this one has not. */
  readonly missing: number;
  /** Envelopes that not all have and that nobody can read. */
  readonly foreign: number;
  /** People whose newest keys it does not have. */
  readonly olderKeys: readonly Address[];
}

export interface NodeTest {
  readonly url: string;
  readonly ok: boolean;
  /** Round trip in milliseconds. */
  readonly roundTrip: number | null;
  readonly version: string | null;
  /** Node's clock minus ours, milliseconds. */
  readonly clockSkew: number | null;
  readonly trouble: NodeTrouble | 'refused' | null;
}
