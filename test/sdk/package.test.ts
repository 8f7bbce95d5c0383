import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSdk } from '../cli/build.ts';
import { root } from '../cli/processes.ts';

/** A program of somebody else's, with the package installed in it. */
let program: string;
const installed = (...path: string[]): string => join(program, 'node_modules/@parley/sdk', ...path);

beforeAll(async () => {
  program = mkdtempSync(join(tmpdir(), 'parley-program-'));
  mkdirSync(join(program, 'node_modules/@parley'), { recursive: true });
  for (const name of ['@xmtp', 'long', 'viem']) symlinkSync(join(root, 'node_modules', name), join(program, 'node_modules', name));
  await buildSdk(installed());
}, 60_000);
afterAll(() => rmSync(program, { recursive: true, force: true }));

/** What the compiler says of a module of this program. */
function compile(text: string): string {
  const file = join(program, 'main.ts');
  writeFileSync(file, text);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const target = ['--target', 'es2022', '--lib', 'es2023,dom', '--types', ''];
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), file, ...options, ...target], {
      cwd: program,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test('holds what it names and nothing else', () => {
  expect(readdirSync(installed()).sort()).toEqual(
    [
      ...['LICENSE', 'README.md', 'package.json', 'types.d.ts', 'conformance'],
      ...['index', 'xmtp-js', 'button', 'conformance'].flatMap((name) => [`${name}.d.ts`, `${name}.js`]),
    ].sort(),
  );
  const { dependencies, version } = JSON.parse(readFileSync(installed('package.json'), 'utf8')) as Record<string, unknown>;
  expect(dependencies).toBeUndefined();
  expect(version).toBe((JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8')) as { version: string }).version);
});

test('the main entry imports nothing and has at most 3 kB on the wire', () => {
  const code = readFileSync(installed('index.js'));
  expect(code.toString()).not.toMatch(/\bimport\b/);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(3_000);
});

test('the entry for xmtp-js imports the main entry and long alone', () => {
  const code = readFileSync(installed('xmtp-js.js'), 'utf8');
  expect([...code.matchAll(/^import [^'"]*["']([^'"]+)["']/gm)].map(([, from]) => from).sort()).toEqual(['./index.js', 'long']);
});

test('the entries for conformance and for the button import nothing, and have their types', () => {
  for (const name of ['conformance', 'button']) expect(readFileSync(installed(`${name}.js`), 'utf8')).not.toMatch(/\bimport\b/);
  expect(readdirSync(installed('conformance'))).toEqual(['kit.d.ts']);
});

test('the entries load where there is no page', async () => {
  const { getProvider } = (await import(installed('index.js'))) as typeof import('../../src/sdk/index.ts');
  expect(await getProvider()).toBeNull();
  const { parleyKeystore } = (await import(installed('xmtp-js.js'))) as typeof import('../../src/sdk/xmtp-js.ts');
  await expect(parleyKeystore().newKeystore({} as never, {} as never)).rejects.toThrow('no provider');
});

test('what its README shows compiles', () => {
  const blocks = [...readFileSync(installed('README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string);
  const [main = '', withXmtp = '', button = '', conformance = ''] = blocks;
  const given = 'declare const button: HTMLButtonElement; declare function show(accounts: string[]): void;\n';
  expect(compile(`${given}${main.replace("'0x…'", "'0x52'")}export {};`)).toBe('');
  const xmtp = "import type { XmtpProvider } from '@parley/sdk'; declare const xmtp: XmtpProvider;\n";
  expect(compile(`${xmtp}${withXmtp}export {};`)).toBe('');
  expect(compile(`${conformance}export {};`)).toBe('');
  expect(compile(`declare function thank(): void;\n${button}export {};`)).toBe('');
});

test('what the recipes show compiles', () => {
  const text = readFileSync(join(root, 'docs/recipes.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string);
  expect(blocks.length).toBe(4);
  // Each in a scope of its own; imports stand at the top.
  const imports = new Set(
    blocks.flatMap((code) => [...code.matchAll(/import \{([^}]*)\}/g)].flatMap(([, names = '']) => names.split(','))),
  );
  const bodies = blocks.map((code, index) => `namespace Block${index} {\n${code.replace(/^import .*$/gm, '')}}\n`);
  expect(
    compile(
      `import {${[...imports].map((name) => name.trim()).filter((name, i, all) => all.indexOf(name) === i)} } from '@parley/sdk';\n${bodies.join('')}`,
    ),
  ).toBe('');
});

test.each([
  ['a method that is not there', `xmtp.request({ method: 'xmtp_sign' })`],
  ['a peer that is no address', `xmtp.request({ method: 'xmtp_canMessage', params: { peers: ['bob'] } })`],
  ['params left out where they are needed', `xmtp.request({ method: 'xmtp_canMessage' })`],
  [
    'both a peer and a conversation',
    `xmtp.request({ method: 'xmtp_sendMessage', params: { peer: '0x1', conversation: 'c', content: '' } })`,
  ],
  ['a member that is not there', `xmtp.request({ method: 'xmtp_listConversations', params: { offset: 1 } })`],
  ['an event that is not there', `xmtp.on('chainChanged', () => {})`],
  [
    'the result taken for something else',
    `const id: number = await xmtp.request({ method: 'xmtp_subscribe', params: { kind: 'messages' } })`,
  ],
])('the types refuse %s', (_, line) => {
  expect(compile(`import type { XmtpProvider } from '@parley/sdk'; declare const xmtp: XmtpProvider;\n${line};\nexport {};`)).toContain(
    'error TS',
  );
});

test('the types know results and payloads', () => {
  const lines = [
    `const peers: boolean | undefined = (await xmtp.request({ method: 'xmtp_canMessage', params: { peers: ['0x1'] } }))['0x1'];`,
    `const { messages, cursor } = await xmtp.request({ method: 'xmtp_listMessages', params: { conversation: 'c' } });`,
    `const first: number | undefined = messages[0]?.sentAt; const next: string | undefined = cursor;`,
    `xmtp.on('message', ({ subscription, message }) => subscription.length + message.id.length).on('disconnect', ({ code }) => code === 1011);`,
  ];
  expect(
    compile(`import type { XmtpProvider } from '@parley/sdk'; declare const xmtp: XmtpProvider;\n${lines.join('\n')}\nexport {};`),
  ).toBe('');
});
