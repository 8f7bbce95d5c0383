import type { PrivateBundle } from '../protocol/private-keys.ts';
import type { Wallet } from './wallet.ts';
import type { BackupSeal } from './wallet-identity.ts';

/** An account on its way into the keystore. */
export interface NewAccount {
  /** What its owner brought: a recovery phrase, a private key, a key bundle, or a wallet that stays outside. */
  readonly kind: 'phrase' | 'key' | 'bundle' | 'external';
  /** Null where the wallet stays outside. */
  readonly wallet: Wallet | null;
  readonly bundle: PrivateBundle;
  /** What a wallet outside has signed for its backup on the network; null or absent: there is none that could be made anew. */
  readonly seal?: BackupSeal | null;
  /** Identities of this wallet before that one, for what was said to them. */
  readonly former?: readonly PrivateBundle[];
  /** Whether its owner has the phrase on paper, as far as we know. */
  readonly phraseSaved: boolean;
}
