import { type Trace, tracePort, type Watch } from '../rpc/trace.ts';
import { directionOf, type LanguageSetting } from '../words/languages.ts';
import { panelIn } from '../words/panel.ts';

type Page = Extract<Trace, { readonly what: 'page' }>;

/** Lines that are kept; the oldest go. */
const mostLines = 1_000;
/** The background sleeps and ends, and is looked for again. */
const againMs = 1_000;

/** What stands in the page by itself. */
type Still = 'panel.filter' | 'panel.content' | 'panel.clear' | 'panel.thisPage' | 'panel.noPage' | 'panel.log' | 'panel.noLog';

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
/** The browser's language until the background has said which one was chosen. */
let { say, spoken } = panelIn('browser');
let state: 'panel.connecting' | 'panel.listening' | 'panel.asleep' | 'panel.updated' = 'panel.connecting';

/** Speaks a language; lines that are there already stay as they are. */
function speak(setting: LanguageSetting): void {
  ({ say, spoken } = panelIn(setting));
  document.documentElement.lang = spoken.language;
  document.documentElement.dir = directionOf(spoken.language);
  document.title = say('panel.title');
  for (const element of document.querySelectorAll<HTMLElement>('[data-words]'))
    element.textContent = say(element.dataset['words'] as Still);
  show(state);
  drawPages();
}

function show(now: typeof state): void {
  state = now;
  byId('state').textContent = say(now);
}

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
    show('panel.updated');
    return;
  }
  port.onMessage.addListener((trace: Trace) => take(trace));
  port.onDisconnect.addListener(() => {
    show('panel.asleep');
    open.clear();
    setTimeout(connect, againMs);
  });
  watch();
  show('panel.listening');
}

function watch(): void {
  port?.postMessage({ tab, content: content.checked } satisfies Watch);
}

function take(trace: Trace): void {
  if (trace.what === 'language') speak(trace.language);
  if (trace.what === 'page') pages.set(trace.document, trace);
  if (trace.what === 'left') pages.delete(trace.document);
  if (trace.what === 'page' || trace.what === 'left') drawPages();
  if (trace.what === 'call') begin(trace.id, trace.at, trace.method, say('panel.waiting'), 'params', trace.params);
  if (trace.what === 'prompt') {
    const name = say('panel.prompt', { kind: kindOf(trace.question) });
    begin(trace.id, trace.at, name, say('panel.waiting'), 'question', trace.question);
  }
  if (trace.what === 'event') begin(null, trace.at, say('panel.event', { event: trace.event }), '', 'payload', trace.payload);
  if (trace.what === 'prompted') end(trace.id, trace.outcome === 'allowed', promptEnd(trace.outcome, trace.tookMs));
  if (trace.what !== 'answer') return;
  const { id, tookMs, error, result } = trace;
  if (error) end(id, false, say('panel.failed', { code: String(error.code), ms: tookMs }), 'error', error);
  else end(id, true, say('panel.answered', { ms: tookMs }), 'result', result);
}

/** What is no answer of a person is said as the code has it, for who looks for it there. */
function promptEnd(outcome: string, ms: number): string {
  if (outcome === 'allowed') return say('panel.allowed', { ms });
  if (outcome === 'not needed any more') return say('panel.needless', { ms });
  return say('panel.ended', { outcome, ms });
}

const kindOf = (question: unknown): string => String((question as { kind?: unknown } | null)?.kind ?? '');

function begin(id: number | null, at: number, name: string, outcome: string, label: string, value: unknown): void {
  const line = make('li') as HTMLLIElement;
  line.dataset['name'] = name;
  const details = make('details');
  const summary = make('summary');
  const time = new Date(at).toLocaleTimeString(spoken.locale, { hour12: false });
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
  return [make('h3', label), make('pre', JSON.stringify(value, null, 2), { dir: 'ltr', tabindex: '0', 'aria-label': label })];
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
      const connected = make('p', account ? say('panel.connectedAs', { account }) : say('panel.notConnected'));
      page.append(
        make('h3', origin, { dir: 'ltr' }),
        connected,
        ...list(say('panel.permissions'), say('panel.noPermissions'), Array.isArray(permissions) ? permissions : []),
        ...list(say('panel.subscriptions'), say('panel.noSubscriptions'), subscriptions),
      );
      return page;
    }),
  );
}

function list(title: string, none: string, values: readonly unknown[]): HTMLElement[] {
  if (values.length === 0) return [make('p', none, { class: 'quiet' })];
  const items = make('ul');
  items.append(
    ...values.map((value) => {
      const item = make('li');
      item.append(make('code', JSON.stringify(value), { dir: 'ltr' }));
      return item;
    }),
  );
  return [make('p', title), items];
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
speak('browser');
connect();
