import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync, type Zippable, zipSync } from 'fflate';
import { build as buildWithVite, createBuilder } from 'vite';
import { browsers, sdkEntries } from '../../vite.config.ts';
import { hashOf, root } from './processes.ts';

const dist = (...path: string[]): string => join(root, 'dist', ...path);
const configFile = join(root, 'vite.config.ts');
const nodeSources = ['src/gen', 'src/protocol', 'src/node', 'src/parse.ts', 'public', 'vite.config.ts', 'package-lock.json'];
const everything = ['src', 'public', 'manifest.json', 'vite.config.ts', 'test/cli/licences.ts', 'package-lock.json'];
const stampOf = (folder: string): string => join(root, folder, '.built-from');

/** `npm run build`: both extensions, their zips, the node and its pages. */
export async function run(): Promise<number> {
  await build();
  report();
  return 0;
}

/** Builds everything if any source changed since the last build. */
export async function buildIfStale(): Promise<void> {
  if (!isFresh('dist', everything)) await build();
}

/** Builds the node alone, if its sources changed. */
export async function buildNodeIfStale(): Promise<void> {
  if (!isFresh('dist/node', nodeSources)) await buildNode();
}

async function build(): Promise<void> {
  const started = Date.now();
  const from = hashOf(everything);
  rmSync(stampOf('dist'), { force: true });
  for (const mode of browsers) {
    await (await createBuilder({ configFile, mode, logLevel: 'warn' })).buildApp();
    writeFileSync(dist(`parley-${mode}.zip`), zipFolder(dist(mode)));
  }
  await buildNode();
  await buildSdk(dist('sdk'));
  writeFileSync(stampOf('dist'), from);
  console.log(`Built dist/chromium, dist/firefox, their zips, dist/node and dist/sdk in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

async function buildNode(): Promise<void> {
  const from = hashOf(nodeSources);
  for (const mode of ['node', 'node-writer', 'node-checkpoints']) await buildWithVite({ configFile, mode, logLevel: 'warn' });
  // dist/node runs from any folder, also from one without our package.json.
  writeFileSync(dist('node/package.json'), '{ "type": "module" }\n');
  for (const page of ['demo', 'link', 'write']) {
    rmSync(dist(page), { recursive: true, force: true });
    cpSync(join(root, 'public', page), dist(page), { recursive: true });
  }
  writeFileSync(stampOf('dist/node'), from);
}

/** The package for developers of pages, ready for `npm pack` in its folder. */
export async function buildSdk(folder: string): Promise<void> {
  await buildWithVite({ configFile, mode: 'sdk', logLevel: 'warn', build: { outDir: folder } });
  const entries = sdkEntries.map((name) => join(root, `src/sdk/${name}.ts`));
  const options = ['--declaration', '--emitDeclarationOnly', '--rewriteRelativeImportExtensions', '--skipLibCheck', '--ignoreConfig'];
  const target = ['--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler', '--strict', '--types', ''];
  const types = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
  try {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...entries,
      ...options,
      ...target,
      '--rootDir',
      join(root, 'src'),
      '--outDir',
      types,
    ]);
    // Of what the entries stand on, only these are in what they say.
    for (const name of [...sdkEntries, 'types', 'conformance/kit']) cpSync(join(types, `sdk/${name}.d.ts`), join(folder, `${name}.d.ts`));
  } finally {
    rmSync(types, { recursive: true });
  }
  const { version } = JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8')) as { version: string };
  const description = JSON.parse(readFileSync(join(root, 'src/sdk/package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...description, version }, null, 2)}\n`);
  cpSync(join(root, 'src/sdk/README.md'), join(folder, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

function isFresh(folder: string, sources: readonly string[]): boolean {
  return existsSync(stampOf(folder)) && readFileSync(stampOf(folder), 'utf8') === hashOf(sources);
}

/** All files of a folder as a zip that depends on nothing but their names and bytes: sorted, with one fixed time. */
function zipFolder(folder: string): Uint8Array {
  const files: Zippable = {};
  // Zip times are local times without a zone, and so is this one: the bytes are the same everywhere.
  const mtime = new Date(2020, 0, 1);
  for (const path of filesOf(folder)) files[path] = [readFileSync(join(folder, path)), { mtime, level: 9, os: 3, attrs: 0o644 << 16 }];
  return zipSync(files);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** Sizes as they travel. */
export function sizes(): { file: string; bytes: number; gzip: number }[] {
  mkdirSync(dist(), { recursive: true });
  return ['background.js', 'assets/first.js', 'assets/popup.css', 'content.js', 'inpage.js']
    .map((file) => ({ file, path: dist('chromium', file) }))
    .filter(({ path }) => existsSync(path))
    .map(({ file, path }) => ({ file, bytes: statSync(path).size, gzip: gzipSync(readFileSync(path), { level: 9 }).length }));
}

function report(): void {
  const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  for (const { file, bytes, gzip } of sizes()) console.log(`  ${file.padEnd(18)}${kB(bytes)}${kB(gzip)} gzip`);
  for (const browser of browsers) console.log(`  ${`parley-${browser}.zip`.padEnd(28)}${kB(statSync(dist(`parley-${browser}.zip`)).size)}`);
}
