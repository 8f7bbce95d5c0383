import type { Scripting } from 'webextension-polyfill';
import type { Exposure } from '../../rpc/views/settings.ts';

/** Where `window.xmtp` can appear: secure pages, and pages of this machine. */
const everywhere = ['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*', 'http://[::1]/*'];

type Script = Scripting.RegisteredContentScript;
type Api = Pick<
  Scripting.Static,
  'getRegisteredContentScripts' | 'registerContentScripts' | 'updateContentScripts' | 'unregisterContentScripts'
>;

const scripts = (hosts: string[], shy: boolean): Script[] => [
  {
    id: 'inpage',
    // One right after the other, and both before the page: what the first says is for the second alone.
    js: shy ? ['shy.js', 'inpage.js'] : ['inpage.js'],
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
 * Registers the two content scripts for where they are wanted, or brings those of an older version up to date. Runs at every start: what is registered does
 * not survive an update, and in Firefox a temporary installation not even a restart. Pages that are open stay as they are until they are loaded again.
 */
export async function registerContentScripts(api: Api, { mode, sites }: Exposure): Promise<void> {
  const hosts = mode === 'enabled' ? sites.map((site) => `${site}/*`) : everywhere;
  try {
    await put(api, hosts, mode === 'asked');
  } catch (error) {
    // A browser that cannot match an IPv6 host refuses the whole list.
    console.warn('content scripts without IPv6 loopback', error);
    await put(
      api,
      hosts.filter((host) => !host.includes('[')),
      mode === 'asked',
    );
  }
}

async function put(api: Api, hosts: string[], shy: boolean): Promise<void> {
  const wanted = scripts(hosts, shy);
  const ids = wanted.map(({ id }) => id);
  const known = new Set((await api.getRegisteredContentScripts({ ids })).map(({ id }) => id));
  if (hosts.length === 0) {
    if (known.size > 0) await api.unregisterContentScripts({ ids: [...known] });
    return;
  }
  const old = wanted.filter(({ id }) => known.has(id));
  const fresh = wanted.filter(({ id }) => !known.has(id));
  if (old.length > 0) await api.updateContentScripts(old);
  if (fresh.length > 0) await api.registerContentScripts(fresh);
}
