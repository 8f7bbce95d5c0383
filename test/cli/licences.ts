import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the page about Parley shows of a package that is part of it. */
export interface Licence {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  readonly text: string;
}

/** The folder of the package that a module comes from; null for our own modules. */
export function packageOf(moduleId: string): string | null {
  const path = moduleId.replaceAll('\\', '/').replace(/^\0/, '').split('?')[0] ?? '';
  // The last one: a package may have packages of its own.
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? null;
}

/** The licences of the packages in these folders, by name. `root`: our own folder. @throws when one of them has none that we could show */
export function licencesOf(folders: Iterable<string>, root: string): Licence[] {
  const all = [...new Set(folders)].map((folder) => {
    const { name, version, license: licence } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
    if (!name || !version || !licence) throw new Error(`${folder} says neither what it is nor under which licence`);
    return { name, version, licence, text: textOf(folder, licence, root) };
  });
  return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

function textOf(folder: string, licence: string, root: string): string {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying)([.-]|$)/i.test(file));
  if (files.length > 0)
    return files
      .sort()
      .map((file) => readFileSync(join(folder, file), 'utf8').trim())
      .join('\n\n');
  // Some packages name the Apache License and leave its text to the reader; it is the same wherever it stands.
  if (licence.includes('Apache-2.0')) return readFileSync(join(root, 'public/licences/Apache-2.0.txt'), 'utf8').trim();
  throw new Error(`${folder} brings no text of its licence (${licence})`);
}
