/**
 * The composer that a "Message me" button of another site opens: `#to=ADDRESS`. It is of an origin of its own, so that the site that opened it sees neither
 * the text nor the account; it is told `sent` or `cancelled`. What is granted is granted to this origin, which writes only what is typed here.
 */
import { codes, watchProviders } from '../demo/provider.js';

/** @type {(id: string) => HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const text = /** @type {HTMLTextAreaElement} */ (byId('text'));
const send = /** @type {HTMLButtonElement} */ (byId('send'));

/** What is said to somebody who has just pressed a button, where the codes say it to developers. */
const words = new Map([
  [4001, 'You said no in Parley, and nothing was sent. Reload this page to be asked again.'],
  [4100, 'Parley cannot ask you now. Reload this page, and see whether Parley has an account.'],
  [4901, 'The node does not answer. Nothing is lost: press Send again in a moment.'],
  [-32001, 'Nobody can be reached at this address yet. Nothing was sent.'],
]);

const peer = new URLSearchParams(location.hash.slice(1)).get('to') ?? '';
const wellFormed = /^0x[0-9a-fA-F]{40}$/.test(peer);
/** @type {'composing' | 'sent' | 'cancelled'} */
let state = 'composing';
/** @type {import('../demo/provider.js').Provider | null} */
let provider = null;
/** The same text is the same message, however often Send is pressed. */
let clientId = crypto.randomUUID();

/** @param {string} line */
function say(line) {
  byId('status').textContent = line;
}

/** Nothing in it is a secret, so that anybody may be the opener. @param {string} what */
function tell(what) {
  window.opener?.postMessage({ type: 'parley:composer', state: what }, '*');
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  if (!provider || state !== 'composing') return;
  send.disabled = true;
  text.readOnly = true;
  say('Parley is asking you in a window of its own.');
  try {
    const message = /** @type {{ status: string }} */ (
      await provider.request({ method: 'xmtp_sendMessage', params: { peer, content: text.value, clientId } })
    );
    state = 'sent';
    tell('sent');
    say(
      message.status === 'queued'
        ? 'Written down. It goes out when the node is back. You can close this window.'
        : 'Sent. You can close this window.',
    );
    setTimeout(() => window.close(), 1500);
  } catch (error) {
    const { code = 0, message } = /** @type {{ code?: number, message: string }} */ (error);
    say(words.get(code) ?? codes.get(code) ?? message);
    send.disabled = false;
    text.readOnly = false;
  }
}

byId('compose').addEventListener('submit', (event) => void submit(event));
text.addEventListener('input', () => {
  clientId = crypto.randomUUID();
});
byId('cancel').addEventListener('click', () => {
  if (state === 'composing') tell('cancelled');
  state = 'cancelled';
  say('Nothing was sent. You can close this window.');
  window.close();
});
window.addEventListener('message', ({ source, origin, data }) => {
  if (source !== window.opener || data?.type !== 'parley:button' || origin === 'null') return;
  byId('asked').textContent = `${new URL(origin).host} has sent you here.`;
  byId('asked').hidden = false;
});

byId('peer').textContent = wellFormed ? peer : 'nobody';
if (wellFormed) {
  tell('ready');
  text.focus();
  watchProviders(
    (found) => {
      provider ??= found.provider;
      send.disabled = false;
      say('');
    },
    () => say('There is no Parley in this browser, or it stays hidden from this site.'),
  );
} else say('The link that brought you here names no address.');
