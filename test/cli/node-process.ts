import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError, end, root, sleep } from './processes.ts';

export interface NodeOptions {
  readonly port: number;
  /** Folder of its store. */
  readonly data: string;
  /** File for its log; without one the log goes to our terminal. */
  readonly log?: string;
}

/** The built node as a process of its own, so that it can be stopped, killed and started again. */
export class NodeProcess {
  readonly url: string;
  readonly #options: NodeOptions;
  #child: ChildProcess | undefined;
  #ended: () => void = () => {};
  /** Resolves when it has ended for the first time, whoever ended it. */
  readonly ended = new Promise<void>((resolve) => {
    this.#ended = resolve;
  });

  constructor(options: NodeOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** Resolves when it answers. @throws CommandError when it ends or does not answer within 20 s. */
  async start(): Promise<this> {
    const { port, data, log } = this.#options;
    mkdirSync(data, { recursive: true });
    const child = spawn(
      process.execPath,
      [join(root, 'dist/node/main.js'), '--host', '127.0.0.1', '--port', String(port), '--data', data],
      {
        cwd: root,
        stdio: ['ignore', log ? 'pipe' : 'inherit', log ? 'pipe' : 'inherit'],
      },
    );
    this.#child = child;
    const killed = (): unknown => child.kill('SIGKILL');
    process.once('exit', killed); // no orphan when the test runner is stopped
    child.once('exit', () => {
      process.off('exit', killed);
      this.#ended();
    });
    if (log) {
      mkdirSync(dirname(log), { recursive: true });
      const file = createWriteStream(log, { flags: 'a' });
      child.stdout?.pipe(file);
      child.stderr?.pipe(file);
    }
    for (const limit = Date.now() + 20_000; ; await sleep(50)) {
      if (child.exitCode !== null)
        throw new CommandError(`The node ended at once with code ${child.exitCode}${log ? `; its log is ${log}` : ''}.`);
      if (await this.healthy()) return this;
      if (Date.now() > limit) {
        await this.kill();
        throw new CommandError(`The node did not answer at ${this.url}/healthz within 20 s.`);
      }
    }
  }

  async healthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
    } catch {
      return false;
    }
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    if (this.#child) await end(this.#child, 10_000);
  }

  /** As a crash ends it. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }
}
