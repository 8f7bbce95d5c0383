import type { SigningQuestion } from '../../rpc/views/founding.ts';
import { browser } from '../browser.ts';
import { askWallet, type FoundWallet, findWallets, type PageReply } from './injected.ts';

/** A page in a tab that wallets can be reached through. */
export interface WalletPage {
  readonly tabId: number;
  readonly origin: string;
  /** Whether it is the page of the node, opened for this. */
  readonly ofNode: boolean;
}

/** Why a page, or the wallet in it, gave no answer that can be used. */
export type PageTrouble =
  | 'gone'
  | 'closed-to-us'
  | 'no-link-page'
  | 'no-wallet'
  | 'refused'
  | 'busy'
  | 'wrong-account'
  | 'no-account'
  | 'failed'
  | 'forged';

export class PageError extends Error {
  readonly why: PageTrouble;
  /** The wallet's own words, or the accounts that it has instead. */
  readonly detail: string;

  constructor(why: PageTrouble, detail = '', options?: { readonly cause?: unknown }) {
    super(`${why} ${detail}`.trim(), options);
    this.name = 'PageError';
    this.why = why;
    this.detail = detail;
  }
}

/** A wallet that does not answer for so long may have hidden its window, or hang. */
export const patienceMs = 12_000;

/** The address of the page that a node serves for wallets. */
export const linkPageOf = (nodeUrl: string): string => `${nodeUrl}/link/`;

/** Opens the node's page in a tab. @throws PageError no-link-page, gone */
export async function openNodePage(nodeUrl: string): Promise<WalletPage> {
  const url = linkPageOf(nodeUrl);
  if (!(await servesPage(url))) throw new PageError('no-link-page');
  const { id } = await browser.tabs.create({ url, active: false });
  if (id === undefined) throw new PageError('gone');
  for (let tries = 0; tries < 150; tries++) {
    const tab = await browser.tabs.get(id).catch((cause: unknown) => Promise.reject(new PageError('gone', '', { cause })));
    if (tab.status === 'complete' && tab.url?.startsWith(url)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { tabId: id, origin: new URL(url).origin, ofNode: true };
}

/** The page that is in a tab now. @throws PageError gone, closed-to-us */
export async function pageIn(tabId: number): Promise<WalletPage> {
  return { tabId, origin: await originIn(tabId), ofNode: false };
}

export async function closePage({ tabId, ofNode }: WalletPage): Promise<void> {
  if (ofNode) await browser.tabs.remove(tabId).catch(() => undefined); // closed already: just as well
}

/** @throws PageError gone, closed-to-us */
export async function walletsIn(page: WalletPage): Promise<FoundWallet[]> {
  await here(page);
  const found = await inject<FoundWallet[]>(page.tabId, findWallets, []);
  return Array.isArray(found) ? found.filter(isWallet) : [];
}

/** The accounts that a wallet lends to the page; the wallet asks its owner first. @throws PageError */
export async function accountsOf(page: WalletPage, wallet: FoundWallet): Promise<string[]> {
  const accounts = await ask(page, wallet, { nonce: crypto.randomUUID(), method: 'eth_requestAccounts', params: [], says: 'connect' });
  return addresses(accounts);
}

/** Has the wallet sign. Answers what came, and from where the browser says it came. @throws PageError */
export async function signatureOf(
  page: WalletPage,
  wallet: FoundWallet,
  { nonce, text, address }: SigningQuestion,
): Promise<{ readonly origin: string; readonly signature: string }> {
  const silent = await ask(page, wallet, { nonce: `${nonce} accounts`, method: 'eth_accounts', params: [], says: '' });
  const accounts = addresses(silent);
  if (!accounts.some((each) => each.toLowerCase() === address.toLowerCase())) throw new PageError('wrong-account', accounts[0] ?? '');
  const hex = [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const signature = await ask(page, wallet, { nonce, method: 'personal_sign', params: [`0x${hex}`, address], says: text });
  if (typeof signature !== 'string' || signature.length > 16_384) throw new PageError('forged');
  return { origin: await originIn(page.tabId), signature };
}

interface Call {
  readonly nonce: string;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly says: string;
}

async function ask(page: WalletPage, wallet: FoundWallet, { nonce, method, params, says }: Call): Promise<unknown> {
  await here(page);
  const own = await browser.tabs.getCurrent();
  const show = async (tabId: number | undefined): Promise<void> => {
    if (says !== '' && tabId !== undefined) await browser.tabs.update(tabId, { active: true }).catch(() => undefined);
  };
  // Some wallets show themselves only beside the tab that asks. Where one shows nothing, we come back with words of what to do.
  await show(page.tabId);
  const impatient = setTimeout(() => void show(own?.id), patienceMs);
  let reply: PageReply | undefined;
  try {
    reply = await inject<PageReply>(page.tabId, askWallet, [nonce, wallet.id, method, params, says]);
  } finally {
    clearTimeout(impatient);
    await show(own?.id);
  }
  await here(page);
  if (typeof reply !== 'object' || reply === null || reply.nonce !== nonce) throw new PageError('forged');
  const { error } = reply;
  if (error === undefined) return reply.result;
  const { code, message } = typeof error === 'object' && error !== null ? error : { code: 0, message: '' };
  const why = code === 4001 ? 'refused' : code === -32002 ? 'busy' : code === -1 ? 'no-wallet' : code === 4100 ? 'no-account' : 'failed';
  throw new PageError(why, String(message).slice(0, 200));
}

/** The page must still be the one that was chosen. @throws PageError gone */
async function here({ tabId, origin }: WalletPage): Promise<void> {
  if ((await originIn(tabId)) !== origin) throw new PageError('gone');
}

async function originIn(tabId: number): Promise<string> {
  const tab = await browser.tabs.get(tabId).catch((cause: unknown) => Promise.reject(new PageError('gone', '', { cause })));
  try {
    const { protocol, origin } = new URL(tab.url ?? '');
    if (protocol === 'https:' || protocol === 'http:') return origin;
  } catch {
    // A page whose address we may not know.
  }
  throw new PageError('closed-to-us');
}

async function inject<T>(tabId: number, func: (...args: never[]) => unknown, args: unknown[]): Promise<T | undefined> {
  try {
    const [frame] = await browser.scripting.executeScript({
      target: { tabId },
      world: 'MAIN',
      func: func as (...args: unknown[]) => unknown,
      args,
    });
    if (frame?.error) throw frame.error;
    return frame?.result as T | undefined;
  } catch (cause) {
    const closed = /cannot access|permission|cannot be scripted|not allowed/i.test(String(cause));
    throw new PageError(closed ? 'closed-to-us' : 'gone', '', { cause });
  }
}

async function servesPage(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { credentials: 'omit' });
    return response.ok && (response.headers.get('content-type') ?? '').startsWith('text/html');
  } catch {
    return false;
  }
}

function addresses(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [];
  const good = list.filter((each): each is string => typeof each === 'string' && /^0x[0-9a-fA-F]{40}$/.test(each)).slice(0, 50);
  if (good.length === 0) throw new PageError('no-account');
  return good;
}

const isWallet = (value: unknown): value is FoundWallet => {
  const { id, name, icon } = (value ?? {}) as Partial<FoundWallet>;
  return typeof id === 'string' && typeof name === 'string' && (icon === null || typeof icon === 'string');
};
