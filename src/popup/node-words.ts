import type { NodeState } from '../rpc/views/account.ts';
import type { NodeTest } from '../rpc/views/settings.ts';
import { t } from './t.tsx';
import { duration } from './time.ts';

/** Host and port, as sentences name a node. */
export const hostOf = (url: string): string => new URL(url).host;

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

/** What came of asking a node how it is. */
export function testWords({ url, trouble, roundTrip, clockSkew }: NodeTest): string {
  if (trouble === null) return t('nodeTest.works', { milliseconds: roundTrip ?? 0 });
  return trouble === 'clock' ? clockWords(clockSkew ?? 0) : t(findings[trouble], { host: hostOf(url) });
}

const findings = {
  unreachable: 'nodeTest.unreachable',
  failed: 'nodeTest.failed',
  limited: 'nodeTest.limited',
  wrong: 'nodeTest.wrong',
  unauthorised: 'nodeTest.refused',
  refused: 'nodeTest.refused',
} as const;

/** How far this machine's clock is off. `skewMs`: the node's clock minus ours. */
function clockWords(skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const amount = duration(minutes >= 120 ? Math.round(minutes / 60) * 3600 : minutes * 60);
  return t(skewMs > 0 ? 'nodeState.clockBehind' : 'nodeState.clockAhead', { amount });
}
