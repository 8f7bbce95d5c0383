import { type Page, sleep } from '../support/browsers/browser.ts';
import { type FakeWallet, honest } from '../support/wallets.ts';

/** What a wallet does with one kind of question: answers, refuses with a code, or says nothing for ever. */
export type Manner = FakeWallet | 'refuse' | 'hang';

interface Asked {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A wallet in a web page, as wallets are (EIP-6963 and EIP-1193); its mind is here, where the keys are. */
export class PageWallet {
  accounts: string[];
  /** What it does when it is asked for accounts, or to sign. */
  connecting: 'lend' | 'refuse' = 'lend';
  signing: Manner;
  /** The texts that it was asked to sign, and for whom. */
  readonly signed: { readonly text: string; readonly address: string }[] = [];
  #ended = false;

  constructor({ address, walletKey }: { readonly address: string; readonly walletKey: Uint8Array }) {
    this.accounts = [address];
    this.signing = honest(walletKey);
  }

  /** Moves into a page, as its content script would. `announced`: by EIP-6963, else as `window.ethereum` alone. */
  async enter(page: Page, { announced = true } = {}): Promise<void> {
    await page.evaluate((announced: boolean) => {
      interface Here {
        asked: { id: number; method: string; params: unknown[] }[];
        waiting: Record<number, { resolve(value: unknown): void; reject(error: unknown): void }>;
        ethereum?: unknown;
      }
      const here = window as unknown as Here;
      here.asked = [];
      here.waiting = {};
      let last = 0;
      const provider = {
        request: ({ method, params = [] }: { method: string; params?: unknown[] }) =>
          new Promise((resolve, reject) => {
            here.waiting[++last] = { resolve, reject };
            here.asked.push({ id: last, method, params });
          }),
      };
      if (!announced) {
        here.ethereum = provider;
        return;
      }
      const icon =
        'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"%3E%3Ccircle cx="4" cy="4" r="4" fill="%23735"/%3E%3C/svg%3E';
      const info = { uuid: '350670db-19fa-4704-a166-e52e178b59d2', name: 'Test Wallet', icon, rdns: 'example.wallet' };
      const announce = (): unknown =>
        window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
      window.addEventListener('eip6963:requestProvider', announce);
      announce();
    }, announced);
    void this.#live(page);
  }

  /** Nothing is answered any more. */
  end(): void {
    this.#ended = true;
  }

  async #live(page: Page): Promise<void> {
    while (!this.#ended) {
      try {
        const asked = await page.evaluate(() => (window as unknown as { asked: Asked[] }).asked.splice(0));
        for (const each of asked) {
          const answer = this.#answer(each);
          if (answer) await page.evaluate(settle, each.id, answer);
        }
      } catch {
        return; // the page is gone
      }
      await sleep(50);
    }
  }

  #answer({ method, params }: Asked): { readonly result: unknown } | { readonly code: number; readonly message: string } | null {
    const refused = { code: 4001, message: 'User rejected the request.' };
    if (method === 'eth_requestAccounts')
      return this.connecting === 'lend' ? { result: this.accounts.map((each) => each.toLowerCase()) } : refused;
    if (method === 'eth_accounts') return { result: this.accounts.map((each) => each.toLowerCase()) };
    if (method !== 'personal_sign') return { code: 4200, message: 'Unsupported method' };
    const text = Buffer.from(String(params[0]).slice(2), 'hex').toString('utf8');
    this.signed.push({ text, address: String(params[1]) });
    if (this.signing === 'hang') return null;
    return this.signing === 'refuse' ? refused : { result: this.signing(text) };
  }
}

function settle(id: number, answer: { result?: unknown; code?: number; message?: string }): void {
  const { waiting } = window as unknown as { waiting: Record<number, { resolve(value: unknown): void; reject(error: unknown): void }> };
  if (answer.code === undefined) waiting[id]?.resolve(answer.result);
  else waiting[id]?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
}
