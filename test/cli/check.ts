import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from './gen.ts';
import { CommandError, hashOf, root, runTool } from './processes.ts';

/** What is checked without running anything of ours; each counts as one test. */
export const checks: readonly { readonly name: string; readonly run: () => Promise<boolean> }[] = [
  {
    name: 'formatting and lint (biome)',
    run: () => clean('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', `--colors=${process.stdout.isTTY ? 'force' : 'off'}`, '.'),
  },
  { name: 'types (tsc)', run: () => clean('typescript/bin/tsc', '--noEmit', '--project', '.') },
  { name: 'proto lint (buf)', run: () => clean('@bufbuild/buf/bin/buf', 'lint', 'proto') },
  { name: 'proto format (buf)', run: () => clean('@bufbuild/buf/bin/buf', 'format', '--diff', '--exit-code', 'proto') },
  { name: 'src/gen is what proto generates', run: generatedIsCurrent },
];

/** `npm run check`: formatting, lint, types, proto. */
export async function run(args: readonly string[]): Promise<number> {
  if (args.length > 0) throw new CommandError('check takes no options');
  let failed = 0;
  for (const { name, run: check } of checks) {
    const ok = await check();
    if (!ok) failed++;
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name}`);
  }
  return failed === 0 ? 0 : 1;
}

async function clean(entry: string, ...args: string[]): Promise<boolean> {
  return (await runTool(entry, args)) === 0;
}

async function generatedIsCurrent(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-gen-'));
  try {
    if ((await generate(folder)) !== 0) return false;
    const same = hashOf([join(folder, 'src/gen')], folder) === hashOf(['src/gen'], root);
    if (!same) console.log('src/gen differs from what proto generates: run `npm run gen`.');
    return same;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
