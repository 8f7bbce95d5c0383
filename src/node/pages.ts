import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { Code } from '@connectrpc/connect';
import { errorJson, type Request, type Response, send } from './http.ts';

/** The folders of the pages directory that are shown; anything else there is nobody's business. */
const shown = ['demo', 'link', 'write'];

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** What `/` shows; the reference has its documentation there. */
const front = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Parley node</title>
<h1>Parley node</h1>
<p>This is a node of an XMTP network. Point a client at this address.</p>
<ul>
<li><a href="/demo">Sample site</a>, for developers of pages</li>
<li><a href="/link">Wallet page</a>, through which Parley reaches a wallet in this browser</li>
<li><a href="/healthz">Health</a></li>
</ul>
</html>
`;

/** Serves `/` and the static pages below it, or says that there is no such page. */
export async function servePage(directory: string | undefined, path: string, request: Request, response: Response): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendNotFound(response);
  if (path === '/') return sendPage(response, '.html', Buffer.from(front));
  const [, folder = '', ...rest] = path.split('/');
  if (!directory || !shown.includes(folder)) return sendNotFound(response);
  if (rest.length === 0) {
    // So that what the page names relatively is found below it.
    response.statusCode = 308;
    response.setHeader('location', `/${folder}/`);
    response.end();
    return;
  }
  const root = resolve(directory, folder);
  let name: string;
  try {
    name = decodeURIComponent(rest.join('/'));
  } catch {
    return sendNotFound(response);
  }
  const file = resolve(root, name.endsWith('/') || name === '' ? join(name, 'index.html') : name);
  const type = extname(file);
  if (name.includes('\0') || !file.startsWith(root + sep) || !Object.hasOwn(types, type)) return sendNotFound(response);
  try {
    sendPage(response, type, await readFile(file));
  } catch {
    sendNotFound(response);
  }
}

function sendPage(response: Response, type: string, body: Buffer): void {
  response.setHeader('content-security-policy', contentSecurityPolicy);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cache-control', 'no-cache');
  send(response, 200, types[type] ?? 'application/octet-stream', body);
}

/** In the words of existing nodes (SPEC 13.8). */
function sendNotFound(response: Response): void {
  send(response, 404, 'application/json', errorJson(Code.NotFound, 'Not Found'));
}
