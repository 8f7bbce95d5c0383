import type { Said } from '../../words/said.ts';
import type { Address } from './account.ts';

/** A site that is connected, or was once. */
export interface Site {
  readonly origin: string;
  /** null: it is not connected any more. */
  readonly grant: SiteGrant | null;
  /** null: it has done nothing yet, or Parley is locked. */
  readonly ledger: SiteLedger | null;
}

export interface SiteGrant {
  readonly permissions: readonly Permission[];
  /** The conversations that they name, as far as they are known. */
  readonly conversations: readonly NamedConversation[];
  readonly connectedAt: number;
  /** null: until the origin's last tab closes. */
  readonly expiresAt: number | null;
}

/** A conversation under the name that a site has for it. */
export interface NamedConversation {
  readonly name: string;
  readonly peers: readonly Address[];
  readonly title: string | null;
}

/** What a site did as one account: handed over counts each time. */
export interface SiteLedger {
  /** When it did something last (milliseconds since 1970). */
  readonly lastAt: number;
  readonly total: SiteCounts;
  /** Newest first, as 2026-11-25; days without anything are left out. */
  readonly days: readonly (SiteCounts & { readonly date: string })[];
  /** What went out last, newest first; of a group a few are named. */
  readonly sends: readonly { readonly at: number; readonly to: readonly Address[]; readonly others: number }[];
}

export interface SiteCounts {
  readonly conversations: number;
  readonly messages: number;
  /** Of the keystore API. */
  readonly calls: number;
  readonly sent: number;
}

/** As the contract of `window.xmtp` has it. */
export interface Permission {
  readonly kind: 'send' | 'read' | 'keystore';
  readonly peers: readonly Address[] | '*';
  readonly conversations?: readonly string[];
  readonly contentTypes?: readonly string[];
  readonly since?: 'now' | 'all';
  readonly grantedAt: number;
  /** null: until the origin's last tab closes. */
  readonly expiresAt: number | null;
}

/** What a site asks for; `expiresIn` in seconds. */
export interface PermissionRequest extends Omit<Permission, 'grantedAt' | 'expiresAt'> {
  readonly expiresIn?: number;
}

/** A site's question, as the approval window shows it. */
export interface Prompt {
  readonly id: string;
  readonly origin: string;
  /** The host as people read it, when it differs from the punycode in `origin`. */
  readonly decodedHost: string | null;
  readonly title: string;
  readonly account: Address;
  readonly askedAt: number;
  readonly question: /** The site may go on as before once Parley is unlocked. */
    | { readonly kind: 'unlock' }
    | { readonly kind: 'connect' }
    | {
        readonly kind: 'send';
        readonly peers: readonly Address[];
        /** The message about to be sent, when there is one that can be shown. */
        readonly said: Said | null;
        readonly contentType: string | null;
        /** True when the same yes also connects the site. */
        readonly connects: boolean;
      }
    | {
        readonly kind: 'permissions';
        readonly permissions: readonly PermissionRequest[];
        /** The conversations that they name. */
        readonly conversations: readonly NamedConversation[];
        readonly connects: boolean;
      };
  /** Others that wait behind this one. */
  readonly waiting: number;
}

export interface PromptAnswer {
  readonly allow: boolean;
  /** Seconds; null: until the site's last tab closes. Ignored for a refusal. */
  readonly expiresIn: number | null;
  /** What is left of the permissions that were asked for, each in its place; null for one that is not given. Without it all are given as asked. */
  readonly permissions?: readonly (PermissionRequest | null)[];
  /** Needed where the keystore is among what is allowed. */
  readonly passphrase?: string;
}
