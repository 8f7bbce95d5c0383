import { expect, test } from 'vitest';
import { readContent, show, type Value, writeContent } from '../../src/content-types/index.ts';
import { fromUtf8, utf8 } from '../../src/protocol/bytes.ts';
import type { Content } from '../../src/protocol/content.ts';
import { refused } from '../protocol/refused.ts';

const written = (text: string, parameters: Record<string, string> = {}): Content => ({
  type: 'xmtp.org/reaction:1.0',
  parameters: new Map(Object.entries(parameters)),
  content: utf8(text),
});

test('a reaction is JSON with its members in the order of the reference client', () => {
  const value: Value = { kind: 'reaction', content: '👍', schema: 'unicode', referenceInboxId: 'cd', reference: 'ab', action: 'added' };
  const { content } = writeContent(value);
  expect(fromUtf8(content.content)).toBe('{"action":"added","reference":"ab","referenceInboxId":"cd","schema":"unicode","content":"👍"}');
  expect(content.parameters.size).toBe(0);
});

test('the legacy form, a bare sign with the rest in the parameters, is read', () => {
  const content = written('👍', { action: 'added', reference: 'ab', schema: 'unicode', encoding: 'UTF-8' });
  expect(readContent(content)).toEqual({ kind: 'reaction', action: 'added', reference: 'ab', schema: 'unicode', content: '👍' });
  expect(show(content)).toMatchObject({ fallback: 'Reacted “👍” to an earlier message' });
  // A parameter of that name does not stand for the content.
  expect(readContent(written('👍', { content: 'x' }))).toEqual({ kind: 'reaction', content: '👍' });
});

test.each(['5', 'null', '"x"', 'true', '[]', '[{"content":"x"}]'])('the JSON %s is no reaction', (json) =>
  refused('malformed', () => readContent(written(json))),
);

test.each(['{}', '{"content":5}', '{"content":null}', '{"content":"x","action":1}', '{"content":"x","reference":{}}'])(
  'the object %s is no reaction',
  (json) => refused('malformed', () => readContent(written(json))),
);

test('members of others are dropped, and those of the prototype are none', () => {
  expect(readContent(written('{"content":"x","extra":1,"__proto__":{"action":"added"}}'))).toEqual({ kind: 'reaction', content: 'x' });
});

test('an action that nobody knows has no words', () => {
  const content = written('{"content":"x","action":"changed","reference":"ab"}');
  expect(show(content)).toEqual({ form: 'unknown', type: content.type });
});

test('a lone surrogate does not come in by way of JSON', () => {
  expect(readContent(written('{"content":"\\ud83d"}'))).toEqual({ kind: 'reaction', content: '\ufffd' });
});
