import type { Random } from '../protocol/bytes.ts';
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

/** The identity in the first backup that the wallet opens; null when none does. */
export async function openBackups(wallet: Wallet, backups: readonly Uint8Array[]): Promise<PrivateBundle | null> {
  for (const bytes of backups) {
    try {
      const backup = readKeyBackup(bytes);
      return await backup.open(signText(enableIdentityText(backup.walletPreKey), wallet.key), wallet.address);
    } catch {
      // An entry that does not open says nothing of the older ones.
    }
  }
  return null;
}
