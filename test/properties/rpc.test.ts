import { expect } from 'vitest';
import { array, integer, matching, object, oneOf, optional, ParseError, parse, string, stringMap } from '../../src/parse.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { codes, RefusalError, type RefusalReason, RpcError, toWireError } from '../../src/rpc/errors.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';
import { isEvent, isReply, isRequest } from '../../src/rpc/wire.ts';
import { fc } from '../support/fast-check.ts';
import { address, text } from './arbitraries.ts';
import { property } from './property.ts';

/** What was parsed, or null where it was refused; any other error is thrown on. */
function parsed<T>(action: () => T): T | null {
  try {
    return action();
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

const json = fc.jsonValue({ maxDepth: 3 });

property(
  'a text is taken exactly when it has as many characters as it may',
  [fc.oneof(json, text(12)), fc.nat(6), fc.nat(6)],
  (value, min, more) => {
    const taken = typeof value === 'string' && value.length >= min && value.length <= min + more;
    expect(parsed(() => parse(string({ min, max: min + more }), value))).toBe(taken ? value : null);
  },
);

property(
  'a number is taken exactly when it is whole and within its bounds',
  [fc.oneof(json, fc.integer({ min: -9, max: 19 }), fc.double()), fc.nat(9), fc.nat(9)],
  (value, min, more) => {
    const taken = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= min + more;
    expect(parsed(() => parse(integer({ min, max: min + more }), value))).toBe(taken ? value : null);
  },
);

property(
  'a list is taken exactly when it has as many items as it may and each is taken',
  [fc.oneof(json, fc.array(fc.oneof(fc.nat(3), fc.constant('a')), { maxLength: 5 }))],
  (value) => {
    const taken =
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= 3 &&
      value.every((each) => typeof each === 'number' && Number.isSafeInteger(each) && each >= 0);
    expect(parsed(() => parse(array(integer(), { min: 1, max: 3 }), value))).toEqual(taken ? value : null);
  },
);

property(
  'a map of texts is taken whole, without a prototype, or not at all',
  [fc.oneof(json, fc.dictionary(text(6), text(6), { maxKeys: 6 }))],
  (value) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    const entries = isMap ? Object.entries(value) : [];
    const taken =
      isMap && entries.length <= 4 && entries.every(([key, each]) => key.length <= 5 && typeof each === 'string' && each.length <= 5);
    const read = parsed(() => parse(stringMap({ max: 4, length: 5 }), value));
    expect(read === null ? null : Object.entries(read)).toEqual(taken ? entries : null);
    if (read) expect(Object.getPrototypeOf(read)).toBeNull();
  },
);

const shape = object({ a: integer(), b: optional(oneOf('x', 'y')), c: optional(matching(/^\d$/, 'a digit')) });
const member = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', 'toString');

property(
  'an object is taken exactly when it has the members that it must and no others',
  [fc.dictionary(member, fc.oneof(json, fc.nat(3), fc.constantFrom('x', 'y', '1')), { maxKeys: 4 })],
  (value) => {
    const own = (key: string): unknown => (Object.hasOwn(value, key) ? value[key] : undefined);
    const [a, b, c] = [own('a'), own('b'), own('c')];
    const taken =
      Object.keys(value).every((key) => ['a', 'b', 'c'].includes(key)) &&
      Number.isSafeInteger(a) &&
      (a as number) >= 0 &&
      (b === undefined || b === 'x' || b === 'y') &&
      (c === undefined || (typeof c === 'string' && /^\d$/.test(c)));
    expect(parsed(() => parse(shape, value))).toEqual(taken ? { ...value } : null);
  },
);

property(
  'what is refused says where, and never what it was',
  [json, fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })],
  (value, path) => {
    const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), { secret: value });
    try {
      parse(path.reduceRight((inner, key) => object({ [key]: inner }), object({})) as ReturnType<typeof object>, nested);
    } catch (error) {
      expect(error).toBeInstanceOf(ParseError);
      expect((error as ParseError).path).toBe([...path, 'secret'].join('.'));
      return;
    }
    throw new Error('a member that nobody named was taken');
  },
);

