import { vi } from 'vitest';
import { type TestPort, testPort } from '../rpc/ports.ts';

export interface Provider {
  readonly isParley: true;
  readonly version: string;
  request(args: unknown): Promise<unknown>;
  on(event: string, listener: (payload: unknown) => void): Provider;
  removeListener(event: string, listener: (payload: unknown) => void): Provider;
}

class WindowMessage extends Event {
  readonly data: unknown;
  readonly source: unknown;
  readonly ports: readonly MessagePort[];

  constructor(data: unknown, source: unknown, ports: readonly MessagePort[]) {
    super('message');
    this.data = data;
    this.source = source;
    this.ports = ports;
  }
}

/** As much of a window as the two scripts use. Messages arrive as they do in a browser: later, in order, at every listener. */
class PageWindow extends EventTarget {
  readonly origin: string;
  readonly location: { readonly origin: string };
  top: unknown = this;

  constructor(origin: string) {
    super();
    this.origin = origin;
    this.location = { origin };
  }

  postMessage(data: unknown, targetOrigin: string, transfer: readonly MessagePort[] = []): void {
    if (targetOrigin !== this.origin) return;
    this.deliver(data, this, transfer);
  }

  deliver(data: unknown, source: unknown, ports: readonly MessagePort[] = []): void {
    setImmediate(() => super.dispatchEvent(new WindowMessage(data, source, ports)));
  }
}

/** A document with the two scripts in it, and the background's end of every port that it opens. */
export class TestPage {
  readonly window: PageWindow;
  readonly document = new EventTarget() as EventTarget & { prerendering?: boolean };
  readonly ports: TestPort[] = [];
  /** Every port of a MessageChannel that was made, to be closed at the end. */
  readonly #channels: MessagePort[] = [];
  readonly runtime: { id: string | undefined };
  #onMessage: (message: unknown) => void = () => undefined;
  extensionGone = false;
  /** How often the content script reached for the browser's object for extensions, which is made at the first touch. */
  touched = 0;

  constructor({ origin = 'https://shop.example', prerendering = false, frame = false } = {}) {
    this.window = new PageWindow(origin);
    if (frame) this.window.top = {};
    this.document.prerendering = prerendering;
    this.runtime = { id: 'parley' };
    const { ports, runtime } = this;
    const page = this;
    const channels = this.#channels;
    const Channel = globalThis.MessageChannel;
    vi.resetModules();
    vi.stubGlobal('window', this.window);
    vi.stubGlobal('self', this.window);
    vi.stubGlobal('document', this.document);
    vi.stubGlobal('location', this.window.location);
    vi.stubGlobal('__VERSION__', '1.2.3');
    vi.stubGlobal('__ICON__', 'data:image/svg+xml,icon');
    vi.stubGlobal(
      'MessageChannel',
      class extends Channel {
        constructor() {
          super();
          channels.push(this.port1 as MessagePort, this.port2 as MessagePort);
        }
      },
    );
    const chrome = {
      runtime: {
        get id() {
          return runtime.id;
        },
        connect({ name }: { name: string }) {
          if (page.extensionGone) throw new Error('Extension context invalidated.');
          const port = testPort(name);
          ports.push(port);
          return port;
        },
        onMessage: {
          addListener(listener: (message: unknown) => void) {
            page.#onMessage = listener;
          },
        },
      },
    };
    const value = {
      get runtime() {
        page.touched++;
        // So it is in Chromium, when a script first asks after the end.
        return page.extensionGone ? undefined : chrome.runtime;
      },
    };
    vi.stubGlobal('chrome', value);
  }

  /** Runs the two scripts at document_start, in this order. */
  async load(...scripts: ('inpage' | 'bridge')[]): Promise<this> {
    // Not in a loop over names: the bundler of the tests wants to see what is imported.
    for (const script of scripts.length > 0 ? scripts : (['inpage', 'bridge'] as const))
      await (script === 'inpage' ? import('../../src/content/inpage.ts') : import('../../src/content/bridge.ts'));
    return this;
  }

  /** How many channels the scripts have made. */
  get channels(): number {
    return this.#channels.length / 2;
  }

  get provider(): Provider {
    return (this.window as unknown as { xmtp: Provider }).xmtp;
  }

  /** The background's end of the port that was opened last. */
  get port(): TestPort {
    const port = this.ports.at(-1);
    if (!port) throw new Error('no port was opened');
    return port;
  }

  /** What the background was asked over the last port. */
  get asked(): { readonly id: number; readonly method: string; readonly params: unknown }[] {
    return (this.ports.at(-1)?.sent ?? []) as never;
  }

  /** The background answers the call of this method that came last. */
  answer(method: string, reply: { readonly result: unknown } | { readonly error: object }): void {
    const call = this.asked.findLast((each) => each.method === method);
    if (!call) throw new Error(`${method} was not asked`);
    this.port.receive({ id: call.id, ...reply });
  }

  /** The background sends a message to the tab, as it does when it comes back to life. */
  wake(message: unknown = 'parley:wake'): void {
    this.#onMessage(message);
  }

  close(): void {
    for (const port of this.#channels) port.close();
    vi.unstubAllGlobals();
  }
}

const [realTimeout, realImmediate] = [globalThis.setTimeout, globalThis.setImmediate];

/** Lets messages arrive, also those that cross threads; with fake timers, after `ms` of theirs. */
export async function arrive(ms = 0): Promise<void> {
  if (ms > 0) await vi.advanceTimersByTimeAsync(ms);
  for (let count = 0; count < 6; count++) {
    await new Promise((resolve) => realImmediate(resolve));
    await new Promise((resolve) => realTimeout(resolve, 1));
  }
}
