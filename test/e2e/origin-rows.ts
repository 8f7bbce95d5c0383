/** Where a page stands, and whether it has `window.xmtp` there: the rows of the table in docs/provider.md, each with where it is tried. */
export interface OriginRow {
  /** The words of the table. */
  readonly page: string;
  readonly has: boolean;
  /** Addresses of which a page is opened; the others have a test of their own. */
  readonly urls?: readonly string[];
}

const port = 8443;

export const originRows: readonly OriginRow[] = [
  { page: '`https://…`, any port', has: true, urls: ['https://shop.example', `https://shop.example:${port}`] },
  { page: 'an address, `https://192.0.2.7`', has: true, urls: ['https://192.0.2.7'] },
  { page: 'a name in other letters, `https://xn--…`', has: true, urls: ['https://xn--bcher-kva.example'] },
  { page: '`http://localhost`, `http://127.0.0.1`, any port', has: true, urls: ['http://localhost:3000', `http://127.0.0.1:${port}`] },
  { page: '`http://[::1]`, any port', has: true, urls: ['http://[::1]:3000'] },
  {
    page: '`http://` elsewhere, the local network and other names of this machine too',
    has: false,
    urls: ['http://shop.example', 'http://192.168.1.7', 'http://127.0.0.2', 'http://app.localhost', 'http://localhost.example'],
  },
  { page: 'a frame, whatever its origin', has: false },
  { page: 'a sandboxed document', has: false },
  { page: '`about:blank`, also a window that a page with `window.xmtp` opens', has: false },
  { page: '`blob:` and `data:`', has: false },
  { page: '`file:`', has: false },
  { page: 'a page that is prerendered', has: true },
  { page: 'a private window', has: false },
];
