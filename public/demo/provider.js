/**
 * @typedef {{ method: string, params?: unknown }} Call
 * @typedef {{ isParley: true, version: string, request(call: Call): Promise<unknown>,
 *   on(event: string, listener: (payload: unknown) => void): Provider }} Provider
 * @typedef {{ uuid: string, name: string, icon: string, rdns: string }} ProviderInfo
 * @typedef {{ info: ProviderInfo | null, provider: Provider }} Found
 */

/** What each code means, in our words. */
export const codes = new Map([
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

export const events = ['connect', 'disconnect', 'accountsChanged', 'permissionsChanged', 'message', 'conversation'];

/** How long a page waits for somebody to announce a provider. */
const patienceMs = 600;

/**
 * Hears of every provider as EIP-6963 has it: whoever is there announces itself when asked. `none` is called when nobody did in time.
 * @param {(found: Found) => void} found
 * @param {() => void} none
 */
export function watchProviders(found, none) {
  const told = new Set();
  /** @param {Found} one */
  const tell = (one) => {
    if (told.has(one.provider)) return;
    told.add(one.provider);
    found(one);
  };
  window.addEventListener('xmtp:announceProvider', (event) => tell(/** @type {CustomEvent<Found>} */ (event).detail));
  window.dispatchEvent(new Event('xmtp:requestProvider'));
  setTimeout(() => {
    const { xmtp } = /** @type {{ xmtp?: Provider }} */ (/** @type {unknown} */ (window));
    if (xmtp) tell({ info: null, provider: xmtp });
    if (told.size === 0) none();
  }, patienceMs);
}
