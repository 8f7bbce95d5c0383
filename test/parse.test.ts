import { describe, expect, test } from 'vitest';
import {
  addressText,
  array,
  boolean,
  integer,
  matching,
  object,
  oneOf,
  optional,
  ParseError,
  type Parser,
  parse,
  string,
  stringMap,
  unknown,
} from '../src/parse.ts';

/** What a parser says of a value that it refuses. */
function refusal(parser: Parser<unknown>, value: unknown): { path: string; expected: string } {
  try {
    parse(parser, value, 'params');
  } catch (error) {
    if (error instanceof ParseError) return { path: error.path, expected: error.expected };
    throw error;
  }
  throw new Error(`${JSON.stringify(value)} was taken`);
}

describe('a parser', () => {
  test.each<[string, Parser<unknown>, unknown]>([
    ['a string', string(), 'text'],
    ['an empty string', string(), ''],
    ['the longest string', string({ max: 3 }), 'abc'],
    ['a string of a shape', matching(/^a+$/, 'only a'), 'aaa'],
    ['zero', integer(), 0],
    ['the largest number', integer({ max: 5 }), 5],
    ['false', boolean, false],
    ['null where it is one of the values', oneOf(null, 5), null],
    ['any JSON', unknown, { a: [null] }],
    ['an address', addressText, `0x${'aB'.repeat(20)}`],
    ['an empty list', array(integer()), []],
    ['a list', array(integer()), [1, 2]],
  ])('returns %s as it is', (_, parser, value) => {
    expect(parse(parser, value)).toEqual(value);
  });

  test.each<[string, Parser<unknown>, unknown]>([
    ['a number for a string', string(), 1],
    ['a string object', string(), Object('text')],
    ['a string that is too short', string({ min: 1 }), ''],
    ['a string that is too long', string({ max: 3 }), 'abcd'],
    ['another shape', matching(/^a+$/, 'only a'), 'ab'],
    ['a shape that only begins well', addressText, `0x${'ab'.repeat(20)}0`],
    ['an address with a line behind it', addressText, `0x${'ab'.repeat(20)}\n`],
    ['a numeral for a number', integer(), '1'],
    ['a fraction', integer(), 1.5],
    ['no number', integer(), Number.NaN],
    ['infinity', integer(), Number.POSITIVE_INFINITY],
    ['a number that is not safe', integer(), 2 ** 53],
    ['a number below', integer({ min: 1 }), 0],
    ['a number above', integer({ max: 5 }), 6],
    ['one for true', boolean, 1],
    ['another literal', oneOf('a', 'b'), 'c'],
    ['undefined where null is meant', oneOf(null), undefined],
    ['an object like a list', array(unknown), { length: 0 }],
    ['a list that is too long', array(unknown, { max: 1 }), [1, 2]],
    ['a list that is too short', array(unknown, { min: 1 }), []],
    ['null for an object', object({}), null],
    ['a list for an object', object({}), []],
    ['text for an object', object({}), '{}'],
  ])('refuses %s and names the member', (_, parser, value) => {
    expect(refusal(parser, value).path).toBe('params');
  });

  test('names the item and the member that are wrong', () => {
    const parser = object({ peers: array(object({ name: string() })) });
    expect(refusal(parser, { peers: [{ name: 'a' }, { name: 1 }] })).toEqual({ path: 'params.peers[1].name', expected: 'a string' });
  });
});

describe('an object', () => {
  const parser = object({ a: string(), b: optional(integer()) });

  test('keeps the members that it names', () => {
    expect(parse(parser, { a: 'x', b: 1 })).toEqual({ a: 'x', b: 1 });
  });

  test('leaves an absent or undefined member out', () => {
    expect(Object.keys(parse(parser, { a: 'x', b: undefined }))).toEqual(['a']);
  });

  test('refuses null for an optional member', () => {
    expect(refusal(parser, { a: 'x', b: null }).path).toBe('params.b');
  });

  test('refuses a missing member', () => {
    expect(refusal(parser, { b: 1 })).toEqual({ path: 'params.a', expected: 'a value' });
  });

  test('counts an absent value as an object without members', () => {
    expect(parse(object({}), undefined)).toEqual({});
    expect(refusal(parser, undefined).path).toBe('params.a');
  });

  test.each(['c', 'constructor', 'hasOwnProperty', 'toString'])('refuses the member %s, which it does not name', (name) => {
    expect(refusal(parser, { a: 'x', [name]: 1 })).toEqual({ path: `params.${name}`, expected: 'no such member' });
  });

  test('refuses __proto__ as a member of its own, as JSON can bring it', () => {
    expect(refusal(parser, JSON.parse('{ "a": "x", "__proto__": { "b": 1 } }')).path).toBe('params.__proto__');
  });

  test('does not see members that are inherited', () => {
    expect(refusal(parser, Object.create({ a: 'x' })).path).toBe('params.a');
  });
});

describe('a map of strings', () => {
  test('returns its members without a prototype', () => {
    const map = parse(stringMap(), { a: '1', constructor: '2' });
    expect(Object.getPrototypeOf(map)).toBeNull();
    expect({ ...map }).toEqual({ a: '1', constructor: '2' });
  });

  test('keeps __proto__ a member like any other', () => {
    const map = parse(stringMap(), JSON.parse('{ "__proto__": "x" }'));
    expect(Object.keys(map)).toEqual(['__proto__']);
  });

  test.each<[string, unknown]>([
    ['values that are no strings', { a: 1 }],
    ['more members than it may have', { a: '', b: '', c: '' }],
    ['a name that is too long', { abcde: '' }],
    ['a value that is too long', { a: 'abcde' }],
  ])('refuses %s', (_, value) => {
    expect(refusal(stringMap({ max: 2, length: 4 }), value).path).toContain('params');
  });
});
