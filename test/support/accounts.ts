import type { NewAccount } from '../../src/keystore/new-account.ts';
import { generateWallet, readPhrase, walletOfEntropy } from '../../src/keystore/wallet.ts';
import { createIdentity } from '../../src/keystore/wallet-identity.ts';
import { randomBytes } from '../../src/protocol/bytes.ts';
import { systemClock } from '../../src/protocol/time.ts';

/** An account on its way into a keystore: of a wallet of its own, or of the first account of a phrase. */
export function newAccount(phrase?: string) {
  const wallet = phrase === undefined ? generateWallet(randomBytes) : walletOfEntropy(readPhrase(phrase));
  const account: NewAccount = { kind: 'phrase', wallet, bundle: createIdentity(wallet, systemClock, randomBytes), phraseSaved: false };
  return { ...account, wallet, address: wallet.address };
}
