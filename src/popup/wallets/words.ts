import type { SignatureFault, SigningPurpose } from '../../rpc/views.ts';
import { shortAddress } from '../address.ts';
import { explain } from '../words.ts';
import { PageError, type PageTrouble } from './page-wallet.ts';

/** What a page or its wallet did, and what to do about it. */
const troubles: Record<PageTrouble, string> = {
  gone: 'The page was closed, or it went elsewhere. Choose a page again.',
  'closed-to-us':
    'The browser does not let Parley look into this page. Open it, click Parley’s button in the toolbar there, and begin again from that window.',
  'no-link-page':
    'This node has no page for wallets. Use the wallet in another page: open it, click Parley’s button there, and begin again from that window.',
  'no-wallet': 'The wallet has left the page. Look for wallets again.',
  refused: 'Your wallet says that you refused. Nothing was signed; ask it again when you like.',
  busy: 'Your wallet has this question open already. Look for its window, answer there, or close it and try again.',
  'wrong-account': 'Your wallet lends this page another account. Choose the right one in the wallet, then try again.',
  'no-account': 'Your wallet lends this page no account. Unlock it, or allow the page to see an account, then try again.',
  failed: 'Your wallet could not do it.',
  forged: 'The page answered in its wallet’s place, with something no wallet says. Nothing of it was used. Choose another page.',
};

export function explainPage(error: unknown): string {
  if (!(error instanceof PageError)) return explain(error);
  const words = troubles[error.why];
  if (error.why === 'failed' && error.detail !== '') return `${words} It says: “${error.detail}”`;
  if (error.why === 'wrong-account' && error.detail !== '') return `${words} It shows ${shortAddress(error.detail)} now.`;
  return words;
}

export function faultWords(fault: SignatureFault, address: string): string {
  switch (fault.why) {
    case 'wrong-signer':
      return `This was signed by ${shortAddress(fault.signer)}, not by ${shortAddress(address)}; or another text was signed. Sign this very text, with this account.`;
    case 'previous':
      return 'This is the signature of the text before. Some wallets hand out an old one: ask once more, and if it stays, reconnect the wallet.';
    case 'contract':
      return 'This is a signature that a contract checks. Accounts that are contracts cannot use XMTP V2: it needs a wallet with a key of its own.';
    case 'malformed':
      return 'This is no signature. It has 130 digits after 0x, or 128 in the short form.';
    case 'wrong-origin':
      return 'The answer came from another page than was asked. Nothing of it was used. Choose the page again.';
    case 'stale':
      return 'This answers an earlier question. Ask once more.';
  }
}

export const purposes: Record<SigningPurpose, { readonly title: string; readonly why: string }> = {
  create: {
    title: 'Have your wallet vouch for you',
    why: 'Parley has made keys for your messages. With this signature your wallet says that they are yours, so that others can be sure whom they write to. It moves no money and allows nothing else.',
  },
  enable: {
    title: 'Seal the backup',
    why: 'The signature of this text becomes the key to the backup. Parley never shows it to anybody. Sign this text only for programs that you trust with your messages.',
  },
  'enable-again': {
    title: 'Once more, to be sure',
    why: 'The same text again. If both signatures are equal, this wallet can open the backup whenever you need it. Some wallets sign differently each time: better to know now.',
  },
  open: {
    title: 'Open your backup',
    why: 'The node holds a backup of the keys that you have used before. With this signature it opens, and your conversations come back. Nothing new is made.',
  },
};
