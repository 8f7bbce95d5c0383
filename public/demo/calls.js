/**
 * Forms and the calls that they describe, both ways. A form has `data-method`; each field of it is a member of the parameters, by its name, and
 * `data-kind` says how its text is read. With `data-wrap` the members are those of the one element of a list of that name.
 */

/**
 * @typedef {import('./provider.js').Call} Call
 * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field
 */

/** Types whose content is a text as it stands; that of the others is JSON. */
const texts = ['', 'xmtp.org/text:1.0', 'xmtp.org/markdown:1.0'];

/**
 * @param {HTMLFormElement} form
 * @returns {Field[]}
 */
export const fieldsOf = (form) => [...form.querySelectorAll('[data-kind]')].map((field) => /** @type {Field} */ (field));

/**
 * Reads one field as the member that it stands for; undefined leaves the member out. What does not fit is passed on as it is, to see it refused.
 * @param {Field} field
 * @returns {unknown}
 */
function readField({ dataset, value, form }) {
  const text = value.trim();
  if (dataset.kind === 'content') {
    const type = form?.querySelector('[name="contentType"]');
    return texts.includes(/** @type {Field | null} */ (type)?.value ?? '') ? value : JSON.parse(text);
  }
  if (text === '') return undefined;
  const lines = text.split(/\s*\n\s*/);
  if (dataset.kind === 'lines') return lines;
  if (dataset.kind === 'peers') return text === '*' ? text : lines;
  if (dataset.kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text;
  if (dataset.kind === 'json') return JSON.parse(text);
  if (dataset.kind !== 'map') return text;
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0].trim(), line.slice(line.indexOf('=') + 1).trim()]));
}

/**
 * The text with which a field would be read as this value.
 * @param {Field} field
 * @param {unknown} value
 * @returns {string}
 */
function textOf({ dataset }, value) {
  if (typeof value === 'string') return value;
  if (['lines', 'peers'].includes(dataset.kind ?? '') && Array.isArray(value)) return value.join('\n');
  if (dataset.kind === 'map' && typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, each]) => `${name}=${each}`)
      .join('\n');
  return JSON.stringify(value, null, dataset.kind === 'number' ? 0 : 2);
}

/**
 * The call that a form describes. @throws SyntaxError for JSON that is none
 * @param {HTMLFormElement} form
 * @returns {Call}
 */
export function callOf(form) {
  /** @type {Record<string, unknown>} */
  const members = {};
  for (const field of fieldsOf(form)) {
    const value = readField(field);
    if (value !== undefined) members[field.name] = value;
  }
  const { method, wrap } = form.dataset;
  if (!method) {
    const { method: named, params } = members;
    return { method: String(named ?? ''), ...(params !== undefined && { params }) };
  }
  if (wrap) return { method, params: { [wrap]: [members] } };
  return { method, ...(Object.keys(members).length > 0 && { params: members }) };
}

/**
 * Puts a call into a form. Answers whether the form then describes that very call; if not, it is as it was.
 * @param {HTMLFormElement} form
 * @param {Call} call
 * @returns {boolean}
 */
export function fill(form, call) {
  const fields = fieldsOf(form);
  const before = fields.map(({ value }) => value);
  for (const [field, text] of fields.map((field) => /** @type {const} */ ([field, ask(form, call, field)]))) {
    field.value = text;
    // A list that has no such line is left at none.
    if (field.value !== text) field.value = '';
  }
  try {
    if (same(callOf(form), call)) return true;
  } catch {
    // A content that is no JSON, in a form that wants some.
  }
  for (const [index, field] of fields.entries()) field.value = before[index] ?? '';
  return false;
}

/**
 * @param {HTMLFormElement} form
 * @param {Call} call
 * @param {Field} field
 */
function ask({ dataset }, { method, params }, field) {
  const outer = /** @type {Record<string, unknown>} */ (params ?? {});
  if (!dataset.method) {
    if (field.name === 'method') return method;
    return params === undefined ? '' : JSON.stringify(params, null, 2);
  }
  const list = dataset.wrap ? outer[dataset.wrap] : undefined;
  const members = Array.isArray(list) ? /** @type {Record<string, unknown>} */ (list[0] ?? {}) : outer;
  return Object.hasOwn(members, field.name) ? textOf(field, members[field.name]) : '';
}

/**
 * Whether two values are the same as JSON, in whatever order their members stand.
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
function same(a, b) {
  const sorted = (/** @type {unknown} */ value) =>
    JSON.stringify(value, (_, each) =>
      each && typeof each === 'object' && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([x], [y]) => (x < y ? -1 : 1)))
        : each,
    );
  return sorted(a) === sorted(b);
}

/**
 * A call as a developer writes it.
 * @param {Call} call
 */
export function codeOf({ method, params }) {
  const text = params === undefined ? '' : `,\n  params: ${JSON.stringify(params, null, 2).replaceAll('\n', '\n  ')}`;
  return `await window.xmtp.request({\n  method: '${method}'${text},\n})`;
}

/**
 * The address of this page with a call in it.
 * @param {Call} call
 */
export function linkOf({ method, params }) {
  const query = new URLSearchParams({ method, ...(params !== undefined && { params: JSON.stringify(params) }) });
  return `?${query}`;
}

/**
 * The call in the address of this page; null: none. @throws SyntaxError for parameters that are no JSON
 * @param {string} search
 * @returns {Call | null}
 */
export function callIn(search) {
  const query = new URLSearchParams(search);
  const method = query.get('method');
  if (!method) return null;
  const params = query.get('params');
  return { method, ...(params !== null && params !== '' && { params: JSON.parse(params) }) };
}
