import { readFileSync, writeFileSync } from 'node:fs';
import { ParseError, type Parser } from '../../src/parse.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';
import { goodParams, membersOf } from './schema.ts';

const path = new URL('../../docs/provider.md', import.meta.url);
const marks = ['<!-- made from src/rpc/schemas.ts by `npm run gen` -->\n', '<!-- end -->'] as const;

/** What no member takes, or nearly none: what is said of them tells what is expected. */
const wrong: readonly unknown[] = [5, -1, 0.5, '', 'x'.repeat(2_000_000), [], {}, null, Array(1001).fill(null)];
/** What some take: where it is refused all the same, another member stands in its way. */
const right: readonly unknown[] = ['abc', [`0x${'ab'.repeat(20)}`]];

const read = (): string => readFileSync(path, 'utf8');

/** The part of docs/provider.md that is made, as it stands there. */
export const tableInDocs = (): string => read().split(marks[0])[1]?.split(marks[1])[0] ?? '';

/** The same as it should be: a row for every member of every method, made by asking the schemas. */
export function parameterTable(): string {
  const rows = (Object.keys(pageParams) as PageMethod[]).flatMap((method) => {
    const parser = pageParams[method] as Parser<unknown>;
    return membersOf(parser, goodParams[method]).map((member) => {
      const { needed, expected } = describe(parser, goodParams[method], member);
      return `| \`${method}\` | \`${member}\` | ${needed} | ${expected} |`;
    });
  });
  return ['| method | member | | what is taken |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

export function writeParameterTable(): void {
  const [before, rest = ''] = read().split(marks[0]);
  writeFileSync(path, `${before}${marks[0]}${parameterTable()}${marks[1]}${rest.split(marks[1])[1] ?? ''}`);
}

function describe(parser: Parser<unknown>, good: object, member: string): { readonly needed: string; readonly expected: string } {
  const at = `params.${member.replaceAll('[]', '[0]')}`;
  const complaint = (value: unknown): ParseError | null => {
    try {
      parser(put(good, member, value), 'params');
      return null;
    } catch (error) {
      if (error instanceof ParseError) return error;
      throw error;
    }
  };
  const said = wrong.map(complaint).filter((error) => error !== null);
  const own = said.filter((error) => error.path === at).map(({ expected }) => expected);
  const either = [undefined, ...right].map(complaint).find((error) => error?.path === 'params' && error.expected.startsWith('either'));
  const needed = either ? either.expected : complaint(undefined)?.path === at ? 'needed' : '';
  // What says most is longest.
  const [expected = 'a map of texts'] = own.sort((a, b) => b.length - a.length);
  const star = complaint('*') === null && !expected.startsWith('a string') ? 'or `"*"`' : '';
  return { needed: member.endsWith('[]') ? '' : needed, expected: `${expected} ${star}`.trim() };
}

/** A copy in which one member is another; undefined takes it out. Lists on the way there get an element if they have none. */
function put(good: object, member: string, value: unknown): object {
  const [first = '', ...rest] = member.replaceAll('[]', '.0').split('.');
  const copy = structuredClone(good) as Record<string, unknown>;
  if (rest.length === 0) copy[first] = value;
  else copy[first] = put((copy[first] ?? (rest[0] === '0' ? [] : {})) as object, rest.join('.'), value);
  return copy;
}
