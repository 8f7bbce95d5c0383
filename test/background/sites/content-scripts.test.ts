import { describe, expect, it } from 'vitest';
import { registerContentScripts } from '../../../src/background/sites/content-scripts.ts';

type Api = Parameters<typeof registerContentScripts>[0];
type Script = Parameters<Api['registerContentScripts']>[0][number];

/** A registry that behaves as the browsers' does: a second registration of one id is an error. */
function registry(accepts: (pattern: string) => boolean = () => true) {
  const scripts = new Map<string, Script>();
  const check = (list: Script[]): void => {
    for (const script of list) if (!script.matches?.every(accepts)) throw new Error('invalid match pattern');
  };
  const api: Api = {
    getRegisteredContentScripts: async (filter) => [...scripts.values()].filter(({ id }) => filter?.ids?.includes(id)),
    registerContentScripts: async (list) => {
      check(list);
      for (const script of list) {
        if (scripts.has(script.id)) throw new Error(`duplicate script id ${script.id}`);
        scripts.set(script.id, script);
      }
    },
    unregisterContentScripts: async (filter) => {
      for (const id of filter?.ids ?? []) if (!scripts.delete(id)) throw new Error(`no script ${id}`);
    },
    updateContentScripts: async (list) => {
      check(list as Script[]);
      for (const script of list) scripts.set(script.id, script as Script);
    },
  };
  return { api, scripts };
}

const everywhere = { mode: 'all', sites: [] } as const;

describe('registering the content scripts', () => {
  it('puts one script in the world of the page and one beside it, in the top frame, before the page runs', async () => {
    const { api, scripts } = registry();
    await registerContentScripts(api, everywhere);
    expect([...scripts.values()].map(({ js, world, runAt, allFrames }) => ({ js, world, runAt, allFrames }))).toEqual([
      { js: ['inpage.js'], world: 'MAIN', runAt: 'document_start', allFrames: false },
      { js: ['content.js'], world: 'ISOLATED', runAt: 'document_start', allFrames: false },
    ]);
  });

  it('can be repeated at every start', async () => {
    const { api, scripts } = registry();
    await registerContentScripts(api, everywhere);
    await registerContentScripts(api, everywhere);
    expect(scripts.size).toBe(2);
  });

  it('goes without the IPv6 loopback where the browser cannot match it', async () => {
    const { api, scripts } = registry((pattern) => !pattern.includes('['));
    await registerContentScripts(api, everywhere);
    expect(scripts.get('content')?.matches).toEqual(['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*']);
  });

  it('covers the chosen sites alone, none of them, and everything again', async () => {
    const { api, scripts } = registry();
    await registerContentScripts(api, everywhere);
    await registerContentScripts(api, { mode: 'enabled', sites: ['https://shop.example', 'http://localhost'] });
    expect([...scripts.values()].map(({ matches }) => matches)).toEqual(Array(2).fill(['https://shop.example/*', 'http://localhost/*']));
    await registerContentScripts(api, { mode: 'enabled', sites: [] });
    expect(scripts.size).toBe(0);
    await registerContentScripts(api, { mode: 'enabled', sites: [] });
    await registerContentScripts(api, everywhere);
    expect(scripts.get('content')?.matches).toContain('https://*/*');
  });

  it('tells the script of the page to hide until it is asked for', async () => {
    const { api, scripts } = registry();
    await registerContentScripts(api, { mode: 'asked', sites: [] });
    expect([scripts.get('inpage')?.js, scripts.get('content')?.js]).toEqual([['shy.js', 'inpage.js'], ['content.js']]);
    await registerContentScripts(api, everywhere);
    expect(scripts.get('inpage')?.js).toEqual(['inpage.js']);
  });
});
