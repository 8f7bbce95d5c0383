import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import WebSocket from 'ws';

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

interface Reply {
  readonly id?: number;
  readonly type: string;
  readonly result: never;
  readonly error: string;
  readonly message: string;
  readonly method: string;
  readonly params: never;
}

/** A WebDriver BiDi connection to a Firefox of our own. */
export class Bidi {
  readonly process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: never) => void>();
  #id = 0;

  private constructor(socket: WebSocket, firefox: ChildProcess) {
    this.#socket = socket;
    this.process = firefox;
    socket.on('message', (data) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.type === 'event') this.#listeners.get(reply.method)?.(reply.params);
      const call = this.#waiting.get(reply.id ?? -1);
      this.#waiting.delete(reply.id ?? -1);
      if (reply.type === 'error') call?.reject(new Error(`${reply.error}: ${reply.message}`));
      else call?.resolve(reply.result);
    });
    socket.on('close', () => {
      for (const call of this.#waiting.values()) call.reject(new Error('Firefox closed the connection'));
      this.#waiting.clear();
    });
    socket.on('error', () => {}); // 'close' follows
  }

  /** Starts Firefox on a profile. @throws Error with what Firefox printed when it does not come up. */
  static async launch(path: string, profile: string, headless: boolean, anyCertificate = false): Promise<Bidi> {
    // System access is what lets BiDi open moz-extension: pages and reach the browser's own windows.
    const args = ['--no-remote', '--profile', profile, '--remote-debugging-port=0', '--remote-allow-system-access'];
    const firefox = spawn(path, headless ? ['--headless', ...args] : args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const killed = (): unknown => firefox.kill('SIGKILL');
    process.once('exit', killed); // no orphan when the test runner is stopped
    firefox.once('exit', () => process.off('exit', killed));
    const url = await new Promise<string>((resolve, reject) => {
      let text = '';
      const timer = setTimeout(() => {
        firefox.kill('SIGKILL');
        reject(new Error(`Firefox did not start within 60 s: ${text}`));
      }, 60_000);
      firefox.stderr.on('data', (data) => {
        text = `${text}${data}`.slice(-10_000);
        const [, found] = /WebDriver BiDi listening on (ws:\S+)/.exec(text) ?? [];
        if (found) {
          clearTimeout(timer);
          resolve(found);
        }
      });
      firefox.once('error', reject);
      firefox.once('exit', () => reject(new Error(`Firefox ended: ${text}`)));
    });
    const socket = new WebSocket(`${url}/session`, { maxPayload: 256 * 1024 * 1024 });
    await once(socket, 'open');
    const bidi = new Bidi(socket, firefox);
    await bidi.send('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: anyCertificate } } });
    return bidi;
  }

  send<R = void>(method: string, params: object = {}): Promise<R> {
    // A closed socket takes messages without a word.
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error(`${method}: Firefox is closed`));
    return new Promise((resolve, reject) => {
      this.#waiting.set(++this.#id, { resolve, reject: (error) => reject(new Error(`${method}: ${error.message}`)) });
      this.#socket.send(JSON.stringify({ id: this.#id, method, params }));
    });
  }

  /** Listens to one kind of event. */
  async on<P>(event: string, listener: (params: P) => void): Promise<void> {
    this.#listeners.set(event, listener as (params: never) => void);
    await this.send('session.subscribe', { events: [event] });
  }

  /** Evaluates an expression in a page; the result travels as JSON, which spares a decoder for BiDi's own values. */
  async evaluate<R>(context: string, expression: string): Promise<R> {
    const reply = await this.send<{ type: string; result: { value: string }; exceptionDetails: { text: string } }>('script.evaluate', {
      expression: `(async () => JSON.stringify([await (${expression})]))()`,
      target: { context },
      awaitPromise: true,
    });
    if (reply.type === 'exception') throw new Error(reply.exceptionDetails.text);
    return (JSON.parse(reply.result.value) as [R])[0];
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.send('browser.close').catch(() => {});
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(timer);
    this.#socket.close();
  }
}
