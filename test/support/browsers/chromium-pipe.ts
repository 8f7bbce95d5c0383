import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * A Chromium that a person uses, with an unpacked extension loaded over a pipe: Google Chrome and Edge ignore --load-extension, and take it this way.
 * The browser ends when the pipe closes, so it never outlives us.
 */
export class PipedChromium {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #out: Writable;
  #id = 0;

  constructor(path: string, args: readonly string[]) {
    this.process = spawn(path, ['--remote-debugging-pipe', '--enable-unsafe-extension-debugging', ...args], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#out = this.process.stdio[3] as Writable;
    this.#out.on('error', () => {}); // the exit says it
    let rest = '';
    (this.process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) {
        const reply = JSON.parse(message) as Reply;
        this.#waiting.get(reply.id ?? 0)?.(reply);
        this.#waiting.delete(reply.id ?? 0);
      }
    });
    this.process.once('exit', () => {
      for (const answer of this.#waiting.values()) answer({ error: { message: 'the browser ended' } });
    });
    this.process.once('error', (error) => {
      for (const answer of this.#waiting.values()) answer({ error });
    });
  }

  /** `session`: to what `attach` answered, instead of the browser. */
  send<R>(method: string, params: object = {}, session?: string): Promise<R> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result as R)));
      this.#out.write(`${JSON.stringify({ id, method, params, ...(session !== undefined && { sessionId: session }) })}\0`);
    });
  }

  /** Answers the id of the extension. */
  async loadExtension(path: string): Promise<string> {
    return (await this.send<{ id: string }>('Extensions.loadUnpacked', { path })).id;
  }

  async open(url: string): Promise<void> {
    await this.send('Target.createTarget', { url });
  }

  /** Waits for something (a page, a frame, a worker) whose address begins so, and answers how each of them is spoken to. */
  async attach(address: string): Promise<string[]> {
    for (const end = Date.now() + 20_000; ; ) {
      const { targetInfos } = await this.send<{ targetInfos: { targetId: string; type: string; url: string }[] }>('Target.getTargets');
      const found = targetInfos.filter(({ type, url }) => type !== 'tab' && url.startsWith(address));
      const sessions = found.map(({ targetId }) => this.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true }));
      if (found.length > 0) return (await Promise.all(sessions)).map(({ sessionId }) => sessionId);
      if (Date.now() > end) throw new Error(`nothing at ${address} among ${targetInfos.map(({ url }) => url).join(' ')}`);
      await new Promise((later) => setTimeout(later, 100));
    }
  }

  async evaluate<R>(session: string, expression: string): Promise<R> {
    const reply = await this.send<{ result: { value: R }; exceptionDetails?: { text: string; exception?: { description?: string } } }>(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true },
      session,
    );
    if (reply.exceptionDetails) throw new Error(reply.exceptionDetails.exception?.description ?? reply.exceptionDetails.text);
    return reply.result.value;
  }
}
