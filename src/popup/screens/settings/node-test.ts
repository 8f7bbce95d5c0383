import type { NodeTest } from '../../../rpc/views/settings.ts';
import { hostOf } from '../../address.ts';
import { clockWords } from '../../node-words.ts';
import { t } from '../../t.tsx';

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
