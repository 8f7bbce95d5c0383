import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { methods } from '../../src/background/methods.ts';
import { contentTypes } from '../../src/content-types/index.ts';
import { ParseError, type Parser } from '../../src/parse.ts';
import { codes } from '../../src/rpc/errors.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';
import { codes as sdkCodes } from '../../src/sdk/index.ts';
import { parameterTable, tableInDocs } from '../support/reference.ts';
import { goodParams, membersOf } from '../support/schema.ts';

const reference = readFileSync(new URL('../../docs/provider.md', import.meta.url), 'utf8');

/** The rows of the table under a heading, each as its cells. */
function table(heading: string): string[][] {
  const [, section = ''] = reference.split(`\n## ${heading}\n`);
  const rows = section
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
  return rows?.slice(1).filter(([first = '']) => !/^-+$/.test(first)) ?? [];
}

const coded = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** The members that a cell of parameters names; what stands deeper is told elsewhere. */
function membersIn(params: string): string[] {
  return coded(params)
    .filter((text) => text.startsWith('{'))
    .flatMap(
      (text) => text.replace(/\[?\{(?!.*\{).*?\}\[?\]?/, (inner) => (inner === text ? inner : '')).match(/[A-Za-z]+(?=\??\s*[,:}])/g) ?? [],
    );
}

describe('the reference in docs/provider.md', () => {
  test('names every method that a page can call, and no other', () => {
    const named = table('Methods').flatMap(([method]) => coded(method));
    expect(named.sort()).toEqual(Object.keys(pageParams).sort());
    expect(named.sort()).toEqual(
      Object.keys(methods)
        .filter((name) => name.startsWith('xmtp_'))
        .sort(),
    );
  });

  test.each(table('Methods'))('names for %s every member that it takes, and no other', (method = '', params = '') => {
    const name = coded(method)[0] as PageMethod;
    const parser = pageParams[name] as Parser<unknown>;
    const members = membersOf(parser, goodParams[name]).filter((each) => !each.includes('['));
    const sentence = params.slice(0, params.includes('without `') ? params.indexOf('without `') : undefined);
    expect([...new Set(membersIn(sentence))].sort()).toEqual(members.sort());
    expect(() => parser({ noSuchMember: 1 }, 'params')).toThrow(ParseError);
  });

  test('says of every member what the schemas say (`npm run gen` writes it)', () => {
    expect(tableInDocs()).toBe(parameterTable());
  });

  test('is read as it is written', () => {
    const params = (method: string): string[] => membersIn(table('Methods').find(([name]) => coded(name)[0] === method)?.[1] ?? '');
    expect(params('xmtp_listMessages')).toEqual(['conversation', 'limit', 'order', 'after', 'before', 'cursor']);
    expect(params('xmtp_keystore')).toEqual(['method', 'request']);
    expect(params('xmtp_requestPermissions')).toEqual(['permissions']);
  });

  test('has every code of an error, as the package has them', () => {
    const named = table('Errors').flatMap(([code = '']) => Number(code));
    expect(named.sort((a, b) => a - b)).toEqual(Object.values(codes).sort((a, b) => a - b));
    expect(sdkCodes).toEqual(codes);
  });

  test('has every type of content', () => {
    const named = table('Content types').flatMap(([type]) => coded(type));
    expect(named.sort()).toEqual(contentTypes.map(({ id }) => id).sort());
  });
});
