import type { NodeState } from '../rpc/views/account.ts';
import { hostOf } from './address.ts';
import { t } from './t.tsx';
import { duration } from './time.ts';

/** What is wrong with the node, and what becomes of the messages. */
export function nodeWords({ trouble, skew, url }: NodeState): string {
  if (trouble === null) return '';
  return trouble === 'clock' ? clockWords(skew) : t(states[trouble], { host: hostOf(url) });
}

const states = {
  unreachable: 'nodeState.unreachable',
  failed: 'nodeState.failed',
  limited: 'nodeState.limited',
  wrong: 'nodeState.wrong',
  unauthorised: 'nodeState.unauthorised',
} as const;

/** How far this machine's clock is off. `skewMs`: the node's clock minus ours. */
export function clockWords(skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const amount = duration(minutes >= 120 ? Math.round(minutes / 60) * 3600 : minutes * 60);
  return t(skewMs > 0 ? 'nodeState.clockBehind' : 'nodeState.clockAhead', { amount });
}
