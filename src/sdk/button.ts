import type { Address } from './types.ts';

/** All that a site learns. */
export type Outcome = 'sent' | 'cancelled';

export interface MessageMe {
  /** Who is written to. */
  readonly peer: Address;
  /** The composer's page: `/write/` of any node of Parley that you trust, https or of this machine. */
  readonly composer: string;
}

/** How often it is looked whether the window is still there, and how long a last word of it may take. */
const lookMs = 300;
const size = 'width=480,height=620';

/**
 * Opens the composer to a fixed peer in a window of its own, and answers how it ended. Call it in answer to a click: browsers open no window otherwise. The
 * composer is of another origin: neither its text, nor the account, nor any permission is ever in your page.
 * @throws TypeError for a peer that is no address or a composer that is neither https nor of this machine; Error when no window may be opened
 */
export async function messageMe({ peer, composer }: MessageMe): Promise<Outcome> {
  const url = addressOf(peer, composer);
  if (navigator.userActivation?.isActive === false) throw new Error('call messageMe in answer to a click');
  const opened = window.open(url.href, '_blank', size);
  if (!opened) throw new Error('the browser did not open a window');
  return new Promise((resolve) => {
    const hear = ({ source, origin, data }: MessageEvent<{ type?: unknown; state?: unknown } | null>): void => {
      if (source !== opened || origin !== url.origin || data?.type !== 'parley:composer') return;
      if (data.state === 'ready') opened.postMessage({ type: 'parley:button' }, url.origin);
      else if (data.state === 'sent' || data.state === 'cancelled') end(data.state);
    };
    const look = setInterval(() => {
      if (!opened.closed) return;
      clearInterval(look);
      setTimeout(() => end('cancelled'), lookMs);
    }, lookMs);
    const end = (outcome: Outcome): void => {
      clearInterval(look);
      window.removeEventListener('message', hear as (event: Event) => void);
      resolve(outcome);
    };
    window.addEventListener('message', hear as (event: Event) => void);
  });
}

function addressOf(peer: string, composer: string): URL {
  if (!/^0x[0-9a-fA-F]{40}$/.test(peer)) throw new TypeError('peer is no address');
  const url = new URL(composer);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)))
    throw new TypeError('the composer is neither https nor of this machine');
  url.hash = `to=${peer}`;
  return url;
}

/**
 * Defines `<message-me peer="0x…" composer="https://…">Message me</message-me>`: a button. How it ended is told by the event `messageme`, whose detail is
 * `{ outcome }`; what goes wrong before, by `error`, whose detail is `{ error }`. Its button can be styled as `::part(button)`.
 */
export function defineMessageMe(name = 'message-me'): void {
  if (customElements.get(name)) return;
  customElements.define(
    name,
    class extends HTMLElement {
      connectedCallback(): void {
        if (this.shadowRoot) return;
        const button = document.createElement('button');
        button.type = 'button';
        button.setAttribute('part', 'button');
        const slot = document.createElement('slot');
        slot.textContent = 'Message me';
        button.append(slot);
        button.addEventListener('click', () => {
          const [peer = '', composer = ''] = ['peer', 'composer'].map((attribute) => this.getAttribute(attribute) ?? '');
          const tell = (type: string, detail: object): boolean => this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
          button.disabled = true;
          messageMe({ peer: peer as Address, composer })
            .then(
              (outcome) => tell('messageme', { outcome }),
              (error: unknown) => tell('error', { error }),
            )
            .finally(() => {
              button.disabled = false;
            });
        });
        this.attachShadow({ mode: 'open', delegatesFocus: true }).append(button);
      }
    },
  );
}
