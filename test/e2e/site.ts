import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '../support/browsers/browser.ts';

const pages: Record<string, { readonly body: string; readonly headers?: Record<string, string> }> = {
  '/': { body: '<h1>A site</h1>' },
  '/framed': { body: '<h1>In a frame</h1>' },
  // Listens before anything else of the page runs.
  '/early': {
    body: `<script>
      window.had = 'xmtp' in window;
      window.overheard = [];
      addEventListener('message', ({ data }) => window.overheard.push(data));
    </script><h1>Early</h1>`,
  },
  // Its frames report what they find; the sandboxed one cannot be asked, its origin being none.
  '/frames': {
    body: `<h1>Frames</h1><script>
      window.heard = {};
      addEventListener('message', ({ data }) => { window.heard[data.frame] = data.has; });
    </script>
    <iframe src="/report?same"></iframe>
    <iframe sandbox="allow-scripts" src="/report?sandboxed"></iframe>
    <iframe srcdoc="<script>parent.postMessage({ frame: 'srcdoc', has: 'xmtp' in window }, '*')</script>"></iframe>
    <iframe src="data:text/html,<script>parent.postMessage({ frame: 'data', has: 'xmtp' in window }, '*')</script>"></iframe>
    <script>
      const frame = (src) => document.body.appendChild(Object.assign(document.createElement('iframe'), { src }));
      frame('//localhost:' + location.port + '/report?other');
      frame(URL.createObjectURL(new Blob(["<script>parent.postMessage({ frame: 'blob', has: 'xmtp' in window }, '*')<\\/script>"], { type: 'text/html' })));
      const blank = frame('about:blank');
      setTimeout(() => { window.heard.blank = 'xmtp' in blank.contentWindow; }, 300);
    </script>`,
  },
  // Has the next page prepared before it goes there; the two tell the server what they found, since nobody who watches may watch a page that is prepared.
  '/before': {
    body: `<h1>Before</h1><script>
      const wait = (ms) => new Promise((later) => setTimeout(later, ms));
      (async () => {
        await wait(200);
        if (!('xmtp' in window)) return location.reload();
        const text = JSON.stringify({ prerender: [{ source: 'list', urls: ['/after'], eagerness: 'immediate' }] });
        document.head.append(Object.assign(document.createElement('script'), { type: 'speculationrules', text }));
        while (!(await (await fetch('/asked')).json()).includes('/later')) await wait(100);
        location.href = '/after';
      })();
    </script>`,
  },
  '/after': {
    body: `<h1>After</h1><script>
      const found = { begun: [document.prerendering, 'xmtp' in window] };
      xmtp.request({ method: 'xmtp_accounts' }).then((accounts) => {
        found.answered = [document.prerendering, accounts];
        fetch('/found?' + encodeURIComponent(JSON.stringify(found)));
      });
      setTimeout(() => { found.later = [document.prerendering, 'answered' in found]; fetch('/later'); }, 500);
    </script>`,
  },
  '/report': { body: `<script>parent.postMessage({ frame: location.search.slice(1), has: 'xmtp' in window }, '*')</script>` },
  '/sandboxed': { body: '<h1>Sandboxed</h1>', headers: { 'content-security-policy': 'sandbox allow-scripts' } },
};

/** A web site of somebody's, at two host names and so of two origins. */
export class Site {
  readonly #server: Server;
  /** The paths that were asked for. */
  readonly asked: readonly string[];

  private constructor(server: Server, asked: string[]) {
    this.#server = server;
    this.asked = asked;
  }

  /** `scripts`: modules of the site, by their path. `bodies`: further pages. */
  static async start(
    scripts: Readonly<Record<string, string | Uint8Array>> = {},
    bodies: Readonly<Record<string, string>> = {},
  ): Promise<Site> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      if (request.url === '/asked') {
        response.end(JSON.stringify(asked));
        return;
      }
      asked.push(request.url ?? '');
      const script = scripts[request.url ?? ''];
      if (script !== undefined) {
        response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' });
        response.end(script);
        return;
      }
      const path = (request.url ?? '').split('?')[0] ?? '';
      const body = bodies[path];
      const page = body === undefined ? pages[path] : { body };
      response.writeHead(page ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', ...page?.headers });
      response.end(body?.startsWith('<!doctype') ? body : `<!doctype html><title>Somebody's site</title>${page?.body ?? 'nothing here'}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Site(server, asked);
  }

  url(path = '/', host = '127.0.0.1'): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** How a call of a page ended. */
export type Outcome = { readonly result: unknown } | { readonly code: number; readonly message: string };

/** Calls `window.xmtp.request` in a page. */
export function request(page: Page, method: string, params?: object): Promise<Outcome> {
  return page.evaluate(
    async (method: string, params?: object): Promise<Outcome> => {
      const provider = (window as unknown as { xmtp: { request(call: object): Promise<unknown> } }).xmtp;
      try {
        return { result: await provider.request(params === undefined ? { method } : { method, params }) };
      } catch (error) {
        const { code, message } = error as { code: number; message: string };
        return { code, message };
      }
    },
    method,
    ...(params === undefined ? [] : [params]),
  );
}
