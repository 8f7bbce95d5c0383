import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Each file of `e2e` has browsers, profiles and a node of its own: two run side by side, and much of that is waiting. */
export default defineConfig({
  root,
  test: {
    // By default one processor is left free; much of the time here is waiting.
    maxWorkers: '100%',
    projects: [
      {
        root,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/{e2e,node,interop}/**', 'node_modules/**'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: 'node',
          include: ['test/{node,interop}/**/*.test.ts'],
          // Before any of them: two that built it at once would take each other's files away.
          globalSetup: ['test/support/built-node.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
