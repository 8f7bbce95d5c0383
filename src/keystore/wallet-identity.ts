import type { Address } from '../protocol/address.ts';
import { equalBytes, type Random } from '../protocol/bytes.ts';
import { readKeyBackup } from '../protocol/key-backup.ts';
import { draftIdentity, finishIdentity, type PrivateBundle } from '../protocol/private-keys.ts';
import type { Clock } from '../protocol/time.ts';
import { enableIdentityText, signText } from '../protocol/wallet-signature.ts';
import type { Wallet } from './wallet.ts';

/** A new identity for a wallet, signed by it. */
export function createIdentity(wallet: Wallet, clock: Clock, random: Random): PrivateBundle {
  const { draft, text } = draftIdentity(clock, random);
  return finishIdentity(draft, signText(text, wallet.key), wallet.address, clock, random);
}

/**
 * What seals the backup on the network of a wallet that stays outside: its signature over the text with this key. It opens what it seals and nothing else, so whoever
 * keeps it beside the keys themselves can put newer keys into the backup without asking the wallet again.
 */
export interface BackupSeal {
  readonly walletPreKey: Uint8Array;
  /** 65 bytes. */
  readonly signature: Uint8Array;
}

/** The signature that opens backups with this wallet pre-key; null: none. */
export type SignatureFor = (walletPreKey: Uint8Array) => Uint8Array | null;

/** A wallet in our hands signs for every backup, one outside has signed for one. */
export const signatureFor =
  (wallet: Wallet | null, seal: BackupSeal | null): SignatureFor =>
  (walletPreKey) => {
    if (wallet) return signText(enableIdentityText(walletPreKey), wallet.key);
    return seal && equalBytes(seal.walletPreKey, walletPreKey) ? seal.signature : null;
  };

/** The identity in the first backup that opens; null when none does. */
export async function openBackups(signed: SignatureFor, address: Address, backups: readonly Uint8Array[]): Promise<PrivateBundle | null> {
  for (const bytes of backups) {
    try {
      const backup = readKeyBackup(bytes);
      const signature = signed(backup.walletPreKey);
      if (signature) return await backup.open(signature, address);
    } catch {
      // An entry that does not open says nothing of the older ones.
    }
  }
  return null;
}
