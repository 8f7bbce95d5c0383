/**
 * Parsers for untrusted JSON: each takes a value and the path that leads to it, and returns a typed copy or throws.
 * Objects refuse members that they do not name. Nothing here coerces.
 */

/** Bad input: which member, and what was expected there. */
export class ParseError extends Error {
  readonly path: string;
  readonly expected: string;

  constructor(path: string, expected: string) {
    super(`${path || 'value'}: expected ${expected}`);
    this.name = 'ParseError';
    this.path = path;
    this.expected = expected;
  }
}

export type Parser<T> = (value: unknown, path: string) => T;
export type Parsed<P> = P extends Parser<infer T> ? T : never;

/** Runs a parser from the root of a value. @throws ParseError */
export const parse = <T>(parser: Parser<T>, value: unknown, path = ''): T => parser(value, path);

/** A string of `min` to `max` UTF-16 code units. */
export const string =
  ({ min = 0, max = 1 << 20 }: { min?: number; max?: number } = {}): Parser<string> =>
  (value, path) => {
    if (typeof value !== 'string') throw new ParseError(path, 'a string');
    if (value.length < min || value.length > max) throw new ParseError(path, `a string of ${min} to ${max} characters`);
    return value;
  };

/** A string that matches `pattern`; `expected` completes "expected …". */
export const matching =
  (pattern: RegExp, expected: string): Parser<string> =>
  (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new ParseError(path, expected);
    return value;
  };

/** A safe integer from `min` to `max`, both included. */
export const integer =
  ({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): Parser<number> =>
  (value, path) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max)
      throw new ParseError(path, `a whole number from ${min} to ${max}`);
    return value as number;
  };

export const boolean: Parser<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new ParseError(path, 'true or false');
  return value;
};

/** Any JSON value, passed on as it is to somebody who parses it. */
export const unknown: Parser<unknown> = (value) => value;

/** One of the given literals. */
export const oneOf =
  <const T extends string | number | null>(...values: readonly T[]): Parser<T> =>
  (value, path) => {
    const found = values.find((each) => each === value);
    if (found === undefined) throw new ParseError(path, values.map((each) => JSON.stringify(each)).join(' or '));
    return found;
  };

/** The shape of an address. Its EIP-55 checksum is judged in the background, where keccak is at hand. */
export const addressText = matching(/^0x[0-9a-fA-F]{40}$/, 'an address (0x and 40 hex digits)');

export const array =
  <T>(item: Parser<T>, { min = 0, max = 1000 }: { min?: number; max?: number } = {}): Parser<T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) throw new ParseError(path, 'a list');
    if (value.length < min || value.length > max) throw new ParseError(path, `a list of ${min} to ${max} items`);
    return value.map((each, index) => item(each, `${path}[${index}]`));
  };

/** A string-to-string map with at most `max` members; returned without a prototype. */
export const stringMap =
  ({ max = 32, length = 1024 }: { max?: number; length?: number } = {}): Parser<Record<string, string>> =>
  (value, path) => {
    const entries = Object.entries(plainObject(value, path));
    if (entries.length > max) throw new ParseError(path, `at most ${max} members`);
    const result: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [key, each] of entries) {
      if (key.length > length) throw new ParseError(path, `member names of at most ${length} characters`);
      result[key] = string({ max: length })(each, join(path, key));
    }
    return result;
  };

const optionalMark = Symbol('optional');
type Optional<T> = Parser<T | undefined> & { [optionalMark]: true };
type Fields = Record<string, Parser<unknown>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Optional<unknown> ? K : never;
}[keyof F];
type ObjectOf<F extends Fields> = {
  [K in Exclude<keyof F, OptionalKeys<F>>]: Parsed<F[K]>;
} & { [K in OptionalKeys<F>]?: Exclude<Parsed<F[K]>, undefined> };

/** Marks a member that may be absent (or undefined). */
export const optional = <T>(parser: Parser<T>): Optional<T> =>
  Object.assign((value: unknown, path: string) => (value === undefined ? undefined : parser(value, path)), {
    [optionalMark]: true as const,
  });

/** The same, or null. */
export const nullable =
  <T>(parser: Parser<T>): Parser<T | null> =>
  (value, path) =>
    value === null ? null : parser(value, path);

/** An object of exactly these members; members that are not named are refused. An absent value counts as `{}`. */
export const object =
  <F extends Fields>(fields: F): Parser<ObjectOf<F>> =>
  (value, path) => {
    const source = value === undefined ? {} : plainObject(value, path);
    for (const key of Object.keys(source)) if (!Object.hasOwn(fields, key)) throw new ParseError(join(path, key), 'no such member');
    const result: Record<string, unknown> = {};
    for (const [key, parser] of Object.entries(fields)) {
      const member = Object.hasOwn(source, key) ? source[key] : undefined;
      if (member === undefined && !(optionalMark in parser)) throw new ParseError(join(path, key), 'a value');
      const parsed = parser(member, join(path, key));
      if (parsed !== undefined) result[key] = parsed;
    }
    return result as ObjectOf<F>;
  };

function plainObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ParseError(path, 'an object');
  return value as Record<string, unknown>;
}

const join = (path: string, key: string): string => (path ? `${path}.${key}` : key);
