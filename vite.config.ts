import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildEnvironmentOptions, defineConfig, type Plugin, type UserConfig } from 'vite';
import { licencesOf, packageOf } from './test/cli/licences.ts';

const root = dirname(fileURLToPath(import.meta.url));
const at = (path: string): string => resolve(root, path);

export const browsers = ['chromium', 'firefox'] as const;
export type Browser = (typeof browsers)[number];

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Keeps the keys meant for `browser`: a key written `chromium:x` or `firefox:x` replaces a plain `x`. */
export function manifestFor(browser: Browser, value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => manifestFor(browser, item));
  if (value === null || typeof value !== 'object') return value;
  const kept: { [key: string]: Json } = {};
  const own: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) {
    const [, prefix, name] = /^(chromium|firefox):(.+)$/.exec(key) ?? [];
    if (prefix === undefined || name === undefined) kept[key] = manifestFor(browser, item);
    else if (prefix === browser) own[name] = manifestFor(browser, item);
  }
  return { ...kept, ...own };
}

/** The curve as its package brings it: fetched by the background once there is enough to do, so that no script carries it. */
const curve = 'node_modules/@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm';

/** Adds what is not code of ours: the manifest of this browser, the icons and the curve's module. */
function packageFiles(browser: Browser): Plugin {
  return {
    name: 'package-files',
    applyToEnvironment: (environment) => environment.name === 'client',
    generateBundle() {
      const manifest = manifestFor(browser, JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as Json);
      this.emitFile({ type: 'asset', fileName: 'manifest.json', source: `${JSON.stringify(manifest, null, 2)}\n` });
      this.emitFile({ type: 'asset', fileName: basename(curve), source: readFileSync(at(curve)) });
      for (const name of ['devtools.html', 'panel.html', 'panel.css'])
        this.emitFile({ type: 'asset', fileName: name, source: readFileSync(at(`src/devtools/${name}`)) });
      for (const name of readdirSync(at('public/icons'))) {
        this.emitFile({ type: 'asset', fileName: `icons/${name}`, source: readFileSync(at(`public/icons/${name}`)) });
      }
      // What the browser itself says of the extension, in its own language.
      for (const language of readdirSync(at('public/_locales'))) {
        const fileName = `_locales/${language}/messages.json`;
        this.emitFile({ type: 'asset', fileName, source: readFileSync(at(`public/${fileName}`)) });
      }
    },
  };
}

/** Packages of which something is in the scripts of a browser's extension; each script is built by itself, and some of them from a fresh copy of this file. */
const shared = globalThis as { parleyBundled?: Map<Browser, Set<string>> };
shared.parleyBundled ??= new Map();
const bundled = shared.parleyBundled;

/** Notes what is bundled, as it is: what was shaken off a tree is not there. */
function notePackages(browser: Browser): Plugin {
  return {
    name: 'note-packages',
    generateBundle(_, files) {
      const folders = bundled.get(browser) ?? new Set<string>();
      bundled.set(browser, folders);
      for (const file of Object.values(files)) {
        if (file.type !== 'chunk') continue;
        for (const [id, { renderedLength }] of Object.entries(file.modules)) {
          const folder = renderedLength > 0 ? packageOf(id) : null;
          if (folder) folders.add(folder);
        }
      }
    },
  };
}

const version = (): string => (JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as { version: string }).version;

/** The mark as pages see it when they choose a provider. */
const iconUri = (): string => `data:image/svg+xml,${encodeURIComponent(readFileSync(at('public/icons/mark.svg'), 'utf8').trim())}`;

/** One self-contained classic script: no imports and no chunks, fit for a service worker and for content scripts. */
function script(input: string): { consumer: 'client'; build: BuildEnvironmentOptions } {
  const name = basename(input, '.ts').replace('bridge', 'content').replace('main', 'background');
  return {
    consumer: 'client',
    build: {
      rolldownOptions: { input: { [name]: at(input) }, output: { format: 'iife', entryFileNames: '[name].js', codeSplitting: false } },
    },
  };
}

interface Modules {
  getModuleInfo(id: string): { readonly importers: readonly string[] } | null;
}

/** Whether the page's script reads a module before it draws anything. */
function isFirst(id: string, modules: Modules, seen = new Set<string>()): boolean {
  if (id === at('src/popup/main.tsx')) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  return modules.getModuleInfo(id)?.importers.some((importer) => isFirst(importer, modules, seen)) ?? false;
}

