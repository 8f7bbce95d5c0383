/**
 * Functions that run in a web page, in the page's own world, where its wallets are. They travel as text: each may use nothing from outside its body, and
 * what they answer is only what the page lets them answer. It is judged by whoever asked.
 */

/** A wallet as it presents itself (EIP-6963). */
export interface FoundWallet {
  readonly id: string;
  readonly name: string;
  /** A data: address, or null. */
  readonly icon: string | null;
}

export interface PageReply {
  readonly nonce: string;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Lists the wallets of the page: those that announce themselves, and `window.ethereum` where nobody does. */
export async function findWallets(): Promise<FoundWallet[]> {
  const found = new Map<string, FoundWallet>();
  const hear = (event: Event): void => {
    const { info } = (event as CustomEvent<{ info?: { uuid?: unknown; name?: unknown; icon?: unknown } }>).detail ?? {};
    if (typeof info?.uuid !== 'string' || typeof info.name !== 'string') return;
    const icon = typeof info.icon === 'string' && /^data:image\//.test(info.icon) && info.icon.length < 100_000 ? info.icon : null;
    if (found.size < 20) found.set(info.uuid, { id: info.uuid.slice(0, 100), name: info.name.slice(0, 60), icon });
  };
  window.addEventListener('eip6963:announceProvider', hear);
  window.dispatchEvent(new Event('eip6963:requestProvider'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  window.removeEventListener('eip6963:announceProvider', hear);
  const legacy = (window as unknown as { ethereum?: { request?: unknown } }).ethereum;
  if (found.size === 0 && typeof legacy?.request === 'function')
    found.set('window.ethereum', { id: 'window.ethereum', name: '', icon: null });
  return [...found.values()];
}

/** Asks one of them something (EIP-1193). Settles when the wallet does. */
export async function askWallet(nonce: string, id: string, method: string, params: unknown[], says: string): Promise<PageReply> {
  interface Provider {
    request(call: { method: string; params: unknown[] }): Promise<unknown>;
  }
  const tell = (state: string): unknown =>
    window.dispatchEvent(new CustomEvent('parley:link', { detail: JSON.stringify({ state, says }) }));
  let provider: Provider | undefined;
  if (id === 'window.ethereum') provider = (window as unknown as { ethereum?: Provider }).ethereum;
  else {
    const hear = (event: Event): void => {
      const { info, provider: announced } = (event as CustomEvent<{ info?: { uuid?: unknown }; provider?: Provider }>).detail ?? {};
      if (info?.uuid === id) provider = announced;
    };
    window.addEventListener('eip6963:announceProvider', hear);
    window.dispatchEvent(new Event('eip6963:requestProvider'));
    for (let waited = 0; !provider && waited < 1000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    window.removeEventListener('eip6963:announceProvider', hear);
  }
  if (!provider) return { nonce, error: { code: -1, message: 'no such wallet' } };
  tell('asking');
  try {
    return { nonce, result: await provider.request({ method, params }) };
  } catch (error) {
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    return {
      nonce,
      error: { code: typeof code === 'number' ? code : 0, message: typeof message === 'string' ? message.slice(0, 200) : '' },
    };
  } finally {
    tell('done');
  }
}
