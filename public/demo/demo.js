/**
 * A sample site for Parley: finds the provider, builds each call from its form, shows the answer or the error, and writes the events down.
 * Stable ids, for tests: `call-METHOD`, `code-METHOD`, `link-METHOD`, `run-METHOD`, `answer-METHOD` (the last one in words), `result-METHOD` (as
 * JSON); fields are `METHOD-MEMBER`; `provider` carries the outcome of the search in `data-state`, answers theirs in `data-outcome`, entries of
 * `events` their event in `data-event`. `?method=…&params=…` in the address fills a form in; only a click calls.
 */
import { callIn, callOf, codeOf, fieldsOf, fill, linkOf } from './calls.js';
import { codes, events, watchProviders } from './provider.js';
import { samples } from './samples.js';

/**
 * @typedef {import('./provider.js').Provider} Provider
 * @typedef {import('./provider.js').Found} Found
 * @typedef {import('./calls.js').Field} Field
 */

/** Entries of the list of events. */
const mostEvents = 200;

/** @type {Provider | null} */
let provider = null;

/** @type {(id: string) => HTMLElement} */
const byId = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};

/** @type {(id: string) => Field} */
const fieldById = (id) => /** @type {Field} */ (byId(id));

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

/** @type {Found[]} */
const providers = [];

/** @param {Found} found */
function meet(found) {
  providers.push(found);
  const choice = /** @type {HTMLSelectElement} */ (byId('choose-provider'));
  choice.append(
    make('option', { value: String(providers.length - 1) }, found.info ? `${found.info.name} (${found.info.rdns})` : 'window.xmtp'),
  );
  byId('choose').hidden = providers.length < 2;
  for (const event of events) found.provider.on(event, (payload) => found.provider === provider && note(event, payload));
  if (providers.length === 1) use(found);
}

/** @param {Found} found */
function use({ info, provider: chosen }) {
  provider = chosen;
  const status = byId('provider');
  status.dataset.state = 'found';
  status.textContent = `${info?.name ?? 'A provider'} ${chosen.version} is here`;
  status.title = info ? `${info.rdns}, ${info.uuid}` : '';
  const icon = /** @type {HTMLImageElement} */ (byId('icon'));
  if (info) icon.src = info.icon;
  icon.hidden = !info;
  byId('missing').hidden = true;
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
  const list = byId('events');
  list.prepend(entry);
  if (list.childElementCount > mostEvents) list.lastElementChild?.remove();
  byId('no-events').hidden = true;
  if (event === 'accountsChanged') showAccounts(payload);
}

/** @param {unknown} accounts */
function showAccounts(accounts) {
  const [first] = Array.isArray(accounts) ? accounts : [];
  byId('accounts').textContent = first ? `Connected as ${first}` : 'Not connected';
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
  const name = place.id.slice('answer-'.length);
  const json = detail === undefined ? [] : [make('pre', { id: `result-${name}`, tabindex: '0', 'aria-label': 'As JSON' }, detail)];
  place.replaceChildren(make('p', { class: 'line' }, line), ...json);
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
 * What an answer names is what the next calls are about, unless somebody has typed something else there.
 * @param {string} method
 * @param {unknown} result
 */
function learn(method, result) {
  const answer = /** @type {{ id?: string, conversation?: string, conversations?: { id: string }[], cursor?: string }} */ (result ?? {});
  if (method === 'xmtp_accounts' || method === 'xmtp_requestAccounts') showAccounts(result);
  if (method === 'xmtp_newConversation') put('xmtp_sendMessage-peer', '');
  if (method === 'xmtp_newConversation') put('xmtp_sendMessage-conversation', answer.id ?? '');
  const named = {
    xmtp_newConversation: answer.id,
    xmtp_sendMessage: answer.conversation,
    xmtp_listConversations: answer.conversations?.[0]?.id,
  }[method];
  if (named !== undefined) for (const reader of ['xmtp_listMessages', 'xmtp_subscribe']) put(`${reader}-conversation`, named);
  if (method === 'xmtp_listMessages' || method === 'xmtp_listConversations') put(`${method}-cursor`, answer.cursor ?? '');
  if (method === 'xmtp_subscribe') put('xmtp_unsubscribe-subscription', String(result));
}

/**
 * @param {string} id
 * @param {string} text
 */
function put(id, text) {
  const field = fieldById(id);
  field.value = text;
  field.form?.dispatchEvent(new Event('redraw'));
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
  const link = make('a', { id: `link-${name}`, class: 'link' }, 'Link to this call');
  const button = make('button', { id: `run-${name}`, type: 'submit' }, 'Call');
  button.setAttribute('aria-label', `Call ${method || 'it'}`);
  if ('primary' in form.dataset) button.classList.add('primary');
  button.disabled = true;
  const place = make('div', { id: `answer-${name}`, class: 'answer', role: 'status', hidden: '' });
  const foot = make('div', { class: 'foot' });
  foot.append(code, link, button);
  form.append(foot, place);

  const draw = () => {
    try {
      const call = callOf(form);
      code.textContent = codeOf(call);
      link.setAttribute('href', linkOf(call));
    } catch {
      code.textContent = 'Parameters that are no JSON yet';
      link.removeAttribute('href');
    }
  };
  form.addEventListener('input', (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    share(field);
    if (field.name === 'contentType') offerSample(form, field.value);
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
 * A content of another type wants another form of content: an example, where nobody has written anything yet.
 * @param {HTMLFormElement} form
 * @param {string} type
 */
function offerSample(form, type) {
  const content = /** @type {Field} */ (form.querySelector('[name="content"]'));
  if (content.value.trim() === '' || [...samples.values()].includes(content.value)) content.value = samples.get(type) ?? '';
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

/** Fills in the call that the address of this page holds, and calls nothing. */
function followLink() {
  const say = (/** @type {string} */ text) => {
    byId('linked').textContent = text;
    byId('linked').hidden = false;
  };
  let call;
  try {
    call = callIn(location.search);
  } catch (error) {
    return say(`The link that brought you here has parameters that are no JSON: ${/** @type {Error} */ (error).message}`);
  }
  if (!call) return;
  const forms = [...document.querySelectorAll('form.call')].map((form) => /** @type {HTMLFormElement} */ (form));
  const wanted =
    forms.find((form) => form.dataset.method === call.method && fill(form, call)) ??
    forms.find((form) => !form.dataset.method && fill(form, call));
  if (!wanted) return say('The link that brought you here holds a call that no form here takes.');
  for (const fold of wanted.querySelectorAll('details'))
    fold.open = fieldsOf(wanted).some((field) => fold.contains(field) && field.value !== '');
  wanted.dispatchEvent(new Event('redraw'));
  wanted.classList.add('linked');
  wanted.scrollIntoView({ block: 'center' });
  say(`A link has filled in ${call.method}. Nothing has been called: look at it first, and press Call if that is what you want.`);
}

for (const form of document.querySelectorAll('form.call')) prepare(/** @type {HTMLFormElement} */ (form));
for (const [code, meaning] of codes) byId('codes').append(make('dt', {}, String(code)), make('dd', {}, meaning));
byId('reload').addEventListener('click', () => location.reload());
byId('clear-events').addEventListener('click', () => {
  byId('events').replaceChildren();
  byId('no-events').hidden = false;
});
byId('choose-provider').addEventListener('change', () => {
  const chosen = providers[Number(fieldById('choose-provider').value)];
  if (chosen) use(chosen);
});
followLink();
watchProviders(meet, missing);
