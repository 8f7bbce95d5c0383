import type { Address } from './account.ts';

/** An account that is being made. */
export interface Founding {
  readonly id: string;
  /** What its owner brings: nothing, a phrase, a private key, a key bundle, or a wallet that stays outside. */
  readonly way: 'new' | 'phrase' | 'key' | 'bundle' | 'external';
  readonly address: Address | null;
  /** The node that was asked; null: not yet. */
  readonly node: string | null;
  readonly stage: FoundingStage;
}

/** What comes next for it. */
export type FoundingStage =
  | { readonly step: 'account' }
  | { readonly step: 'look' }
  /** `number` counts backups from the newest, 1; for opening one. */
  | { readonly step: 'sign'; readonly purpose: SigningPurpose; readonly text: string; readonly number: number }
  | { readonly step: 'backup' }
  | {
      readonly step: 'stuck';
      readonly why: 'backup-closed' | 'keys-elsewhere' | 'other-keys' | 'signs-differently';
      readonly tried: number;
      readonly older: number;
    }
  | { readonly step: 'ready'; readonly restored: boolean; readonly replaces: boolean; readonly backup: boolean };

/** To vouch for new keys, to seal their backup (twice), to open a backup that is there. */
export type SigningPurpose = 'create' | 'enable' | 'enable-again' | 'open';

/** One account of a recovery phrase. `known`: what the node has of it, null when it could not be asked. */
export interface PhraseAccount {
  readonly path: string;
  readonly address: Address;
  readonly known: 'conversations' | 'keys' | 'nothing' | null;
}

/** What a wallet is to sign now; `nonce` names the question and is good for one answer. */
export interface SigningQuestion {
  readonly nonce: string;
  readonly purpose: SigningPurpose;
  readonly text: string;
  readonly address: Address;
}

/** Why a wallet's answer is of no use. */
export type SignatureFault =
  | { readonly why: 'stale' | 'wrong-origin' | 'malformed' | 'contract' | 'previous' }
  | { readonly why: 'wrong-signer'; readonly signer: Address };
