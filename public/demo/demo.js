/**
 * A sample site for Parley: finds the provider, builds each call from its form, shows the answer or the error, and writes the events down.
 * Stable ids, for tests and for links: `call-METHOD`, `code-METHOD`, `run-METHOD`, `answer-METHOD`; fields are `METHOD-MEMBER`;
 * `provider` carries the outcome of the search in `data-state`, answers theirs in `data-outcome`.
 */

/**
 * @typedef {{ method: string, params?: object }} Call
 * @typedef {{ isParley: true, version: string, request(call: Call): Promise<unknown>,
 *   on(event: string, listener: (payload: unknown) => void): Provider }} Provider
 * @typedef {{ uuid: string, name: string, icon: string, rdns: string }} ProviderInfo
 * @typedef {{ info: ProviderInfo | null, provider: Provider }} Found
 */

/** What each code means, in our words. */
const codes = new Map([
  [4001, 'The user said no, or closed the prompt.'],
  [4100, 'Not granted, and asking is not possible: hidden page, refused before, muted, or no account.'],
  [4200, 'No such method.'],
  [4900, 'Parley was updated or removed: reload the page.'],
  [4901, 'Not now: the node did not answer, or Parley was interrupted. Safe to ask again.'],
  [-32001, 'No such peer on the network, or no such conversation.'],
  [-32005, 'Too many calls: wait for data.retryAfterMs.'],
  [-32602, 'A parameter is wrong: the message names it.'],
  [-32603, 'Something failed inside Parley.'],
]);

/** How long a page waits for somebody to announce a provider. */
const patienceMs = 600;

/** @type {Provider | null} */
let provider = null;

/** @type {(id: string) => HTMLElement} */
const byId = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};

/**
 * Makes an element with text in it.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[T]}
 */
function make(tag, attributes, text) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * Finds the provider as EIP-6963 does: whoever is there announces itself when asked.
 * @returns {Promise<Found | null>}
 */
function findProvider() {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      const { xmtp } = /** @type {{ xmtp?: Provider }} */ (/** @type {unknown} */ (window));
      resolve(xmtp ? { info: null, provider: xmtp } : null);
    }, patienceMs);
    window.addEventListener(
      'xmtp:announceProvider',
      (event) => {
        clearTimeout(timer);
        resolve(/** @type {CustomEvent<Found>} */ (event).detail);
      },
      { once: true },
    );
    window.dispatchEvent(new Event('xmtp:requestProvider'));
  });
}

/** @param {Found} found */
function welcome({ info, provider: found }) {
  provider = found;
  const status = byId('provider');
  status.dataset.state = 'found';
  status.textContent = `${info?.name ?? 'A provider'} ${found.version} is here`;
  const icon = /** @type {HTMLImageElement} */ (byId('icon'));
  if (info) {
    status.title = `${info.rdns}, ${info.uuid}`;
    icon.src = info.icon;
    icon.hidden = false;
  }
  for (const event of ['connect', 'disconnect', 'accountsChanged', 'permissionsChanged'])
    found.on(event, (payload) => note(event, payload));
  for (const button of document.querySelectorAll('form.call button')) /** @type {HTMLButtonElement} */ (button).disabled = false;
}

function missing() {
  const status = byId('provider');
  status.dataset.state = 'missing';
  status.textContent = 'No provider found';
  const { protocol, hostname } = location;
  const served = protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (!served)
    byId('missing-why').textContent =
      `Parley serves pages on https and pages of this machine. This one is at ${location.origin}: open it as https, or as http://127.0.0.1.`;
  byId('missing').hidden = false;
}

/**
 * @param {string} event
 * @param {unknown} payload
 */
function note(event, payload) {
  const time = new Date().toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const entry = make('li', { 'data-event': event });
  entry.append(make('time', {}, time), ' ', make('b', {}, event), make('pre', {}, JSON.stringify(payload, null, 2)));
  byId('events').prepend(entry);
  byId('no-events').hidden = true;
}

/**
 * Reads one field as the member that it stands for; undefined leaves the member out.
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} field
 * @returns {unknown}
 */
function readField({ dataset, value }) {
  const text = value.trim();
  if (dataset.kind === 'whole') return value;
  if (text === '') return undefined;
  const lines = text.split(/\s*\n\s*/);
  if (dataset.kind === 'lines') return lines;
  if (dataset.kind === 'json') return JSON.parse(text);
  if (dataset.kind !== 'map') return text;
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0].trim(), line.slice(line.indexOf('=') + 1).trim()]));
}

/**
 * The call that a form describes. @throws SyntaxError for JSON that is none
 * @param {HTMLFormElement} form
 * @returns {Call}
 */
function callOf(form) {
  /** @type {Record<string, unknown>} */
  const params = {};
  for (const field of fieldsOf(form)) {
    const value = readField(field);
    if (value !== undefined) params[field.name] = value;
  }
  if (form.dataset.method) return { method: form.dataset.method, ...(Object.keys(params).length > 0 && { params }) };
  const { method, params: own } = params;
  return { method: String(method ?? ''), ...(own !== undefined && { params: /** @type {object} */ (own) }) };
}

