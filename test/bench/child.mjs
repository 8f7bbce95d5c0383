// Runs a TypeScript module in a process of its own: loads it through Vite, calls its `serve`, and tells the port.
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const [file = '', ...args] = process.argv.slice(2);
const { module } = await runnerImport(resolve(file), { configFile: false, logLevel: 'error' });
const port = await module.serve(args);
process.send?.({ port });
process.on('disconnect', () => process.exit());
process.on('message', async (question) => {
  if (question === 'memory') {
    globalThis.gc?.();
    process.send?.({ memory: process.memoryUsage() });
  }
});
