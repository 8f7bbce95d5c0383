import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { licencesOf, packageOf } from './licences.ts';
import { root } from './processes.ts';

const folder = (name: string): string => resolve(root, 'node_modules', name);

describe('the licences of what is bundled', () => {
  it('are of the package that a module comes from, the inner one where packages hold packages', () => {
    expect(packageOf('/a/node_modules/preact/dist/preact.mjs')).toBe('/a/node_modules/preact');
    expect(packageOf('\0/a/node_modules/@noble/hashes/sha2.js?commonjs')).toBe('/a/node_modules/@noble/hashes');
    expect(packageOf('C:\\a\\node_modules\\x\\node_modules\\y\\z.js')).toBe('C:/a/node_modules/x/node_modules/y');
    expect(packageOf('/a/src/popup/main.tsx')).toBeNull();
  });

  it('come with their text, also where the package leaves the Apache License to the reader', () => {
    const licences = licencesOf([folder('preact'), folder('@bufbuild/protobuf'), folder('preact')], root);
    expect(licences.map(({ name }) => name)).toEqual(['@bufbuild/protobuf', 'preact']);
    expect(licences[0]?.text).toContain('Apache License');
    expect(licences[1]).toMatchObject({ licence: 'MIT', text: expect.stringContaining('Permission is hereby granted') });
  });

  it('stop the build where one has none to show', () => {
    expect(() => licencesOf([folder('.bin')], root)).toThrow();
  });
});
