import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import type { Query } from '../support/browsers/find.ts';
import { button, field, goodPassphrase, Person } from '../support/browsers/person.ts';

/** Somebody on the way from the welcome page to a first message, whose clicks, fields and time are counted. */
export class Walk {
  readonly person: Person;
  readonly node: string;
  clicks = 0;
  fields = 0;
  #began = 0;

  constructor(name: string, browser: Browser, node: string) {
    this.person = new Person(name, browser);
    this.node = node;
  }

  get page(): Page {
    return this.person.page;
  }

  async begin(query = ''): Promise<void> {
    await this.person.open(`/welcome?node=${encodeURIComponent(this.node)}${query}`);
    this.#began = Date.now();
  }

  /** Begins, and says that there is a wallet: the one of this name. */
  async bring(way: string, query = ''): Promise<void> {
    await this.begin(query);
    await this.click(button('I already have a wallet'));
    await this.click({ role: 'button', name: way, part: true });
  }

  /** Does something that an ordinary way has no need of: it counts for nothing. */
  async aside(work: () => Promise<void>): Promise<void> {
    const [clicks, fields, since] = [this.clicks, this.fields, Date.now()];
    await work();
    this.#began += Date.now() - since;
    this.clicks = clicks;
    this.fields = fields;
  }

  async click(query: Query): Promise<void> {
    this.clicks++;
    await this.page.click(query);
  }

  async fill(query: Query, text: string): Promise<void> {
    this.fields++;
    await this.page.fill(query, text);
  }

  /** The two fields of a new passphrase, and the end. */
  async seal(): Promise<void> {
    await this.page.see(field('Repeat passphrase'), 60_000);
    await this.fill(field('Passphrase'), goodPassphrase);
    await this.fill(field('Repeat passphrase'), goodPassphrase);
    await this.click(button('Continue'));
  }

  async inbox(): Promise<void> {
    await this.person.inbox();
    this.person.address = await this.person.readAddress();
  }

  /** Writes the first message to somebody; answers what the whole way took. */
  async writeTo(peer: string, text: string): Promise<string> {
    this.clicks += 3;
    this.fields += 2;
    await this.person.startConversation(peer);
    await this.person.write(text);
    await this.person.waitUntilSent(text);
    return `${this.clicks} clicks, ${this.fields} fields, ${((Date.now() - this.#began) / 1000).toFixed(1)} s`;
  }

  /** The words of the phrase on the screen, read while the button is held. */
  async readWords(): Promise<string[]> {
    await this.page.see(button('Hold to show'));
    const hold = (type: string): Promise<void> =>
      this.page.evaluate((type: string) => {
        const found = [...document.querySelectorAll('button')].find((each) => each.textContent === 'Hold to show');
        found?.dispatchEvent(new PointerEvent(type, { bubbles: true }));
      }, type);
    const read = (): Promise<string[]> =>
      this.page.evaluate(() => [...document.querySelectorAll('.words li')].map((each) => each.textContent ?? ''));
    await hold('pointerdown');
    const words = await until(read, (list) => list.length > 0 && !list.some((word) => word.includes('•')));
    await hold('pointerup');
    await until(read, (list) => list.every((word) => word.includes('•')));
    return words;
  }

  /** Enters the three words that are asked for. */
  async confirmWords(words: readonly string[]): Promise<void> {
    await this.click(button('I have written them down'));
    const asked = await until(
      () => this.page.find({ role: 'textbox', name: 'Word ', part: true }),
      (found) => found.length === 3,
    );
    for (const { name } of asked) await this.fill(field(name), words[Number(name.slice(5)) - 1] ?? '');
    await this.click(button('Continue'));
  }
}
