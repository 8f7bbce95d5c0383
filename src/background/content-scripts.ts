import type { Scripting } from 'webextension-polyfill';

/** Where `window.xmtp` appears: secure pages, and pages of this machine. */
const matches = ['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*', 'http://[::1]/*'];

type Script = Scripting.RegisteredContentScript;
type Api = Pick<Scripting.Static, 'getRegisteredContentScripts' | 'registerContentScripts' | 'updateContentScripts'>;

const scripts = (hosts: string[]): Script[] => [
  {
    id: 'inpage',
    js: ['inpage.js'],
    world: 'MAIN',
    matches: hosts,
    runAt: 'document_start',
    allFrames: false,
    persistAcrossSessions: true,
  },
  {
    id: 'content',
    js: ['content.js'],
    world: 'ISOLATED',
    matches: hosts,
    runAt: 'document_start',
    allFrames: false,
    persistAcrossSessions: true,
  },
];

/**
 * Registers the two content scripts, or brings those of an older version up to date. Runs at every start: what is registered does not survive an
 * update, and in Firefox a temporary installation not even a restart.
 */
export async function registerContentScripts(api: Api): Promise<void> {
  try {
    await put(api, scripts(matches));
  } catch (error) {
    // A browser that cannot match an IPv6 host refuses the whole list.
    console.warn('content scripts without IPv6 loopback', error);
    await put(api, scripts(matches.filter((host) => !host.includes('['))));
  }
}

async function put(api: Api, wanted: Script[]): Promise<void> {
  const ids = wanted.map(({ id }) => id);
  const known = new Set((await api.getRegisteredContentScripts({ ids })).map(({ id }) => id));
  const old = wanted.filter(({ id }) => known.has(id));
  const fresh = wanted.filter(({ id }) => !known.has(id));
  if (old.length > 0) await api.updateContentScripts(old);
  if (fresh.length > 0) await api.registerContentScripts(fresh);
}
