import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../../cli/processes.ts';

/** What the reference client does in a page, timed by the page's own clock. */
export interface ReferenceProgram {
  /** Opens the client from its keys, as a page does that is loaded anew; milliseconds. */
  open(apiUrl: string, keys: string): Promise<number>;
  /** All conversations, and the newest message of each: what a list of conversations needs; milliseconds. */
  inbox(): Promise<number>;
  /** The newest 50 messages of a conversation; milliseconds. */
  newest(peer: string): Promise<number>;
  /** Every message of a conversation; milliseconds. */
  all(peer: string): Promise<number>;
  /** From the call to what it answers; milliseconds. */
  send(peer: string, text: string): Promise<number>;
  /** A client for a wallet that the network has never seen, with two signatures; milliseconds. */
  create(apiUrl: string, walletKey: string): Promise<number>;
  /** Opens the client by the wallet, its keys from the network; milliseconds. */
  bring(apiUrl: string, walletKey: string): Promise<number>;
  /** A conversation with somebody new, and its first message, until the node has both; milliseconds. */
  begin(peer: string, text: string): Promise<number>;
  forget(): void;
}

const source = `
  import { Client, SortDirection } from '@xmtp/xmtp-js';
  import { fromHex } from '${join(root, 'src/protocol/bytes.ts')}';
  import { signerOf } from '${join(root, 'test/bench/inbox/reference-signer.ts')}';
  const timed = async (work) => { const began = performance.now(); await work(); return performance.now() - began; };
  let client, conversations = [];
  const byWallet = (apiUrl, walletKey) => Client.create(signerOf(fromHex(walletKey)), { apiUrl, env: 'local' });
  const of = (peer) => conversations.find(({ peerAddress }) => peerAddress === peer);
  window.reference = {
    open: (apiUrl, keys) => timed(async () => {
      client = await Client.create(null, { privateKeyOverride: Buffer.from(keys, 'base64'), apiUrl, env: 'local' });
    }),
    inbox: () => timed(async () => {
      conversations = await client.conversations.list();
      await Promise.all(conversations.map((each) => each.messages({ limit: 1, direction: SortDirection.SORT_DIRECTION_DESCENDING })));
    }),
    newest: (peer) => timed(() => of(peer).messages({ limit: 50, direction: SortDirection.SORT_DIRECTION_DESCENDING })),
    all: (peer) => timed(() => of(peer).messages()),
    send: (peer, text) => timed(() => of(peer).send(text)),
    create: (apiUrl, walletKey) => timed(() => byWallet(apiUrl, walletKey)),
    bring: (apiUrl, walletKey) => timed(() => byWallet(apiUrl, walletKey)),
    begin: (peer, text) => timed(async () => (await client.conversations.newConversation(peer)).send(text)),
    forget: () => localStorage.clear(),
  };
`;

/** The unmodified reference client in one module for a page. */
export const buildReferencePage = (): Promise<string> => buildPage(`import './buffer.js';${source}`);

/** A module for a page, in one piece. */
export async function buildPage(source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-reference-'));
  try {
    const entry = join(folder, 'page.js');
    writeFileSync(entry, source);
    writeFileSync(
      join(folder, 'buffer.js'),
      `import { Buffer } from '${join(root, 'node_modules/buffer/index.js')}'; globalThis.Buffer = Buffer;`,
    );
    const built = await build({
      root,
      configFile: false,
      logLevel: 'error',
      publicDir: false,
      resolve: { alias: { '@xmtp/xmtp-js': join(root, 'node_modules/@xmtp/xmtp-js') } },
      define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
      build: { write: false, minify: false, target: 'es2022', lib: { entry, formats: ['es'], fileName: 'page' } },
    });
    const [output] = [built].flat() as { output: { isEntry?: boolean; code?: string }[] }[];
    return output?.output.find(({ isEntry }) => isEntry)?.code ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