/**
 * @param {HTMLFormElement} form
 * @returns {(HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement)[]}
 */
const fieldsOf = (form) => [...form.querySelectorAll('[data-kind]')].map((field) => /** @type {HTMLInputElement} */ (field));

/**
 * A call as a developer writes it.
 * @param {Call} call
 */
function codeOf({ method, params }) {
  const text = params === undefined ? '' : `,\n  params: ${JSON.stringify(params, null, 2).replaceAll('\n', '\n  ')}`;
  return `await window.xmtp.request({\n  method: '${method}'${text},\n})`;
}

/**
 * Shows how a call ended.
 * @param {HTMLElement} place
 * @param {'answer' | 'error' | 'waiting'} outcome
 * @param {string} line
 * @param {string} [detail]
 */
function show(place, outcome, line, detail) {
  place.dataset.outcome = outcome;
  place.replaceChildren(make('p', { class: 'line' }, line));
  if (detail !== undefined) place.append(make('pre', { tabindex: '0' }, detail));
  place.hidden = false;
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} place
 */
async function run(form, place) {
  if (!provider) return;
  let call;
  try {
    call = callOf(form);
  } catch (error) {
    show(place, 'error', `This is no JSON: ${/** @type {Error} */ (error).message}`);
    return;
  }
  show(place, 'waiting', 'Waiting for the answer. Parley may be asking in a window of its own.');
  const began = performance.now();
  const took = () => `${Math.round(performance.now() - began)} ms`;
  try {
    const result = await provider.request(call);
    show(place, 'answer', `Answered in ${took()}`, JSON.stringify(result, null, 2));
    learn(call.method, result);
  } catch (error) {
    const { code, message, data } = /** @type {{ code?: number, message: string, data?: object }} */ (error);
    const meaning = codes.get(code ?? 0) ?? 'An error without a code that is known here.';
    show(place, 'error', `${meaning} (${took()})`, JSON.stringify({ code, message, ...(data && { data }) }, null, 2));
  }
}

/**
 * A conversation that was just begun is the one to write to next.
 * @param {string} method
 * @param {unknown} result
 */
function learn(method, result) {
  if (method !== 'xmtp_newConversation') return;
  const { id } = /** @type {{ id: string }} */ (result);
  const [conversation, peer] = ['conversation', 'peer'].map((name) => /** @type {HTMLInputElement} */ (byId(`xmtp_sendMessage-${name}`)));
  conversation.value = id;
  peer.value = '';
  conversation.dispatchEvent(new Event('input', { bubbles: true }));
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const { method } = form.dataset;
  const name = method || 'any';
  form.id = `call-${name}`;
  form.setAttribute('aria-labelledby', `name-${name}`);
  form.prepend(make('h3', { id: `name-${name}` }, method || 'window.xmtp.request'));
  for (const field of fieldsOf(form)) field.id = `${name}-${field.name}`;

  const code = make('pre', { id: `code-${name}`, class: 'code', tabindex: '0', 'aria-label': 'The call as code' });
  const button = make('button', { id: `run-${name}`, type: 'submit' }, 'Call');
  button.setAttribute('aria-label', `Call ${method || 'it'}`);
  if ('primary' in form.dataset) button.classList.add('primary');
  button.disabled = true;
  const place = make('div', { id: `answer-${name}`, class: 'answer', role: 'status', hidden: '' });
  const foot = make('div', { class: 'foot' });
  foot.append(code, button);
  form.append(foot, place);

  const draw = () => {
    try {
      code.textContent = codeOf(callOf(form));
    } catch {
      code.textContent = 'Parameters that are no JSON yet';
    }
  };
  form.addEventListener('input', (event) => {
    share(/** @type {HTMLInputElement} */ (event.target));
    draw();
  });
  form.addEventListener('redraw', draw);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run(form, place);
  });
  draw();
}

/**
 * The peer is typed once: forms whose field still holds what this one held before follow it.
 * @param {HTMLInputElement} from
 */
function share(from) {
  const before = from.dataset.before ?? '';
  from.dataset.before = from.value;
  if (from.dataset.same === undefined) return;
  for (const other of document.querySelectorAll(`[data-same="${from.dataset.same}"]`)) {
    const field = /** @type {HTMLInputElement} */ (other);
    if (field === from || field.value !== before) continue;
    field.value = field.dataset.before = from.value;
    field.form?.dispatchEvent(new Event('redraw'));
  }
}

for (const form of document.querySelectorAll('form.call')) prepare(/** @type {HTMLFormElement} */ (form));
for (const [code, meaning] of codes) byId('codes').append(make('dt', {}, String(code)), make('dd', {}, meaning));
byId('reload').addEventListener('click', () => location.reload());
byId('clear-events').addEventListener('click', () => {
  byId('events').replaceChildren();
  byId('no-events').hidden = false;
});

const found = await findProvider();
if (found) welcome(found);
else missing();
