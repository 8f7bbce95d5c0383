import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeFunctionData, encodeAbiParameters, encodeErrorResult, encodeFunctionResult, type Hex, hexToBytes, parseAbi } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { encodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { type Page, until } from '../support/browsers/browser.ts';
import { button, field, goodPassphrase, type Person } from '../support/browsers/person.ts';
import { connectTo, contactOf, Writer } from '../support/crowd.ts';
import { person } from '../support/people.ts';
import { Walk } from './walk.ts';
import { type BrowserName, browserNames, World } from './world.ts';

/** What crosses the edge of the browser: files that are saved and chosen, a server that is asked for names, pictures of codes. */

const me = person('the owner of both browsers');
const abi = parseAbi([
  'function resolveWithGateways(bytes name, bytes data, string[] gateways) view returns (bytes, address)',
  'error ResolverNotFound(bytes name)',
]);
const nobody = '0x0000000000000000000000000000000000000000';

let world: World;
/** The same account has another node in Firefox, which holds nothing. */
let elsewhere: RunningNode;
let ethereum: Ethereum;
let writer: Writer;
const people = new Map<BrowserName, Person>();
const of = (name: BrowserName): Person => people.get(name) as Person;

beforeAll(async () => {
  world = await World.start('outside');
  elsewhere = await startNode({});
  const api = connectTo(world.node.url);
  writer = new Writer('somebody with a name', api);
  await writer.publishContact();
  ethereum = await Ethereum.start({ 'alice.eth': writer.me.address });
  const nodes: Record<BrowserName, string> = { chromium: world.node.url, firefox: elsewhere.url };
  await Promise.all(
    browserNames.map(async (name) => {
      const walk = new Walk(name, await world.browser(name), nodes[name]);
      // The same keys in both: a file imports only into the identity that it came from.
      await walk.bring('Keys of another XMTP program');
      await walk.fill(field('Keys'), Buffer.from(encodePrivateBundle(me.bundle)).toString('base64'));
      await walk.click(button('Continue'));
      await walk.seal();
      await walk.inbox();
      people.set(name, walk.person);
    }),
  );
  await (await writer.invite(await contactOf(api, me.address)))(['the first words', 'and <b>more</b> of them']);
  await of('chromium').startConversation(writer.me.address);
  await of('chromium').waitForMessages(2);
  await of('chromium').write('an answer');
}, 120_000);
afterAll(async () => {
  await world?.end();
  await elsewhere?.close();
  await ethereum?.close();
});

test('conversations that one browser saved are there in another one, whose node never had them, and once only', async () => {
  const file = await exported(() => of('chromium').open('/settings/export'));
  expect(JSON.stringify(JSON.parse(file))).toContain(writer.me.address);
  const there = of('firefox');
  await there.open('/settings/export');
  await imported(there.page, file);
  await there.page.seeText('3 messages were added.');
  await there.open('/');
  await there.page.seeText('an answer');
  await imported(await there.open('/settings/export'), file);
  await there.page.seeText('Everything in this file is here already.');
  // What Firefox saves in turn has nothing that Chromium does not know.
  const back = await exported(() => there.open('/settings/export'));
  await imported(await of('chromium').open('/settings/export'), back);
  await of('chromium').page.seeText('Everything in this file is here already.');
});

describe.each(browserNames)('in %s', (name) => {
  test('a name leads to somebody once a server is named that may be asked, and nobody is asked before', async () => {
    const page = await of(name).open('/new');
    const before = ethereum.asked.length;
    await page.fill(field('Wallet address'), 'alice.eth');
    await page.seeText('can be looked up once');
    expect(ethereum.asked.length).toBe(before);
    const settings = await of(name).open('/settings/node');
    await settings.click(button('Name a server…'));
    await settings.fill(field('Address of the RPC server'), ethereum.url);
    await settings.fill(field('Your passphrase'), goodPassphrase);
    await settings.click(button('Check and use'));
    await settings.seeText(`Asked: ${new URL(ethereum.url).host}`);
    const again = await of(name).open('/new');
    await again.fill(field('Wallet address'), 'nobody.eth');
    await again.seeText('This name stands for no address.');
    await again.fill(field('Wallet address'), 'alice.eth');
    await again.seeText('alice.eth stands for this address now.');
    expect(ethereum.asked).toContain('alice.eth');
  });

  test('the picture of a code is read into the field', async () => {
    const page = await of(name).open('/settings/accounts');
    const code = await pictureOfCode(page);
    const chooser = await of(name).open('/new');
    await choose(chooser, 'image/*', code);
    await until(
      () => chooser.evaluate(() => document.querySelector<HTMLInputElement>('input.mono, .mono input')?.value ?? ''),
      (value) => value.toLowerCase() === me.address.toLowerCase(),
    );
    await chooser.seeText('your own');
  });
});

/** Saves all conversations as a file that imports again, and answers what is in it: the browser's downloads are not looked into. */
async function exported(open: () => Promise<Page>): Promise<string> {
  const page = await open();
  await page.click(button('Export all conversations…'));
  await page.click({ role: 'radio', name: 'JSON', part: true });
  await page.evaluate(() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      void (blob as Blob).text().then((text) => Object.assign(window, { saved: text }));
      return make.call(URL, blob);
    };
  });
  await page.click(button('Save'));
  await page.seeText('in your downloads');
  return until(() => page.evaluate(() => (window as unknown as { saved?: string }).saved ?? ''), Boolean);
}

