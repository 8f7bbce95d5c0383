import type { Address } from '../protocol/address.ts';
import type { SignedGroup } from '../protocol/group.ts';
import type { OpenedInvitation } from '../protocol/invitation.ts';
import type { VerifiedBundle } from '../protocol/public-keys.ts';
import type { AccountSecrets } from './vault-body.ts';

/** The key of a conversation, sealed: others keep it and hand it back, only the keystore can use it. */
export type SealedKey = Uint8Array & { readonly __sealedKey: true };

export interface KeystoreInvitation {
  readonly topic: string;
  readonly key: SealedKey;
  /** Names topic, key and peer together, and tells nothing. */
  readonly binding: string;
  readonly peer: Address;
  readonly peerBundle: VerifiedBundle;
  readonly createdNs: bigint;
  readonly conversationId?: string;
  readonly metadata?: Record<string, string>;
  readonly sentByMe: boolean;
  /** Unverified. */
  readonly consentProof?: NonNullable<OpenedInvitation['consentProof']>;
  /** Set for a conversation of more than two; `peer` is its creator then, or somebody in it where that is me. */
  readonly group?: SignedGroup;
  /** Whether topic and key follow from the keys of the two: nobody else can have made them. */
  readonly derived: boolean;
  /** It is to, or from, an identity that we no longer use. */
  readonly former: boolean;
}

/** A group of ours after a change, with the invitations to those who need one. */
export interface KeystoreGroup {
  readonly group: SignedGroup;
  readonly sealed: readonly Uint8Array[];
  readonly key: SealedKey;
  readonly binding: string;
}

export interface MessageToSeal {
  readonly key: SealedKey;
  readonly topic: string;
  /** An encoded EncodedContent. */
  readonly payload: Uint8Array;
  /** In whole milliseconds. */
  readonly createdNs: bigint;
  readonly shouldPush: boolean;
}

export interface MessageToOpen {
  readonly key: SealedKey;
  readonly topic: string;
  readonly envelopeTopic: string;
  readonly peer: Address;
  /** Who may have written it; by default the peer and I. */
  readonly members?: readonly Address[];
  readonly message: Uint8Array;
}

/** Other keys of this account: written down first, in force afterwards. */
export interface Rekeyed {
  readonly secrets: AccountSecrets;
  take(): void;
}

/** What of an account's wallet is here: its recovery phrase, its key alone, or nothing, where it stays outside. */
export type Held = 'phrase' | 'key' | 'none';
