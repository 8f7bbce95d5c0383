import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canApt, install } from './apt.ts';
import { CommandError } from './processes.ts';

export type BrowserKind = 'chromium' | 'firefox';

export interface FoundBrowser {
  readonly kind: BrowserKind;
  readonly path: string;
  /** Chrome and Edge as their makers ship them ignore --load-extension. */
  readonly branded: boolean;
}

interface Candidate {
  readonly path: string;
  readonly branded: boolean;
}

const variables = { chromium: 'CHROME_PATH', firefox: 'FIREFOX_PATH' } as const;

/** Finds an installed browser: the variable first, then the usual places. @throws CommandError that says what to install. */
export function findBrowser(kind: BrowserKind): FoundBrowser {
  const found = lookForBrowser(kind);
  if (found) return found;
  throw new CommandError(howToInstall(kind));
}

/** Like `findBrowser`, with null for none. @throws CommandError when the variable names no program. */
export function lookForBrowser(kind: BrowserKind): FoundBrowser | null {
  const given = process.env[variables[kind]];
  if (given) {
    if (!runs(given)) throw new CommandError(`${variables[kind]} is ${given}, where there is no program.`);
    return { kind, path: given, branded: isBranded(given) };
  }
  const found = candidates(kind).find(({ path }) => runs(path));
  return found ? { kind, ...found } : null;
}

/** Makes sure that the browsers are there; as root on Debian it installs what is missing. @throws CommandError that says what to install. */
export function ensureBrowsers(kinds: readonly BrowserKind[] = ['chromium', 'firefox']): void {
  const missing = kinds.filter((kind) => lookForBrowser(kind) === null);
  const fontMissing = process.platform === 'linux' && !existsSync('/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf');
  const packages: string[] = missing.map((kind) => (kind === 'chromium' ? 'chromium' : 'firefox-esr'));
  if (canApt()) {
    if (fontMissing) packages.push('fonts-noto-color-emoji');
    if (packages.length > 0) {
      const installed = install(...packages);
      // The font only makes pictures of emoji; without it everything still runs.
      if (!installed && missing.length > 0) throw new CommandError(`apt-get could not install ${packages.join(', ')} (see above).`);
    }
  }
  for (const kind of kinds) findBrowser(kind);
}

function candidates(kind: BrowserKind): Candidate[] {
  const plain = (paths: string[]): Candidate[] => paths.map((path) => ({ path, branded: false }));
  const branded = (paths: string[]): Candidate[] => paths.map((path) => ({ path, branded: true }));
  if (process.platform === 'darwin') {
    const apps = ['/Applications', join(process.env['HOME'] ?? '', 'Applications')];
    const app = (name: string): string[] =>
      apps.map((folder) => `${folder}/${name}.app/Contents/MacOS/${name.toLowerCase() === 'firefox' ? 'firefox' : name}`);
    if (kind === 'firefox')
      return plain([...app('Firefox'), ...app('Firefox Developer Edition').map((path) => path.replace(/[^/]+$/, 'firefox'))]);
    return [...plain([...app('Chromium'), ...app('Brave Browser')]), ...branded([...app('Google Chrome'), ...app('Microsoft Edge')])];
  }
  if (process.platform === 'win32') {
    const folders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => process.env[name] ?? []);
    const exe = (path: string): string[] => folders.map((folder) => `${folder}\\${path}`);
    if (kind === 'firefox') return plain([...exe('Mozilla Firefox\\firefox.exe'), ...exe('Firefox Developer Edition\\firefox.exe')]);
    return [
      ...plain([...exe('Chromium\\Application\\chrome.exe'), ...exe('BraveSoftware\\Brave-Browser\\Application\\brave.exe')]),
      ...branded([...exe('Google\\Chrome\\Application\\chrome.exe'), ...exe('Microsoft\\Edge\\Application\\msedge.exe')]),
    ];
  }
  if (kind === 'firefox') return plain([...onPath('firefox-esr', 'firefox'), '/opt/firefox/firefox', '/snap/bin/firefox']);
  return [
    ...plain([...onPath('chromium', 'chromium-browser', 'brave-browser', 'brave'), '/snap/bin/chromium', '/opt/brave.com/brave/brave']),
    ...branded([
      ...onPath('google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable'),
      '/opt/google/chrome/chrome',
    ]),
  ];
}

function onPath(...names: string[]): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)).filter(runs));
}

function runs(path: string): boolean {
  try {
    accessSync(path, process.platform === 'win32' ? constants.F_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isBranded(path: string): boolean {
  return /google[ -]?chrome|google\/chrome|google\\chrome|edge/i.test(path);
}

function howToInstall(kind: BrowserKind): string {
  const chromium = kind === 'chromium';
  const name = chromium ? 'Chromium (or Chrome, Edge, Brave)' : 'Firefox (142 or newer)';
  const how: Partial<Record<NodeJS.Platform, string>> = {
    linux: chromium
      ? 'Debian: sudo apt-get install chromium   Fedora: sudo dnf install chromium   Arch: sudo pacman -S chromium   Ubuntu: sudo snap install chromium'
      : 'Debian: sudo apt-get install firefox-esr   Fedora: sudo dnf install firefox   Arch: sudo pacman -S firefox   Ubuntu: sudo snap install firefox',
    darwin: chromium ? 'brew install --cask chromium' : 'brew install --cask firefox',
    win32: chromium ? 'winget install Hibbiki.Chromium' : 'winget install Mozilla.Firefox',
  };
  return `No ${name} was found. Install it:\n  ${how[process.platform] ?? 'from its maker'}\nor set ${variables[kind]} to the program and run the command again.`;
}
