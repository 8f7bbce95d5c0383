import { buildNodeIfStale } from '../cli/build.ts';

/** Builds the node once, before all tests that may run it. */
export const setup = buildNodeIfStale;
