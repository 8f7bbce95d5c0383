import { expect } from 'vitest';
import { ProtocolError, type ProtocolReason } from '../../src/protocol/errors.ts';

/** Expects that the action is refused by a ProtocolError of this reason; an error of a library that leaks out fails. */
export async function refused(reason: ProtocolReason, action: () => unknown): Promise<void> {
  let outcome: unknown = 'accepted';
  try {
    await action();
  } catch (error) {
    outcome = error;
  }
  expect(outcome).toBeInstanceOf(ProtocolError);
  expect((outcome as ProtocolError).reason).toBe(reason);
}
