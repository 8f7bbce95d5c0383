import { readContent, show, writeContent } from '../../../src/content-types/index.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { decodeContent, encodeContent } from '../../../src/protocol/content.ts';
import { type Check, mustRefuse, same, type Vector } from '../vector.ts';
import { fromVector, toVector } from './content-values.ts';

/** Writes a value as the reference client does but for compression, and reads what that client wrote. */
const writeAndRead = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const value = fromVector(given.text('contentType'), given.raw('content'));
  if (vector.refused) {
    await mustRefuse(() => writeContent(value));
    return;
  }
  const { content, shouldPush } = writeContent(value);
  const theirs = await decodeContent(out.bytes('encodedContent'));
  same(content.type, given.text('contentType'), 'contentType');
  same(Object.fromEntries(content.parameters), out.raw('parameters'), 'parameters');
  same(content.fallback ?? null, out.raw('fallback'), 'fallback');
  same(toHex(content.content), toHex(theirs.content), 'contentBytes');
  same(shouldPush, out.flag('shouldPush'), 'shouldPush');
  same(await decodeContent(encodeContent(content)), theirs, 'encodedContent, decoded');
  same(toVector(readContent(theirs)), out.raw('decoded'), 'decoded');
  same(toVector(readContent(content)), out.raw('decoded'), 'our own, decoded');
};

const read = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const reading = async () => {
    const content = await decodeContent(given.bytes('encodedContent'));
    return { content, shown: show(content), value: readContent(content) };
  };
  if (vector.refused) {
    await mustRefuse(reading);
    return;
  }
  const { content, shown, value } = await reading();
  if (vector.recommended === 'show fallback') {
    same(shown, { form: 'unknown', type: content.type, fallback: content.fallback ?? 'Replied to an earlier message' }, 'shown');
    same(value.kind === 'reply' && value.content.kind, 'unknown', 'kind of what is within');
    return;
  }
  same(content.type, out.text('contentType'), 'contentType');
  same(content.fallback ?? null, out.raw('fallback'), 'fallback');
  same(toVector(value), out.raw('content'), 'content');
  same(value.kind === 'unknown', out.given('decodeError'), 'whether the type is unknown');
};

export const content: readonly Check[] = [
  { needs: ['contentType', 'content'], run: writeAndRead },
  { needs: ['encodedContent'], run: read },
];
