import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { fromHex, type Random, toHex } from '../../src/protocol/bytes.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';

/** The members of one JSON object of a vector, read by the type that a check expects there. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    assert(typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object');
    this.#values = value as Record<string, unknown>;
  }

  /** Whether the member is there at all; `null` counts as there. */
  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** Whether the member is there and not `null`. */
  given(name: string): boolean {
    return this.has(name) && this.#values[name] !== null;
  }

  text(name: string): string {
    const value = this.#values[name];
    assert(typeof value === 'string', `${name}: expected a text`);
    return value;
  }

  /** Bytes, which vectors write as hex. */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    return fromHex(this.text(name));
  }

  /** A 64-bit number, which vectors write as a decimal text. */
  long(name: string): bigint {
    return BigInt(this.text(name));
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    assert(typeof value === 'boolean', `${name}: expected true or false`);
    return value;
  }

  fields(name: string): Fields {
    return new Fields(this.#values[name]);
  }

  list(name: string): readonly unknown[] {
    const value = this.#values[name];
    assert(Array.isArray(value), `${name}: expected a list`);
    return value;
  }

  texts(name: string): string[] {
    return this.list(name).map((value) => {
      assert(typeof value === 'string', `${name}: expected texts`);
      return value;
    });
  }

  /** All members as they stand in the file. */
  get all(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  /** The member as it stands in the file. */
  raw(name: string): unknown {
    return this.#values[name];
  }
}

/** One case of a vector file. */
export interface Vector {
  readonly id: string;
  readonly category: string;
  readonly in: Fields;
  /** What is to come out: `expect` where the case spells it out, else what the reference client returned. */
  readonly out: Fields;
  /** Whether a careful implementation refuses; `expect` decides before `recommended`, and that before `ok`. */
  readonly refused: boolean;
  readonly recommended: string | undefined;
  readonly informative: boolean;
  /** Which set of people the case is about. */
  readonly family: number;
  /** The people of that set, from the list of actors beside the file; none where there is no list. */
  readonly actors: readonly Fields[];
}

/** One way to check cases: it applies to those whose `in` has all members that it needs. */
export interface Check {
  readonly needs: readonly string[];
  readonly when?: (vector: Vector) => boolean;
  readonly run: (vector: Vector) => void | Promise<void>;
}

/** Reads one entry of a file's `cases`. @throws when it has not the shape of a case. */
export const readVector = (value: unknown, actors: readonly Fields[] = []): Vector => {
  const fields = new Fields(value);
  const reference = fields.fields('out');
  const out = reference.given('expect') ? reference.fields('expect') : reference;
  const recommended = reference.given('recommended') ? reference.text('recommended') : undefined;
  const decidedByOk = reference.given('expect') || recommended === undefined;
  return {
    id: fields.text('id'),
    category: fields.text('category'),
    in: fields.fields('in'),
    out,
    refused: decidedByOk ? out.raw('ok') === false : recommended === 'reject',
    recommended,
    informative: fields.raw('informative') === true,
    family: fields.raw('family') as number,
    actors: actors.filter((actor) => actor.raw('family') === fields.raw('family')),
  };
};

/** Fails unless the action is refused by a ProtocolError; an error of a library that leaks out is a failure too. */
export const mustRefuse = async (action: () => unknown): Promise<ProtocolError> => {
  try {
    await action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw new Error(`refused by ${String(error)} instead of a ProtocolError`, { cause: error });
  }
  throw new Error('accepted what must be refused');
};

/** Fails unless the bytes equal those of the member. */
export const sameBytes = (actual: Uint8Array, expected: Fields, name: string): void => same(toHex(actual), expected.text(name), name);

/** Fails, with both sides in the message, unless the values are equal. */
export const same = (actual: unknown, expected: unknown, name: string): void => {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${name}: expected ${brief(expected)}, got ${brief(actual)}`);
};

/** A source of randomness that hands out the given pieces one after the other, each for a request of exactly its length. */
export const randomFrom = (...pieces: Uint8Array<ArrayBuffer>[]): Random => {
  const left = [...pieces];
  return (length) => {
    const piece = left.shift();
    assert(piece !== undefined && piece.length === length, `asked for ${length} random bytes that the vector does not give`);
    return piece;
  };
};

const brief = (value: unknown): string => {
  const text = JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? `${member}` : member)) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
};
