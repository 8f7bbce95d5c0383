import { type Trace, tracePort, type Watch } from '../rpc/trace.ts';

type Page = Extract<Trace, { readonly what: 'page' }>;

/** Lines that are kept; the oldest go. */
const mostLines = 1_000;
/** The background sleeps and ends, and is looked for again. */
const againMs = 1_000;

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const log = byId<HTMLOListElement>('log');
const filter = byId<HTMLInputElement>('filter');
const content = byId<HTMLInputElement>('content');

/** The tab that is looked at: the one under the developer tools, or, in a tab of its own, the one that the address names. */
const tab = chrome.devtools?.inspectedWindow?.tabId ?? Number(new URLSearchParams(location.search).get('tab'));
const pages = new Map<string, Page>();
/** Lines that wait for their end, by id. */
const open = new Map<number, HTMLLIElement>();
let port: chrome.runtime.Port | null = null;

function make(tag: string, text = '', attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  const element = document.createElement(tag);
  if (text !== '') element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function connect(): void {
  try {
    port = chrome.runtime.connect({ name: tracePort });
  } catch {
    byId('state').textContent = 'Parley was updated or removed. Open the developer tools anew.';
    return;
  }
  port.onMessage.addListener((trace: Trace) => take(trace));
  port.onDisconnect.addListener(() => {
    byId('state').textContent = 'Parley’s background sleeps or has ended.';
    open.clear();
    setTimeout(connect, againMs);
  });
  watch();
  byId('state').textContent = 'Listening.';
}

function watch(): void {
  port?.postMessage({ tab, content: content.checked } satisfies Watch);
}

function take(trace: Trace): void {
  if (trace.what === 'page') pages.set(trace.document, trace);
  if (trace.what === 'left') pages.delete(trace.document);
  if (trace.what === 'page' || trace.what === 'left') drawPages();
  if (trace.what === 'call') begin(trace.id, trace.at, trace.method, 'Waiting', 'params', trace.params);
  if (trace.what === 'prompt') begin(trace.id, trace.at, `Prompt: ${kindOf(trace.question)}`, 'Waiting', 'question', trace.question);
  if (trace.what === 'event') begin(null, trace.at, `Event: ${trace.event}`, '', 'payload', trace.payload);
  if (trace.what === 'prompted') end(trace.id, trace.outcome === 'allowed', `${trace.outcome} after ${trace.tookMs} ms`);
  if (trace.what !== 'answer') return;
  const { id, tookMs, error, result } = trace;
  if (error) end(id, false, `${error.code} in ${tookMs} ms`, 'error', error);
  else end(id, true, `answered in ${tookMs} ms`, 'result', result);
}

const kindOf = (question: unknown): string => String((question as { kind?: unknown } | null)?.kind ?? '');

function begin(id: number | null, at: number, name: string, outcome: string, label: string, value: unknown): void {
  const line = make('li') as HTMLLIElement;
  line.dataset['name'] = name;
  const details = make('details');
  const summary = make('summary');
  const time = new Date(at).toLocaleTimeString(undefined, { hour12: false });
  summary.append(make('time', time), make('span', name, { class: 'name' }), make('span', outcome, { class: 'outcome' }));
  details.append(summary, ...json(label, value));
  line.append(details);
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 8;
  log.append(line);
  if (log.childElementCount > mostLines) log.firstElementChild?.remove();
  if (id !== null) open.set(id, line);
  sift(line);
  byId('no-log').hidden = true;
  if (atEnd) scrollTo(0, document.documentElement.scrollHeight);
}

function end(id: number, good: boolean, text: string, label?: string, value?: unknown): void {
  const line = open.get(id);
  open.delete(id);
  const shown = line?.querySelector<HTMLElement>('.outcome');
  if (!line || !shown) return;
  shown.dataset['outcome'] = good ? 'good' : 'bad';
  shown.textContent = text;
  if (label) line.querySelector('details')?.append(...json(label, value));
}

function json(label: string, value: unknown): HTMLElement[] {
  if (value === undefined) return [];
  return [make('h3', label), make('pre', JSON.stringify(value, null, 2), { tabindex: '0', 'aria-label': label })];
}

function sift(line: HTMLElement): void {
  line.hidden = !(line.dataset['name'] ?? '').toLowerCase().includes(filter.value.trim().toLowerCase());
}

function drawPages(): void {
  byId('no-page').hidden = pages.size > 0;
  byId('pages').replaceChildren(
    ...[...pages.values()].map(({ origin, accounts, permissions, subscriptions }) => {
      const page = make('div', '', { class: 'page' });
      const [account] = Array.isArray(accounts) ? (accounts as string[]) : [];
      const connected = make('p', account ? 'Connected as ' : 'Not connected.');
      if (account) connected.append(make('code', account));
      page.append(make('h3', origin), connected);
      page.append(...list('Permissions', Array.isArray(permissions) ? permissions : []), ...list('Subscriptions', subscriptions));
      return page;
    }),
  );
}

function list(title: string, values: readonly unknown[]): HTMLElement[] {
  if (values.length === 0) return [make('p', `${title}: none.`, { class: 'quiet' })];
  const items = make('ul');
  items.append(
    ...values.map((value) => {
      const item = make('li');
      item.append(make('code', JSON.stringify(value)));
      return item;
    }),
  );
  return [make('p', `${title}:`), items];
}

content.addEventListener('change', watch);
filter.addEventListener('input', () => {
  for (const line of log.children) sift(line as HTMLElement);
});
byId('clear').addEventListener('click', () => {
  log.replaceChildren();
  open.clear();
  byId('no-log').hidden = false;
});
connect();
