import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { writeParameterTable } from '../support/reference.ts';
import { makeGroupVectors } from '../vectors/make-groups.ts';
import { root, runTool } from './processes.ts';

/** `npm run gen`: the TypeScript of proto/ into src/gen, the vectors that are our own, and what of the docs is made from the schemas, without the network. */
export async function run(): Promise<number> {
  const code = await generate(root);
  if (code !== 0) return code;
  writeFileSync(join(root, 'test/vectors/groups.json'), `${JSON.stringify(await makeGroupVectors(), null, 1)}\n`);
  writeParameterTable();
  console.log('Generated src/gen from proto, test/vectors/groups.json, and the table of parameters in docs/provider.md.');
  return 0;
}

/** Generates below another folder, as `FOLDER/src/gen`. */
export function generate(folder: string): Promise<number> {
  // buf looks its plugin up on the PATH.
  const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  const args = ['generate', 'proto', '--template', 'proto/buf.gen.yaml', '--output', folder];
  return runTool('@bufbuild/buf/bin/buf', args, { env: { ...process.env, PATH: path } });
}