async function imported(page: Page, file: string): Promise<void> {
  await page.click(button('Import a file…'));
  await choose(page, '.json,application/json', {
    name: 'parley.json',
    type: 'application/json',
    data: Buffer.from(file).toString('base64'),
  });
}

interface Chosen {
  readonly name: string;
  readonly type: string;
  /** Base64. */
  readonly data: string;
}

/** Puts a file into the field that takes this kind, as the browser's own dialog does. */
async function choose(page: Page, accept: string, file: Chosen): Promise<void> {
  await until(() => page.evaluate((accept: string) => document.querySelector(`input[type="file"][accept="${accept}"]`) !== null, accept));
  await page.evaluate(
    (accept: string, { name, type, data }: Chosen) => {
      const input = document.querySelector<HTMLInputElement>(`input[type="file"][accept="${accept}"]`);
      if (!input) throw new Error('no such field');
      const given = new DataTransfer();
      given.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name, { type }));
      input.files = given.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    accept,
    file,
  );
}

/** The code of the account's address as a picture: drawn by the page from what it shows. */
async function pictureOfCode(page: Page): Promise<Chosen> {
  await page.seeText('Show as a QR code');
  const data = await page.evaluate(async () => {
    const summary = [...document.querySelectorAll('summary')].find((each) => each.textContent?.includes('QR code'));
    summary?.click();
    for (let tries = 0; tries < 100 && !document.querySelector('svg.qr-code'); tries++) await new Promise((later) => setTimeout(later, 20));
    const shown = document.querySelector('svg.qr-code');
    if (!shown) throw new Error('no code');
    const [, , size] = (shown.getAttribute('viewBox') ?? '').split(' ').map(Number);
    const canvas = new OffscreenCanvas((size ?? 0) * 8, (size ?? 0) * 8);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas');
    context.scale(8, 8);
    for (const [part, ink] of [
      ['.qr-paper', '#fff'],
      ['.qr-ink', '#000'],
    ] as const) {
      context.fillStyle = ink;
      context.fill(new Path2D(shown.querySelector(part)?.getAttribute('d') ?? ''));
    }
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  });
  return { name: 'code.png', type: 'image/png', data };
}

/** Stands in for a server of Ethereum that knows these names. */
class Ethereum {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(names: Readonly<Record<string, Hex>>) {
    this.#server = createServer((request, response) => {
      const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'content-type': 'application/json' };
      let body = '';
      request.on('data', (piece) => {
        body += String(piece);
      });
      request.on('end', () => {
        if (request.method !== 'POST') return void response.writeHead(204, headers).end();
        const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: [{ data: Hex }] };
        response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id, ...this.#answer(names, method, params) }));
      });
    });
  }

  static async start(names: Readonly<Record<string, Hex>>): Promise<Ethereum> {
    const server = new Ethereum(names);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(names: Readonly<Record<string, Hex>>, method: string, params: readonly [{ data: Hex }]): object {
    if (method === 'eth_chainId') return { result: '0x1' };
    const { args } = decodeFunctionData({ abi, data: params[0].data });
    const bytes = hexToBytes(args[0]);
    const labels: string[] = [];
    for (let place = 0; bytes[place]; place += 1 + (bytes[place] ?? 0))
      labels.push(Buffer.from(bytes.subarray(place + 1, place + 1 + (bytes[place] ?? 0))).toString());
    const name = labels.join('.');
    this.asked.push(name);
    const address = names[name];
    if (!address)
      return { error: { code: 3, message: 'reverted', data: encodeErrorResult({ abi, errorName: 'ResolverNotFound', args: [args[0]] }) } };
    const result = [encodeAbiParameters([{ type: 'address' }], [address]), nobody] as const;
    return { result: encodeFunctionResult({ abi, functionName: 'resolveWithGateways', result }) };
  }
}