const methods = Object.keys(pageParams) as PageMethod[];
const paramName = fc.constantFrom(
  'peer',
  'peers',
  'conversationId',
  'metadata',
  'conversation',
  'content',
  'contentType',
  'clientId',
  'kind',
  '__proto__',
);
const param = fc.oneof(
  json,
  address,
  fc.array(address, { maxLength: 3 }),
  text(),
  fc.constantFrom('send', 'read', 'xmtp.org/text:1.0'),
  fc.dictionary(text(5), text(5), { maxKeys: 3 }),
);
const params = fc.oneof(json, fc.dictionary(paramName, param, { maxKeys: 4 }), fc.constant(undefined));

property(
  'whatever a page asks of whatever method, it is parsed or refused by a sentence',
  [fc.constantFrom(...methods), params],
  (method, value) => {
    const read = parsed(() => parse(pageParams[method], value, 'params') as object);
    // The background parses again what the page's side has parsed.
    if (read !== null) expect(parsed(() => parse(pageParams[method], JSON.parse(JSON.stringify(read)), 'params'))).toEqual(read);
  },
);

property(
  'a message of a page to a peer or into a conversation is taken, one of both and not both',
  [fc.option(address), fc.option(text(10).filter(Boolean)), text(30)],
  (peer, conversation, content) => {
    const read = parsed(() =>
      parse(pageParams.xmtp_sendMessage, { ...(peer && { peer }), ...(conversation && { conversation }), content }),
    );
    const taken = (peer === null) !== (conversation === null) && content !== '';
    expect(read !== null).toBe(taken);
    if (read) expect(read).toEqual({ content, ...(peer === null ? { conversation } : { peer }) });
  },
);

property(
  'nothing that comes over a port is mistaken for a message of ours',
  [fc.oneof(json, fc.record({ id: json, method: json, result: json, error: json, event: json }, { requiredKeys: [] }))],
  (value) => {
    const { id, method, result, error, event } = (value ?? {}) as Record<string, unknown>;
    expect(isRequest(value)).toBe(Number.isSafeInteger(id) && typeof method === 'string');
    const isError = typeof error === 'object' && error !== null && typeof (error as { code?: unknown }).code === 'number';
    expect(isReply(value)).toBe(Number.isSafeInteger(id) && (result !== undefined || isError));
    expect(isEvent(value)).toBe(typeof event === 'string');
  },
);

const reason = fc.constantFrom<RefusalReason>(
  'user-rejected',
  'not-granted',
  'muted',
  'not-found',
  'peer-absent',
  'too-many',
  'not-now',
  'node-unreachable',
  'locked',
  'wrong-passphrase',
  'storage-full',
);

property(
  'a page learns the code, a sentence and when to try again, and nothing else of a refusal',
  [reason, text(), fc.dictionary(text(5), json, { maxKeys: 2 }), fc.option(fc.nat())],
  (why, sentence, more, retryAfterMs) => {
    const refusal = new RefusalError(why, sentence, { ...more, ...(retryAfterMs !== null && { retryAfterMs }) });
    const page = toWireError(refusal, 'page', () => expect.unreachable());
    expect(Object.values(codes)).toContain(page.code);
    const told = retryAfterMs ?? (typeof more['retryAfterMs'] === 'number' ? more['retryAfterMs'] : null);
    expect(page).toEqual({ code: page.code, message: sentence, ...(told !== null && { data: { retryAfterMs: told } }) });
    const own = toWireError(refusal, 'own', () => expect.unreachable());
    expect(own).toMatchObject({ code: page.code, data: { reason: why } });
    expect(new RpcError(own).reason).toBe(why);
  },
);

property(
  'what nobody foresaw leaves as an internal error and goes whole to the log',
  [
    fc.oneof(
      json,
      text().map((words) => new Error(words)),
      text().map((words) => new ProtocolError('malformed', words)),
    ),
    fc.constantFrom('own', 'page'),
  ],
  (thrown, audience) => {
    const logged: unknown[] = [];
    expect(toWireError(thrown, audience, (error) => logged.push(error))).toEqual({ code: codes.internal, message: 'internal error' });
    expect(logged).toEqual([thrown]);
  },
);
