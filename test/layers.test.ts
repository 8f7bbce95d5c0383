import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** What each folder of `src` may import: other folders, and with `types` those of which it may only know the types. */
const layers: Record<string, { standsOn: string[]; types?: string[] }> = {
  gen: { standsOn: [] },
  protocol: { standsOn: ['gen'] },
  'content-types': { standsOn: ['protocol', 'parse'] },
  keystore: { standsOn: ['protocol'], types: ['words'] },
  storage: { standsOn: ['protocol', 'room'] },
  network: { standsOn: ['gen', 'protocol'] },
  words: { standsOn: [] },
  rpc: { standsOn: ['parse', 'room'], types: ['words'] },
  background: { standsOn: ['gen', 'protocol', 'content-types', 'keystore', 'storage', 'network', 'rpc', 'words', 'parse'] },
  content: { standsOn: ['rpc', 'parse'], types: ['background', 'content-types'] },
  popup: { standsOn: ['rpc', 'words', 'parse'], types: ['background', 'content-types'] },
  devtools: { standsOn: ['rpc', 'words'] },
  node: { standsOn: ['gen', 'protocol', 'parse'] },
  sdk: { standsOn: ['gen', 'protocol'] },
  parse: { standsOn: [] },
  room: { standsOn: [] },
};

/** The one folder, or the few, through which a dependency enters. The first pattern that fits counts. */
const doors: [pattern: RegExp, folders: string[]][] = [
  [/^@noble\//, ['protocol']],
  [/^@scure\/|^hash-wasm$/, ['keystore']],
  [/^idb$/, ['storage']],
  [/^@bufbuild\/protobuf/, ['gen', 'protocol', 'network', 'node', 'sdk']],
  [/^@connectrpc\/connect-web/, ['network']],
  [/^@connectrpc\/connect-node/, ['node']],
  [/^@connectrpc\/connect(\/|$)/, ['network', 'node']],
  [/^(preact|lucide|qr|unicode-emoji-json|viem)(\/|$)/, ['popup']],
  [/^webextension-polyfill$/, ['background', 'popup']],
  [/^libsql|^node:|^libp2p$|^@libp2p\/|^@multiformats\/|^pg$/, ['node']],
  [/^long$|^@xmtp\/xmtp-js$/, ['sdk']],
];

interface Import {
  /** Path below `src`. */
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const src = resolve(dirname(fileURLToPath(import.meta.url)), '../src');

/** Reads the imports and re-exports of a source text. */
function importsOf(from: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  const found: Import[] = [];
  for (const [, keyword, type, braces, specifier = ''] of code.matchAll(
    /^\s*(import|export)\s+(type\s+)?(?:([^'";]*?)\s*from\s*)?['"]([^'"\n]+)['"]/gm,
  )) {
    if (keyword === 'export' && braces === undefined) continue; // export of a string constant, not of a module
    const named = /^\{([\s\S]*)\}$/
      .exec(braces?.trim() ?? '')?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    found.push({ from, specifier, typeOnly: type !== undefined || (named?.every((name) => name.startsWith('type ')) ?? false) });
  }
  for (const [, specifier = ''] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) found.push({ from, specifier, typeOnly: false });
  return found;
}

/** The folder of `src`, or `parse` for the one shared file. */
const folderOf = (path: string): string => path.split('/')[0]?.replace(/\.ts$/, '') ?? '';

/** Answers why an import is against the rules, or null. */
function fault({ from, specifier, typeOnly }: Import): string | null {
  const folder = folderOf(from);
  const layer = layers[folder];
  if (!layer) return `${from}: src/${folder} is in no layer`;
  if (specifier.startsWith('.')) {
    const target = relative(src, resolve(src, dirname(from), specifier)).replaceAll('\\', '/');
    if (target.startsWith('..')) return `${from} reaches outside src: ${specifier}`;
    const other = folderOf(target);
    if (other === folder || layer.standsOn.includes(other)) return null;
    if (layer.types?.includes(other)) return typeOnly ? null : `${from} may only import types of ${other}: ${specifier}`;
    return `${from} may not import ${other}: ${specifier}`;
  }
  const door = doors.find(([pattern]) => pattern.test(specifier));
  if (!door) return `${from} imports ${specifier}, which has no door`;
  return door[1].includes(folder) ? null : `${from} imports ${specifier}, whose door is ${door[1].join(', ')}`;
}

const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => relative(src, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

describe('the layers of src', () => {
  test('imports point up the table, and each dependency enters through its door', () => {
    const faults = files.flatMap((file) => importsOf(file, readFileSync(join(src, file), 'utf8'))).map(fault);
    expect(faults.filter(Boolean)).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  test.each<[string, string, string]>([
    ['protocol/topic.ts', `import { x } from '../keystore/vault.ts';`, 'may not import keystore'],
    ['popup/App.tsx', `import { methods } from '../background/methods.ts';`, 'may only import types of background'],
    ['popup/App.tsx', `import { methods, type Methods } from '../background/methods.ts';`, 'may only import types of background'],
    ['node/api.ts', `export { x } from '../network/retry.ts';`, 'may not import network'],
    ['background/sync/sync.ts', `import { sha256 } from '@noble/hashes/sha2.js';`, 'whose door is protocol'],
    ['storage/cache.ts', `const { x } = await import('libsql');`, 'whose door is node'],
    ['rpc/client.ts', `import left from 'left-pad';`, 'which has no door'],
    ['protocol/topic.ts', `import '../../test/support/people.ts';`, 'reaches outside src'],
    ['helpers/text.ts', `import { x } from '../parse.ts';`, 'is in no layer'],
  ])('refuses %s with %s', (from, text, reason) => {
    expect(importsOf(from, text).map(fault).join()).toContain(reason);
  });

  test.each<[string, string]>([
    ['popup/rpc.ts', `import type { Methods } from '../background/methods.ts';`],
    ['popup/rpc.ts', `import { type Methods, type Other } from '../background/methods.ts';`],
    ['node/main.ts', `import { createServer } from 'node:http';`],
    ['protocol/topic.ts', `// import { x } from '../keystore/vault.ts';\nexport const name = 'x';`],
  ])('allows %s with %s', (from, text) => {
    expect(importsOf(from, text).map(fault).filter(Boolean)).toEqual([]);
  });
});

test('tests make values up from the one seed of test/support/fast-check.ts', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const around = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== join('support', 'fast-check.ts') && !path.includes('node_modules'))
    .filter((path) => /^import .* from 'fast-check';/m.test(readFileSync(join(folder, path), 'utf8')));
  expect(around).toEqual([]);
});
