import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** The policy of the extension's pages: what it forbids there must not work here either. */
const policy = async (): Promise<string> => {
  const manifest = JSON.parse(await readFile(at('manifest.json'), 'utf8')) as { content_security_policy: { extension_pages: string } };
  return manifest.content_security_policy.extension_pages;
};

/** With `pseudo` Arabic is the made-up language of `pseudo.ts`. The popup as a plain page with scenes instead of a background: `http://…/popup.html?scene=S&theme=T#/route`. */
export async function openStage({ pseudo = false }: { pseudo?: boolean } = {}): Promise<{ readonly url: string; close(): Promise<void> }> {
  const outDir = await mkdtemp(join(tmpdir(), 'parley-stage-'));
  await build({
    configFile: false,
    root: at('src/popup'),
    base: '/',
    publicDir: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: 'webextension-polyfill', replacement: at('test/popup/fake-browser.ts') },
        ...(pseudo ? [{ find: /^\.\.\/words\/ar\/index\.ts$/, replacement: at('test/popup/pseudo.ts') }] : []),
      ],
    },
    build: {
      outDir,
      emptyOutDir: true,
      modulePreload: false,
      assetsInlineLimit: 0,
      rolldownOptions: { input: at('src/popup/popup.html') },
    },
  });
  const csp = await policy();
  const server: Server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://stage').pathname);
    readFile(join(outDir, path)).then(
      (bytes) =>
        response
          .writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream', 'content-security-policy': csp })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/popup.html`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
