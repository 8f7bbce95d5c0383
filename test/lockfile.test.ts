import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const folders = ['..', 'interop/waku'];
const packages = folders.flatMap((folder) =>
  Object.entries((read(`${folder}/package-lock.json`) as { packages: Record<string, Locked> }).packages).filter(([path]) => path !== ''),
);

describe('the lockfile', () => {
  test('names every package by its hash and none by an address', () => {
    expect(packages.length).toBeGreaterThan(20);
    for (const [path, locked] of packages) {
      expect(locked.integrity, path).toMatch(/^sha512-/);
      expect(locked.resolved, path).toBeUndefined();
      expect(locked.link, path).toBeUndefined();
    }
  });

  test('package.json pins exact versions', () => {
    for (const folder of folders) {
      const manifest = read(`${folder}/package.json`) as Record<string, Record<string, string>>;
      for (const group of ['dependencies', 'devDependencies', 'optionalDependencies']) {
        for (const [name, version] of Object.entries(manifest[group] ?? {})) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      }
    }
  });

  test('install scripts stay switched off', () => {
    for (const folder of folders)
      expect(readFileSync(new URL(`${folder}/.npmrc`, import.meta.url), 'utf8')).toContain('ignore-scripts=true');
  });
});
