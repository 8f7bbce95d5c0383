// A thread of its own for the loop: one that never comes back, or that eats its heap, can be ended from outside.
import { parentPort, workerData } from 'node:worker_threads';
import { runnerImport } from 'vite';

const { root, name, seconds, seed, state, bytes } = workerData;
console.info = () => {};
console.warn = () => {};
const { module } = await runnerImport(`${root}/test/fuzz/loop.ts`, { configFile: false, root, logLevel: 'error' });
parentPort.postMessage({ ready: true });
const outcome = await module.fuzz(name, seconds, seed, { state: new Int32Array(state), bytes: new Uint8Array(bytes) });
parentPort.postMessage({ outcome });
