import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** The policy of the extension's pages: what it forbids there must not work here either. */
const policy = async (): Promise<string> => {
  const manifest = JSON.parse(await readFile(at('manifest.json'), 'utf8')) as { content_security_policy: { extension_pages: string } };
  return manifest.content_security_policy.extension_pages;
};

interface Stage {
  readonly url: string;
  /** Answers no file whose name begins so, until it is told another name or null. */
  withhold(name: string | null): void;
  close(): Promise<void>;
}

/** With `pseudo` Arabic is the made-up language of `pseudo.ts`. The popup as a plain page with scenes instead of a background: `http://…/popup.html?scene=S&theme=T#/route`. */
export async function openStage({ pseudo = false }: { pseudo?: boolean } = {}): Promise<Stage> {
  const outDir = await mkdtemp(join(tmpdir(), 'parley-stage-'));
  await build({
    configFile: false,
    root: at('src/popup'),
    base: '/',
    publicDir: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^\.{1,2}\/(\.\.\/)*browser\.ts$/, replacement: at('test/popup/fake-browser.ts') },
        ...(pseudo ? [{ find: /^\.\.\/words\/ar\/(first|rest)\.ts$/, replacement: at('test/popup/pseudo.ts') }] : []),
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
  let withheld: string | null = null;
  const server: Server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://stage').pathname);
    if (withheld !== null && basename(path).startsWith(withheld)) return void response.writeHead(404).end();
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
    withhold(name) {
      withheld = name;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
