import { type Browser, type Page, until } from './browser.ts';

export const goodPassphrase = 'correct horse battery staple';

/** One message as a page shows it. */
export interface ShownMessage {
  readonly text: string;
  readonly mine: boolean;
  readonly time: number;
  readonly id: string;
  readonly state: string;
}

const conversations = { role: 'list', name: 'Conversations' };
const messages = { role: 'log', name: 'Messages' };
const button = (name: string) => ({ role: 'button', name });
const field = (name: string) => ({ role: 'textbox', name });

/** Someone with the extension, who does with it what a person does: sees, clicks, types. */
export class Person {
  readonly name: string;
  readonly browser: Browser;
  readonly passphrase: string;
  address = '';
  #page: Page | undefined;

  constructor(name: string, browser: Browser, passphrase = goodPassphrase) {
    this.name = name;
    this.browser = browser;
    this.passphrase = passphrase;
  }

  /** The extension's page in a tab. */
  get page(): Page {
    if (!this.#page) throw new Error(`${this.name} has no page open`);
    return this.#page;
  }

  /** Opens the extension's page anew. */
  async open(route = '/'): Promise<Page> {
    const before = this.#page;
    this.#page = await this.browser.openExtension(route);
    await before?.close().catch(() => {}); // after a restart it is gone already
    return this.#page;
  }

  /** From the welcome page to the empty inbox. */
  async createWallet(nodeUrl: string): Promise<void> {
    const page = await this.open(`/welcome?node=${encodeURIComponent(nodeUrl)}`);
    await page.click(button('Create a new wallet'));
    await page.fill(field('Passphrase'), this.passphrase);
    await page.fill(field('Repeat passphrase'), this.passphrase);
    await this.#continueToInbox();
    this.address = await this.readAddress();
  }

  /** From the list of accounts to the empty inbox of one more. */
  async addWallet(): Promise<void> {
    await this.page.click(this.accountMenu());
    await this.page.click({ role: 'menuitem', name: 'Add an account' });
    await this.page.click({ role: 'button', name: 'New wallet', part: true });
    await this.page.fill(field('Passphrase'), this.passphrase);
    await this.#continueToInbox();
    this.address = await this.readAddress();
  }

  /** The button that says who one is: an address by four and four digits. */
  accountMenu(name = this.address === '' ? '' : briefly(this.address)) {
    return { role: 'button', name, part: true, within: { role: 'banner' } };
  }

  async #continueToInbox(): Promise<void> {
    await until(
      async () => {
        if (await this.page.sees(conversations)) return true;
        for (const name of ['Continue', 'Later']) {
          const [found] = await this.page.find(button(name));
          if (found && !found.disabled) await this.page.click(button(name), 2000).catch(() => {}); // the screen may change under the mouse
        }
        return false;
      },
      Boolean,
      60_000,
      async () => `${this.name} sees:\n${await this.page.text()}`,
    );
  }

  /** Our own address as the settings show it. */
  async readAddress(): Promise<string> {
    const page = await this.browser.openExtension('/settings');
    try {
      const text = await until(
        async () => (await page.text()).replace(/\s+/g, ' '),
        (shown) => /0x[0-9a-fA-F]{40}/.test(shown),
      );
      return /0x[0-9a-fA-F]{40}/.exec(text)?.[0] ?? '';
    } finally {
      await page.close();
    }
  }

  async lock(): Promise<void> {
    await this.page.click(button('Lock'));
    await this.page.see(field('Passphrase'));
  }

  async unlock(passphrase = this.passphrase): Promise<void> {
    await this.page.fill(field('Passphrase'), passphrase);
    await this.page.click(button('Unlock'));
  }

  /** Waits for the list of conversations. */
  async inbox(): Promise<void> {
    await this.page.see(conversations, 30_000);
  }

  /** The rows of the inbox as text. */
  async rows(): Promise<string[]> {
    return (await this.page.find({ role: 'listitem', within: conversations })).map(({ text }) => text);
  }

  /** Finds somebody by address and opens the conversation. */
  async startConversation(peer: string): Promise<void> {
    await this.page.click(button('New conversation'));
    await this.page.fill(field('Wallet address'), peer);
    await this.page.click(button('Start'));
    await this.page.see(field('Message'));
  }

  /** Opens the first conversation of the list, once there is one. */
  async openConversation(): Promise<void> {
    if (await this.page.sees(messages)) return;
    await until(
      () => this.rows(),
      (rows) => rows.length > 0,
      60_000,
      async () => `${this.name} sees:\n${await this.page.text()}`,
    );
    await this.page.click({ role: 'link', within: conversations });
    await this.page.see(messages);
  }

  /** What the log of messages shows, from top to bottom: the text as it is rendered, the rest as the page marks it. */
  messages(): Promise<ShownMessage[]> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('[role="log"][aria-label="Messages"] article')].map((article) => ({
        // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is what a person sees
        text: (article.firstElementChild as HTMLElement | null)?.innerText ?? '',
        mine: article.dataset['mine'] === 'true',
        time: Number(article.dataset['time']),
        id: article.dataset['id'] ?? '',
        state: article.dataset['state'] ?? '',
      })),
    );
  }

  async waitForMessages(count: number, ms = 60_000): Promise<void> {
    await until(
      async () => (await this.messages()).length,
      (found) => found >= count,
      ms,
      async () => `${this.name} waits for ${count} messages and sees:\n${(await this.page.text()).slice(-1500)}`,
    );
  }

  /** Types and sends, without waiting for anything. */
  async write(text: string): Promise<void> {
    await this.page.fill(field('Message'), text);
    await this.page.click(button('Send'));
  }

  /** Waits until the node has this message of our own. */
  async waitUntilSent(text: string, ms = 60_000): Promise<void> {
    await until(
      async () => (await this.messages()).filter((message) => message.mine && message.text === text).at(-1)?.state,
      (state) => state === 'sent',
      ms,
    );
  }
}

/** As the account above the inbox is called. */
export const briefly = (address: string): string => `${address.slice(0, 6)}…${address.slice(-4)}`;

export { button, conversations, field, messages };
