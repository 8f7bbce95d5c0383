import fc from 'fast-check';

/** The same values at every run, so that a change is judged and not luck; another number tries others. */
const seed = Number(process.env['PARLEY_SEED'] ?? 20_261_125);

fc.configureGlobal({ seed });

/** For all tests; `test/layers.test.ts` sees that none goes around it. */
export { fc };
