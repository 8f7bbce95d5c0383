import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcess } from '../cli/node-process.ts';
import { freePort, root } from '../cli/processes.ts';
import type { Browser, LaunchOptions } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { Person } from '../support/browsers/person.ts';

const launchers = { chromium: launchChromium, firefox: launchFirefox };
export type BrowserName = keyof typeof launchers;
export const browserNames = Object.keys(launchers) as BrowserName[];

/** A real node and real browsers, and the way to be rid of them. */
export class World {
  readonly node: NodeProcess;
  /** The folder of the node. */
  readonly data: string;
  readonly #browsers: Browser[] = [];

  private constructor(node: NodeProcess, data: string) {
    this.node = node;
    this.data = data;
  }

  static async start(name: string): Promise<World> {
    const data = mkdtempSync(join(tmpdir(), 'parley-node-'));
    const node = await new NodeProcess({ port: await freePort(), data, log: join(root, `test-results/node-${name}.log`) }).start();
    return new World(node, data);
  }

  async browser(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
    const browser = await launchers[name](options);
    this.#browsers.push(browser);
    return browser;
  }

  /** Someone with a wallet and an empty inbox. */
  async person(name: string, browser: BrowserName): Promise<Person> {
    const person = new Person(name, await this.browser(browser));
    await person.createWallet(this.node.url);
    return person;
  }

  /** Alice in Chromium and Bob in Firefox. */
  async aliceAndBob(): Promise<[alice: Person, bob: Person]> {
    return Promise.all([this.person('Alice', 'chromium'), this.person('Bob', 'firefox')]);
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#browsers.map((browser) => browser.close()));
    await this.node.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Keeps a picture for whoever looks into a failure. */
export function keepPicture(name: string, png: Buffer): void {
  const folder = join(root, 'test-results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.png`), png);
}
