// Plain JavaScript, since it is a process of its own; what it does is TypeScript, which Node 20 cannot run.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { module } = await runnerImport(fileURLToPath(new URL('flooder.ts', import.meta.url)), {
  configFile: false,
  root,
  logLevel: 'error',
});
console.log(JSON.stringify(await module.flood(process.argv[2])));
process.exit();
