/**
 * The page of a node through which the extension reaches wallets. It asks nothing of them: it lists who announces itself (EIP-6963) and shows what the
 * extension is asking, which it hears by the event `parley:link`. Whatever is heard here is shown as text and used for nothing else.
 */

/** @type {(id: string) => HTMLElement} */
const byId = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};

const shown = new Set();

/** @param {unknown} name @param {unknown} icon */
function show(name, icon) {
  if (typeof name !== 'string' || shown.has(name) || shown.size >= 20) return;
  shown.add(name);
  const entry = document.createElement('li');
  if (typeof icon === 'string' && icon.startsWith('data:image/')) {
    const picture = document.createElement('img');
    picture.src = icon;
    picture.alt = '';
    entry.append(picture);
  }
  entry.append(name.slice(0, 60));
  byId('wallets').append(entry);
  byId('none').hidden = true;
}

window.addEventListener('eip6963:announceProvider', (event) => {
  const { info } = /** @type {CustomEvent<{ info?: { name?: unknown, icon?: unknown } }>} */ (event).detail ?? {};
  show(info?.name, info?.icon);
});
window.dispatchEvent(new Event('eip6963:requestProvider'));
// Where nobody announces itself there may still be one of the old kind.
setTimeout(() => {
  if (shown.size === 0 && 'ethereum' in window) show('The wallet of this browser', null);
}, 1000);

window.addEventListener('parley:link', (event) => {
  let asked;
  try {
    asked = JSON.parse(String(/** @type {CustomEvent<string>} */ (event).detail));
  } catch {
    return;
  }
  const { state, says } = /** @type {{ state?: unknown, says?: unknown }} */ (asked ?? {});
  const asking = state === 'asking' && typeof says === 'string' && says !== '';
  const status = byId('state');
  status.dataset.state = asking ? 'asking' : 'idle';
  status.textContent = asking
    ? 'Parley is asking your wallet. Answer in the wallet’s own window.'
    : 'Parley has its answer. Go back to its tab.';
  byId('asked').hidden = !asking || says === 'connect';
  byId('text').textContent = asking ? String(says) : '';
});
