import { RefusalError } from '../../rpc/errors.ts';
import type { Exposure } from '../../rpc/views.ts';
import { createExclusive } from '../exclusive.ts';
import type { Preferences } from '../settings.ts';

/** Where pages see `window.xmtp`. */
export interface ExposureService {
  /** Brings what the browser runs in pages in step with the setting. */
  apply(): Promise<void>;
  /** The site in front of the user, if the provider can appear there at all. */
  here(): Promise<string | null>;
}

interface Deps {
  readonly preferences: Pick<Preferences, 'exposure'>;
  readonly expose: (exposure: Exposure) => Promise<void>;
  readonly tabInFront: () => Promise<string | null>;
}

export function createExposure({ preferences, expose, tabInFront }: Deps): ExposureService {
  const exclusive = createExclusive();
  let applied = '';
  return {
    apply: () =>
      exclusive(async () => {
        const wanted = await preferences.exposure();
        if (JSON.stringify(wanted) === applied) return;
        await expose(wanted);
        applied = JSON.stringify(wanted);
      }),
    async here() {
      try {
        return parseSite((await tabInFront()) ?? '');
      } catch {
        return null;
      }
    },
  };
}

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Reads a site as a person types it: scheme and host, whatever the port, since browsers match no more. @throws RefusalError bad-params */
export function parseSite(text: string): string {
  const trimmed = text.trim();
  const schemed = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  let url: URL | null = null;
  try {
    url = new URL(schemed ? trimmed : `https://${trimmed}`);
  } catch {
    // refused below
  }
  const isSecure = url?.protocol === 'https:' && !url.hostname.startsWith('[');
  const isLocal = url?.protocol === 'http:' && loopback.includes(url.hostname);
  if (!url || !(isSecure || isLocal) || !/^[^*\s]+$/.test(url.hostname))
    throw new RefusalError('bad-site', 'A site is https:// and a name, or http:// on this computer.', { field: 'site' });
  return `${url.protocol}//${url.hostname}`;
}
