import { KeystoreError } from '../keystore/errors.ts';
import { NodeError } from '../network/errors.ts';

/** Notes what stopped a piece of work that goes on by itself. A node that is away is a line, a lock is no news, all else is kept whole. */
export function noteStop(what: string, error: unknown): void {
  if (error instanceof NodeError) console.info(`${what}: the node is ${error.reason}`);
  else if (!(error instanceof KeystoreError && error.reason === 'locked')) console.warn(`${what} stopped`, error);
}
