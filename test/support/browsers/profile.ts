import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A browser profile on the disk that a test looks into. */
export class Profile {
  readonly path: string;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `parley-profile-${name}-`));
  }

  /** Kills every process of the browser that runs in this profile, as a power cut would. Linux only. */
  async kill(): Promise<void> {
    const running = (): number[] =>
      readdirSync('/proc')
        .map(Number)
        .filter((pid) => pid > 0 && pid !== process.pid && commandOf(pid).includes(this.path));
    const first = running();
    if (first.length === 0) throw new Error('no browser runs in this profile');
    for (const end = Date.now() + 10_000; running().length > 0 && Date.now() < end; ) {
      for (const pid of running())
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // gone already
        }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Which of these are in some file of the profile: `name in file`. Compressed files are read as they are. */
  find(needles: Readonly<Record<string, readonly Uint8Array[]>>): string[] {
    const found: string[] = [];
    for (const entry of readdirSync(this.path, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const bytes = readFileSync(file);
      for (const [name, forms] of Object.entries(needles))
        if (forms.some((form) => bytes.includes(Buffer.from(form)))) found.push(`${name} in ${file.slice(this.path.length + 1)}`);
    }
    return found;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}

/** A text as browsers write it: in one byte a letter, or in two. */
export const formsOfText = (text: string): Uint8Array[] => [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];

/** Bytes as they are, in hex, in base64 at each of its three offsets, and as numbers in JSON. */
export function formsOfBytes(bytes: Uint8Array): Uint8Array[] {
  const hex = Buffer.from(bytes).toString('hex');
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return text.slice(offset === 0 ? 0 : 4, Math.floor(text.length / 4) * 4 - 4);
  });
  const texts = [
    hex,
    hex.toUpperCase(),
    ...base64,
    base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    [...bytes].join(','),
  ];
  return [bytes, ...texts.flat().flatMap(formsOfText)];
}
