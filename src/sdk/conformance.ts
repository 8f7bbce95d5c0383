import { argumentChecks } from './conformance/arguments.ts';
import { connectionChecks } from './conformance/connection.ts';
import { type Check, type Row, runChecks, type Stage, type Target } from './conformance/kit.ts';
import { limitChecks } from './conformance/limits.ts';
import { readingChecks } from './conformance/reading.ts';
import { writingChecks } from './conformance/writing.ts';

export type { Check, Hooks, People, Row, Stage, Target } from './conformance/kit.ts';
export { stages } from './conformance/kit.ts';

/** What is checked of the contract of `window.xmtp`: everything that a page can see. */
export const checks: readonly Check[] = [...argumentChecks, ...writingChecks, ...readingChecks, ...connectionChecks, ...limitChecks];

/**
 * Runs the checks of one part and answers a row for each. Run the parts in the order of `stages`, each after a reload of the page (the tab must stay, since
 * what was granted lasts as long as it), from an origin that the user has never seen.
 */
export const runStage = (stage: Stage, target: Target): Promise<Row[]> => runChecks(checks, stage, target);
