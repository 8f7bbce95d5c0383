import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { findBrowser } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions, root } from '../cli/processes.ts';
import type { Anchor } from './protocol/anchor.ts';
import type * as Data from './protocol/data.ts';
import type * as Suite from './protocol/suite.ts';
import type { Timing } from './protocol/suite.ts';
import { type Comparison, median, report, writeReport } from './report.ts';

const output = join(root, 'bench-output/protocol');
const curveFile = join(root, 'node_modules/@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm');

/**
 * `npm run bench -- protocol --rounds N --browser none|chromium --json FILE`: what cryptography costs, beside xmtp-js on the same data in the same run, in Node and
 * in Chromium, on one thread. Both must come to the same ids, senders, texts and times.
 */
export async function run(args: readonly string[]): Promise<number> {
  const { rounds: asked = '1', browser = 'chromium', json } = readOptions(args, { rounds: 'text', browser: 'text', json: 'text' });
  const rounds = Number(asked);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  if (browser !== 'none' && browser !== 'chromium') throw new CommandError('--browser is none or chromium');
  const started = cleanup();
  try {
    const work = (async () => {
      const found = await inNode(rounds);
      if (browser === 'chromium') found.push(...(await inChromium(rounds, started.add)));
      writeReport('protocol', found, json);
      return 'done';
    })();
    return (await Promise.race([work, started.interrupted])) === 'interrupted' ? 130 : 0;
  } finally {
    await started.run();
    rmSync(output, { recursive: true, force: true });
  }
}

const note = (where: string) => (text: string) => console.log(`  ${where}: ${text}`);

async function inNode(rounds: number): Promise<Comparison[]> {
  // Built like the extension: the loader of these commands would put a step between modules that nobody else has.
  const load = createRequire(import.meta.url);
  const [{ measure }, make] = [load(await bundle('suite', 'node')) as typeof Suite, load(await bundle('data', 'node')) as typeof Data];
  const bytes = new Uint8Array(readFileSync(curveFile));
  const curve = { load: async () => bytes, batchFrom: Number.POSITIVE_INFINITY };
  // Its module for bundlers does not load in Node.
  const xmtp = load('@xmtp/xmtp-js') as Anchor;
  return compared('Node', await measure({ xmtp, make, curve, rounds, note: note('Node') }), { open: 8, list: 5 });
}

async function inChromium(rounds: number, atEnd: (stop: () => unknown) => void): Promise<Comparison[]> {
  const files = new Map<string, Buffer>();
  for (const name of ['suite', 'data', 'xmtp']) files.set(`/${name}.js`, readFileSync(await bundle(name, 'browser')));
  files.set('/curve.wasm', readFileSync(curveFile));
  const types: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm' };
  const server = createServer((request, response) => {
    response.setHeader('content-type', types[request.url?.split('.')[1] ?? ''] ?? 'text/html');
    response.end(files.get(request.url ?? '') ?? '<!doctype html><title>Bench</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => server.close());
  const address = server.address();
  const browser = await chromium.launch({
    executablePath: findBrowser('chromium').path,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  atEnd(() => browser.close());
  const page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'log') note('Chromium')(message.text());
  });
  await page.goto(`http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}/`);
  for (const name of ['xmtp', 'data', 'suite']) await page.addScriptTag({ url: `/${name}.js` });
  const timings = await page.evaluate(async (count) => {
    const { suite, data, xmtp } = globalThis as unknown as { suite: typeof Suite; data: typeof Data; xmtp: Anchor };
    const curve = { load: async () => (await fetch('/curve.wasm')).arrayBuffer(), batchFrom: 12 };
    return suite.measure({ xmtp, make: data, curve, rounds: count, note: (text) => console.log(text) });
  }, rounds);
  return compared('Chromium', timings, { open: 6, list: 5 });
}

/** Builds one part for where it runs. Data and suite are built apart, so that neither remembers what the other saw. */
async function bundle(name: string, target: 'node' | 'browser'): Promise<string> {
  const outDir = join(output, target);
  const file = target === 'node' ? `${name}.cjs` : `${name}.js`;
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    define: target === 'browser' ? { 'process.env.NODE_ENV': '"production"', global: 'globalThis' } : {},
    build: {
      outDir,
      emptyOutDir: false,
      minify: false,
      target: target === 'node' ? 'node20' : 'chrome124',
      lib: {
        entry: join(root, `test/bench/protocol/${name}.ts`),
        name,
        formats: [target === 'node' ? 'cjs' : 'iife'],
        fileName: () => file,
      },
    },
  });
  return join(outDir, file);
}

/** The rows of a table: the whole against xmtp-js, with the bar where there is one, and beside the ceiling of the same run. */
function compared(where: string, timings: readonly Timing[], bars: { readonly open: number; readonly list: number }): Comparison[] {
  return timings.flatMap(({ what, count, unit, ours, theirs, noble, ceiling, bare }) => {
    const row = (label: string, mine: readonly number[], opponent: string, others: readonly number[], bar: number | null) =>
      report({
        what: `${where}: ${label === '' ? `${what}, ${count}` : `  ${label}`}`,
        unit: `us/${unit}`,
        ours: median(mine),
        theirs: median(others),
        opponent,
        ratio: median(mine.map((time, i) => (others[i] as number) / time)),
        bar,
      });
    const isList = what.startsWith('open invitations');
    const bar = isList ? bars.list : what.startsWith('open messages') ? bars.open : null;
    return [
      row('', ours, 'xmtp-js', theirs, bar),
      ...(ceiling ? [row('beside the ceiling', ours, 'ceiling', ceiling, 0.9), row('the ceiling', ceiling, 'xmtp-js', theirs, null)] : []),
      ...(bare ? [row('the ceiling without blinding', bare, 'xmtp-js', theirs, null)] : []),
      ...(noble ? [row('noble alone', noble, 'xmtp-js', theirs, isList ? 1.2 : null)] : []),
    ];
  });
}
