import type { SignatureFault, SigningPurpose } from '../../rpc/views/founding.ts';
import type { Key } from '../../words/en/index.ts';
import { shortAddress } from '../address.ts';
import { explain } from '../explain.ts';
import { t } from '../t.tsx';
import type { FoundWallet } from './injected.ts';
import { PageError, type PageTrouble } from './page-wallet.ts';

/** What a page or its wallet did, and what to do about it. */
const troubles = {
  gone: 'wallets.gone',
  'closed-to-us': 'wallets.closedToUs',
  'no-link-page': 'wallets.noLinkPage',
  'no-wallet': 'wallets.noWallet',
  refused: 'wallets.refused',
  busy: 'wallets.busy',
  'wrong-account': 'wallets.wrongAccount',
  'no-account': 'wallets.noAccount',
  failed: 'wallets.failed',
  forged: 'wallets.forged',
} as const satisfies Record<PageTrouble, Key>;

export function explainPage(error: unknown): string {
  if (!(error instanceof PageError)) return explain(error);
  const words = t(troubles[error.why]);
  if (error.why === 'failed' && error.detail !== '') return `${words} ${t('wallets.itSays', { detail: error.detail })}`;
  if (error.why === 'wrong-account' && error.detail !== '')
    return `${words} ${t('wallets.itShows', { address: shortAddress(error.detail) })}`;
  return words;
}

export function faultWords(fault: SignatureFault, address: string): string {
  switch (fault.why) {
    case 'wrong-signer':
      return t('wallets.wrongSigner', { signer: shortAddress(fault.signer), address: shortAddress(address) });
    case 'previous':
      return t('wallets.previous');
    case 'contract':
      return t('wallets.contract');
    case 'malformed':
      return t('wallets.malformed');
    case 'wrong-origin':
      return t('wallets.wrongOrigin');
    case 'stale':
      return t('wallets.stale');
  }
}

export const purposes = {
  create: { title: 'wallets.createTitle', why: 'wallets.createWhy' },
  enable: { title: 'wallets.enableTitle', why: 'wallets.enableWhy' },
  'enable-again': { title: 'wallets.enableAgainTitle', why: 'wallets.enableAgainWhy' },
  open: { title: 'wallets.openTitle', why: 'wallets.openWhy' },
} as const satisfies Record<SigningPurpose, { readonly title: Key; readonly why: Key }>;

/** What announces itself has a name; `window.ethereum` has none. */
export const walletName = ({ name }: FoundWallet): string => name || t('pageWallet.thisPagesWallet');