/** The extension: the page, the background, the content scripts and the developer tools, each an environment of its own. */
function extension(browser: Browser): UserConfig {
  const outDir = at(`dist/${browser}`);
  return {
    // The page's folder is the root, so that popup.html lands at the top of the package.
    root: at('src/popup'),
    publicDir: false,
    base: '/',
    plugins: [packageFiles(browser), notePackages(browser)],
    // Whoever builds, and from wherever: the development kind of JSX carries the path of each file, and the commands run in a process that calls itself so.
    oxc: { jsx: { development: false } },
    define: { 'process.env.NODE_ENV': '"production"', __VERSION__: JSON.stringify(version()), __ICON__: JSON.stringify(iconUri()) },
    build: {
      outDir,
      emptyOutDir: false,
      target: browser === 'firefox' ? 'firefox142' : 'chrome124',
      minify: true,
      modulePreload: false,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 700, // kB; a background is one script, since a service worker imports nothing later
    },
    environments: {
      client: {
        build: {
          rolldownOptions: {
            input: { popup: at('src/popup/popup.html') },
            output: {
              entryFileNames: 'assets/[name].js',
              chunkFileNames: ({ facadeModuleId }) => {
                const [, language, part] = /\/words\/(\w+)\/(\w+)\.ts$/.exec(facadeModuleId ?? '') ?? [];
                return language ? `assets/words-${language}-${part}.js` : 'assets/[name].js';
              },
              assetFileNames: 'assets/[name][extname]',
              codeSplitting: { groups: [{ debugName: 'first', name: (id, context) => (isFirst(id, context) ? 'first' : null) }] },
            },
          },
        },
      },
      background: script('src/background/main.ts'),
      content: script('src/content/bridge.ts'),
      inpage: script('src/content/inpage.ts'),
      shy: script('src/content/shy.ts'),
      devtools: script('src/devtools/devtools.ts'),
      panel: script('src/devtools/panel.ts'),
    },
    builder: {
      async buildApp(builder) {
        rmSync(outDir, { recursive: true, force: true }); // once: emptyOutDir would empty it for every environment
        bundled.delete(browser);
        for (const environment of Object.values(builder.environments)) await builder.build(environment);
        const folders = [...(bundled.get(browser) ?? []), packageOf(at(curve)) ?? ''];
        writeFileSync(resolve(outDir, 'licences.json'), `${JSON.stringify(licencesOf(folders, root), null, 1)}\n`);
      },
    },
  };
}

/** The node as one file that `node` runs as it is, and beside it the thread that writes; only what has native parts stays outside. */
function node(input: { readonly [name: string]: string }): UserConfig {
  return {
    root,
    publicDir: false,
    ssr: { noExternal: true, external: ['libsql'] },
    build: {
      ssr: true,
      outDir: at('dist/node'),
      emptyOutDir: 'main' in input,
      target: 'node20',
      minify: false,
      rolldownOptions: { input, output: { entryFileNames: '[name].js', codeSplitting: false } },
    },
  };
}

/** What can be imported from the package for developers of pages: `index` as the package itself. */
export const sdkEntries = ['index', 'xmtp-js', 'button', 'conformance'];

/** The package for developers of pages: entries that are whole in themselves; what their users have already stays outside. */
function sdk(): UserConfig {
  return {
    root,
    publicDir: false,
    build: {
      outDir: at('dist/sdk'),
      emptyOutDir: true,
      target: 'es2022',
      minify: false,
      lib: { entry: Object.fromEntries(sdkEntries.map((name) => [name, at(`src/sdk/${name}.ts`)])), formats: ['es'] },
      rolldownOptions: { external: ['long'], output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' } },
    },
  };
}

export default defineConfig(({ mode, command }) => {
  if (mode === 'node') return node({ main: at('src/node/main.ts') });
  if (mode === 'node-writer') return node({ writer: at('src/node/store/writer-thread.ts') });
  if (mode === 'node-checkpoints') return node({ checkpoints: at('src/node/relay/checkpoint-thread.ts') });
  if (mode === 'sdk') return sdk();
  const browser = browsers.find((name) => name === mode);
  if (command === 'build' && !browser) throw new Error('build with --mode chromium, firefox, node or sdk');
  return extension(browser ?? 'chromium');
});
