import { RefusalError, type RefusalReason } from '../rpc/errors.ts';
import type { refusals } from '../words/en/refusals.ts';
import type { Values } from '../words/message.ts';
import { inEnglish, why } from '../words/refusal.ts';

/** A refusal that a person is to read: its words come from the catalogue, by `key`, wherever they are shown. */
export function refused<K extends keyof typeof refusals>(
  reason: RefusalReason,
  key: K,
  ...values: Values<(typeof refusals)[K]>
): RefusalError {
  const because = why(key, ...values);
  return new RefusalError(reason, inEnglish(because), { why: because });
}

/** The same for what was typed or chosen wrongly. */
export const badParams = <K extends keyof typeof refusals>(key: K, ...values: Values<(typeof refusals)[K]>): RefusalError =>
  refused('bad-params', key, ...values);
