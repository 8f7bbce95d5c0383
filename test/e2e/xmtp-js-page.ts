import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../cli/processes.ts';

/** What xmtp-js expects of every page: Node's Buffer, there before its own first line. */
const buffer = `
  import { Buffer } from '${join(root, 'node_modules/buffer/index.js')}';
  globalThis.Buffer = Buffer;
`;

const source = `
  import './buffer.js';
  import { Client } from '@xmtp/xmtp-js';
  import { parleyKeystore } from '${join(root, 'dist/sdk/xmtp-js.js')}';
  Object.assign(window, {
    openClient: (apiUrl) => Client.create(null, { keystoreProviders: [parleyKeystore()], apiUrl, env: 'local' }),
  });
`;

/** A program of somebody's: the unmodified xmtp-js and the built package, in one module for a page. */
export async function buildXmtpJsPage(): Promise<string> {
  const folder = mkdtempSync(join(root, 'test-results/xmtp-js-'));
  try {
    const entry = join(folder, 'page.js');
    writeFileSync(entry, source);
    writeFileSync(join(folder, 'buffer.js'), buffer);
    const built = await build({
      root,
      configFile: false,
      logLevel: 'error',
      publicDir: false,
      define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
      build: { write: false, minify: false, target: 'es2022', lib: { entry, formats: ['es'], fileName: 'page' } },
    });
    const [output] = [built].flat() as { output: { type: string; isEntry?: boolean; code?: string }[] }[];
    return output?.output.find(({ isEntry }) => isEntry)?.code ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
