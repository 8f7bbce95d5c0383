import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';

let node: RunningNode;

beforeAll(async () => {
  node = await startNode({ pages: fileURLToPath(new URL('../../public', import.meta.url)) });
});
afterAll(() => node.close());

describe.each(['demo', 'link', 'write'])('the page /%s', (name) => {
  test('is found with and without its slash, under a policy that lets nothing in from elsewhere and nothing inline', async () => {
    for (const path of [`/${name}`, `/${name}/`, `/${name}/index.html`]) {
      const page = await fetch(node.url + path);
      expect([path, page.status, page.headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  test('consists of files that the node serves, and asks nobody else for anything', async () => {
    const html = await (await fetch(`${node.url}/${name}/`)).text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/i); // the policy would refuse them
    const named = [...html.matchAll(/<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]+)"/g)].map(([, url]) => url as string);
    expect(named.length).toBeGreaterThan(1);
    for (const url of named.filter((each) => !each.startsWith('data:'))) {
      const file = new URL(url, `${node.url}/${name}/`);
      expect(file.origin).toBe(node.url);
      const answer = await fetch(file);
      expect([url, answer.status]).toEqual([url, 200]);
      // Types of others are named in comments by `import('…')`, which asks for nothing.
      const text = (await answer.text()).replace(/\/\*[\s\S]*?\*\//g, '');
      expect(text).not.toMatch(/@import|url\(\s*["']?https?:|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\(/);
    }
  });
});

test('the wallet page asks no wallet for anything by itself', () => {
  const code = readFileSync(new URL('../../public/link/link.js', import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(code).not.toMatch(/\.request\(|eth_|personal_sign|postMessage|innerHTML/);
});

test('other folders are nobody’s business', async () => {
  for (const path of ['/icons/icon-16.png', '/link/../manifest.json', '/link/%2e%2e/%2e%2e/package.json', '/link/nothing.js', '/linked/'])
    expect([path, (await fetch(node.url + path)).status]).toEqual([path, 404]);
  expect((await fetch(`${node.url}/link/`, { method: 'POST' })).status).toBe(404);
});
