import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { sealConsent } from '../../../src/protocol/consent.ts';
import { decodePrivateBundle } from '../../../src/protocol/private-keys.ts';
import type { Status } from '../../../src/rpc/views/account.ts';
import type { ConversationWindow } from '../../../src/rpc/views/conversations.ts';
import { root } from '../../cli/processes.ts';
import { Site } from '../../e2e/site.ts';
import { Walk } from '../../e2e/walk.ts';
import { signerOf, xmtp } from '../../interop/peer.ts';
import { type Browser, type Page, until } from '../../support/browsers/browser.ts';
import { launchChromium } from '../../support/browsers/chromium.ts';
import { button, field, goodPassphrase, type Person } from '../../support/browsers/person.ts';
import { connectTo, contactOf } from '../../support/crowd.ts';
import { person } from '../../support/people.ts';
import { type Asked, Link } from './link.ts';
import { inFront, toRestoredRows } from './places.ts';
import type { ReferenceProgram } from './reference-page.ts';
import { fullPeer, seed } from './seed.ts';

/** What is put up once: an account, its people and all that they wrote, in the store of a node. */
export interface Scene {
  readonly size: number;
  readonly messages: number;
  /** The newest words of the one who has said much. */
  readonly full: string;
  /** The owner's keys, as the reference client takes them. */
  readonly keys: string;
  readonly folder: string;
}

const off = {
  walletPublishRate: 0,
  walletInvitations: 0,
  pairInvitations: 0,
  networkPublishRate: 0,
  networkReadRate: 0,
  networkStreams: 0,
};

export const ownerOf = (size: number) => person(`the owner of ${size}`);

