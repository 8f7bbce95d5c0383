import { delimiter, join } from 'node:path';
import { root, runTool } from './processes.ts';

/** `npm run gen`: the TypeScript of proto/ into src/gen, without the network. */
export async function run(): Promise<number> {
  const code = await generate(root);
  if (code === 0) console.log('Generated src/gen from proto.');
  return code;
}

/** Generates below another folder, as `FOLDER/src/gen`. */
export function generate(folder: string): Promise<number> {
  // buf looks its plugin up on the PATH.
  const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  const args = ['generate', 'proto', '--template', 'proto/buf.gen.yaml', '--output', folder];
  return runTool('@bufbuild/buf/bin/buf', args, { env: { ...process.env, PATH: path } });
}
