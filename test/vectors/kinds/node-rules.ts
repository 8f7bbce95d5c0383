import { fromBase64, toBase64 } from '../../../src/protocol/bytes.ts';
import { envelopeDigest } from '../../../src/protocol/envelope.ts';
import { type Check, same, type Vector } from '../vector.ts';

/** The digest by which a node orders rows of equal time and finds repetitions; this file writes bytes in base64, as the wire does. */
const rowDigest = ({ in: given, out }: Vector): void => {
  const digest = envelopeDigest(given.text('contentTopic'), fromBase64(given.text('message')));
  same(toBase64(digest), out.text('digest'), 'digest');
};

/** What a node permits, limits and answers is checked with the node itself, not here. */
export const nodeRules: readonly Check[] = [{ needs: ['contentTopic', 'timestampNs', 'message'], run: rowDigest }];