/** Seeds a node, or takes what an earlier run has kept in this folder. */
export async function sceneIn(kept: string, size: number, messages: number): Promise<Scene> {
  const folder = join(kept, `${size}-${messages}`);
  const about = join(folder, 'scene.json');
  if (existsSync(about)) return { ...(JSON.parse(readFileSync(about, 'utf8')) as Omit<Scene, 'folder'>), folder };
  rmSync(folder, { recursive: true, force: true });
  const data = join(folder, 'node');
  mkdirSync(data, { recursive: true });
  const began = performance.now();
  const me = ownerOf(size);
  const node = await startNode({ data, limits: off });
  const keys = await xmtp.Client.getKeys(signerOf(me), { apiUrl: node.url, env: 'local' });
  const contact = await contactOf(connectTo(node.url), me.address);
  await node.close();
  const { identity } = decodePrivateBundle(keys);
  // They are known to the owner: what they write stands in the inbox.
  const names = [...Array.from({ length: size - 1 }, (_, index) => person(`peer ${index}`).address), fullPeer.address];
  const known = await Promise.all(
    Array.from({ length: Math.ceil(names.length / 1000) }, (_, index) =>
      sealConsent(identity, { verdict: 'allowed', kind: 'address', names: names.slice(index * 1000, (index + 1) * 1000) }),
    ),
  );
  const full = await seed(data, contact, size, messages, known);
  const scene = { size, messages, full, keys: Buffer.from(keys).toString('base64') };
  writeFileSync(about, JSON.stringify(scene));
  console.log(`seeded in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return { ...scene, folder };
}

/** The reference client in its page. */
export interface Reference {
  /** The page loaded anew, its keys opened, its list there; milliseconds, without the loading. */
  opened(): Promise<number>;
  asked<K extends keyof ReferenceProgram>(name: K, ...params: Parameters<ReferenceProgram[K]>): Promise<number>;
  /** The same in the page loaded anew. */
  called<K extends keyof ReferenceProgram>(name: K, ...params: Parameters<ReferenceProgram[K]>): Promise<number>;
}

/** A node with the scene, the way to it, and a browser. */
export interface Stage extends Scene {
  readonly node: RunningNode;
  readonly link: Link;
  readonly browser: Awaited<ReturnType<typeof launchChromium>>;
  readonly reference: Reference;
}

/** Which profile: a copy of one, whose node was at this port, or one that stays in this folder; without both a new one. */
interface Profile {
  readonly copyOf?: string;
  readonly port?: number;
  readonly stayingIn?: string;
}

/** Puts a scene up, with a copy of the node's data. */
export async function raise(
  scene: Scene,
  script: string,
  { copyOf, port, stayingIn }: Profile,
  atEnd: (stop: () => unknown) => void,
): Promise<Stage> {
  const copy = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  atEnd(() => rmSync(copy, { recursive: true, force: true, maxRetries: 5 }));
  const data = join(copy, 'node');
  cpSync(join(scene.folder, 'node'), data, { recursive: true });
  const node = await startNode({ data, limits: off });
  atEnd(() => node.close());
  const link = await Link.to(node.url, port);
  atEnd(() => link.close());
  const site = await Site.start({ '/page.js': script });
  atEnd(() => site.close());
  const profile = stayingIn ?? join(copy, 'profile');
  mkdirSync(profile, { recursive: true });
  if (copyOf) cpSync(copyOf, profile, { recursive: true });
  const browser = await launchChromium({ profile, extension: extensionIn(scene.folder) });
  atEnd(() => browser.close());
  return { ...scene, node, link, browser, reference: await referenceIn(browser, site.url(), link.url, scene.keys) };
}

/**
 * The built extension in a place that stays with a scene, for its id comes from there, and with a version made of its background: Chromium keeps that script with the
 * profile and reads no other one of the same version, so that the one of when the profile was made would be timed.
 */
function extensionIn(folder: string): string {
  const place = join(folder, 'extension');
  rmSync(place, { recursive: true, force: true });
  cpSync(join(root, 'dist/chromium'), place, { recursive: true });
  const hash = createHash('sha256')
    .update(readFileSync(join(place, 'background.js')))
    .digest();
  const path = join(place, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...manifest, version: `0.${hash.readUInt16BE(0)}.${hash.readUInt16BE(2)}` }));
  return place;
}

/** Has a page run a module. */
export const loadScript = (page: Page, src: string): Promise<void> =>
  page.evaluate(
    (src: string) =>
      new Promise<void>((resolve, reject) => {
        const script = Object.assign(document.createElement('script'), { type: 'module', src });
        script.addEventListener('load', () => resolve());
        script.addEventListener('error', () => reject(new Error('the page’s script did not load')));
        document.head.append(script);
      }),
    src,
  );

async function referenceIn(browser: Browser, url: string, nodeUrl: string, keys: string): Promise<Reference> {
  const page = await browser.open(url);
  // A page that nobody sees is drawn once a second.
  const asked: Reference['asked'] = async (name, ...params) => {
    await inFront(page);
    return page.evaluate(
      (name: string, params: readonly unknown[]) =>
        (window as unknown as { reference: Record<string, (...params: readonly unknown[]) => Promise<number>> }).reference[name]?.(
          ...params,
        ) as Promise<number>,
      name,
      params,
    );
  };
  const load = async (): Promise<void> => {
    await page.goto(url);
    await loadScript(page, '/page.js');
  };
  return {
    asked,
    async called(...call) {
      await load();
      return asked(...call);
    },
    async opened() {
      await load();
      return (await asked('open', nodeUrl, keys)) + (await asked('inbox'));
    },
  };
}

/** What a new device took, milliseconds from the last press of the welcome page. */
export interface Restored {
  readonly mine: Person;
  /** From the wallet's key to the question for a passphrase, and what was asked meanwhile. */
  readonly wallet: number;
  readonly walletAsked: Asked;
  readonly firstRows: number;
  /** Until the node was asked first: sealing by the passphrase is over. */
  readonly sealing: number;
  readonly firstAsked: Asked;
  readonly everything: number;
  readonly allAsked: Asked;
}

const longestRestoreMs = 3_600_000;

/** Brings the owner's wallet to a browser that knows nothing yet, and waits for the rows that a window shows, and for everything. */
export async function restore({ size, browser, link, full }: Stage): Promise<Restored> {
  const walk = new Walk('Bench', browser, link.url);
  await walk.bring('Private key');
  await walk.fill(field('Private key'), toHex(ownerOf(size).walletKey));
  link.take();
  const brought = performance.now();
  await walk.click(button('Continue'));
  await walk.page.see(field('Repeat passphrase'), 60_000);
  const wallet = performance.now() - brought;
  const walletAsked = link.take();
  for (const name of ['Passphrase', 'Repeat passphrase']) await walk.fill(field(name), goodPassphrase);
  await inFront(walk.page);
  link.take();
  const began = performance.now();
  const firstRows = await toRestoredRows(walk.page, Math.min(size, 8));
  const firstAsked = link.take();
  const mine = walk.person;
  await until(
    () => ask<ConversationWindow>(mine.page, 'conversationWindow', { shelf: 'inbox', offset: Math.max(0, size - 20), limit: 20 }),
    ({ total, rows }) => total === size && rows.every(({ preview }) => preview !== null),
    longestRestoreMs,
  );
  await until(
    () => mine.rows(),
    (list) => list.some((row) => row.includes(full)),
    60_000,
  );
  const everything = performance.now() - began;
  await until(
    () => ask<Status>(mine.page, 'status', {}),
    ({ node }) => node.state === 'connected' && node.remaining === null,
    600_000,
  );
  const sealing = (firstAsked.firstAt ?? began) - began;
  return { mine, wallet, walletAsked, firstRows, sealing, firstAsked, everything, allAsked: link.take() };
}

/** A profile in which everything is, kept beside the scene for later runs, and where it looks for its node. */
export async function keptProfile(scene: Scene, script: string, atEnd: (stop: () => unknown) => void): Promise<Profile> {
  const [profile, port] = [join(scene.folder, 'profile'), join(scene.folder, 'port')];
  if (!existsSync(profile)) {
    const stops: (() => unknown)[] = [];
    const stop = async (): Promise<void> => {
      for (let last = stops.pop(); last; last = stops.pop()) await last();
    };
    atEnd(stop);
    const first = join(scene.folder, 'first');
    rmSync(first, { recursive: true, force: true });
    const fresh = await raise(scene, script, { stayingIn: first }, (each) => stops.push(each));
    await restore(fresh);
    writeFileSync(port, new URL(fresh.link.url).port);
    await stop();
    renameSync(first, profile);
  }
  return { copyOf: profile, port: Number(readFileSync(port, 'utf8')) };
}

/** Asks the background, as a page of ours does. */
export const ask = <T>(page: Page, method: string, params: object): Promise<T> =>
  page.evaluate(
    (method: string, params: object) =>
      new Promise<T>((resolve, reject) => {
        const port = chrome.runtime.connect({ name: 'own' });
        port.onMessage.addListener(({ id, result, error }: { id?: number; result?: T; error?: { message: string } }) => {
          if (id !== 1) return;
          port.disconnect();
          if (error) reject(new Error(error.message));
          else resolve(result as T);
        });
        port.postMessage({ id: 1, method, params });
      }),
    method,
    params,
  );
