/** Where a page stands, and whether it has `window.xmtp` there: the rows of the table in docs/provider.md, each with where it is tried. */
export interface OriginRow {
  /** The words of the table. */
  readonly page: string;
  readonly has: boolean;
  /** Addresses of which a page is opened. */
  readonly urls?: readonly string[];
  /** The name of the test of its own in `origins.test.ts`, where no address will do. */
  readonly tried?: string;
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
  { page: 'a frame, whatever its origin', has: false, tried: 'in frames, sandboxed documents and the empty page: nothing' },
  { page: 'a sandboxed document', has: false, tried: 'in frames, sandboxed documents and the empty page: nothing' },
  {
    page: '`about:blank`, also a window that a page with `window.xmtp` opens',
    has: false,
    tried: 'in what a page with window.xmtp opens out of itself: nothing',
  },
  { page: '`blob:` and `data:`', has: false, tried: 'in what a page with window.xmtp opens out of itself: nothing' },
  { page: '`file:`', has: false, tried: 'in a file: nothing' },
  {
    page: 'a page that is prerendered',
    has: true,
    tried: 'a page that is prerendered has window.xmtp, and its calls wait until it is shown',
  },
  { page: 'a private window', has: false, tried: 'in a private window: nothing' },
];
