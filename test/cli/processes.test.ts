import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashOf, readOptions } from './processes.ts';

describe('options of a command', () => {
  const known = { port: 'text', firefox: 'flag' } as const;

  test('are read as --name value, --name=value and --flag', () => {
    expect(readOptions(['--port', '8080', '--firefox'], known)).toEqual({ port: '8080', firefox: true });
    expect(readOptions(['--port=8080'], known)).toEqual({ port: '8080' });
    expect(readOptions([], known)).toEqual({});
  });

  test('that nobody knows are refused with a list of those there are', () => {
    expect(() => readOptions(['--prot', '1'], known)).toThrow('Unknown option --prot. There are: --port VALUE, --firefox');
    expect(() => readOptions(['start'], known)).toThrow('Unknown option start');
    expect(() => readOptions(['--constructor'], known)).toThrow('Unknown option');
  });

  test('without their value are refused', () => {
    expect(() => readOptions(['--port'], known)).toThrow('--port needs a value');
  });
});

test('the hash of a folder changes with a name and with a content, and with nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-hash-'));
  writeFileSync(join(folder, 'a'), '1');
  const first = hashOf([folder], folder);
  expect(hashOf([folder], folder)).toBe(first);
  writeFileSync(join(folder, 'a'), '2');
  const second = hashOf([folder], folder);
  writeFileSync(join(folder, 'b'), '');
  expect(new Set([first, second, hashOf([folder], folder)]).size).toBe(3);
});
