import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, env, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { commandsText, runCommand } from './commands.ts';
import { ConfigError, describeConfig, helpText, readConfig } from './config.ts';
import { HealthError } from './health.ts';
import { letHeapGrow } from './heap.ts';
import { RelayMissingError } from './relay/host.ts';
import { type RunningNode, startNode } from './start-node.ts';
import { StoreError } from './store/store.ts';

export { type NodeOptions, type RunningNode, startNode } from './start-node.ts';

/** Runs the node from the command line until it is told to stop. Sets the exit code and prints the reason when it cannot start. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const said = await runCommand(args, env);
    if (said !== null) {
      if (said !== '') console.log(said);
      return;
    }
    if (args.includes('--print-config')) {
      const others = args.filter((arg) => arg !== '--print-config');
      console.log(describeConfig(others, env) ?? helpText());
      return;
    }
    const config = readConfig(args, env);
    if (!config) {
      console.log(`${helpText()}\n${commandsText()}`);
      return;
    }
    letHeapGrow();
    let node: RunningNode | null = null;
    // Before the start: a reload that comes during it must not end the process, and has nothing to read again yet.
    process.on('SIGHUP', () => {
      try {
        node?.reload();
      } catch (error) {
        console.error(`The certificate could not be read again, so the one before stays: ${explain(error)}`);
      }
    });
    const started = await startNode({ ...config, pages: config.pages ?? ownPages() });
    node = started;
    stopOnSignal(() => started.close());
  } catch (error) {
    process.exitCode = 1;
    console.error(explain(error));
  }
}

/** The first signal stops in good order, a second one at once. */
function stopOnSignal(stop: () => Promise<void>): void {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) exit(1);
      asked = true;
      stop().then(
        () => exit(0),
        (error: unknown) => {
          console.error(explain(error));
          exit(1);
        },
      );
    });
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StoreError || error instanceof HealthError || error instanceof RelayMissingError)
    return error.message;
  const { code, port, address } = error as { code?: unknown; port?: unknown; address?: unknown };
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use, perhaps by another node. Choose another: --port ${Number(port) + (port === 65_535 ? -1 : 1)}`;
  if (code === 'EACCES' && port !== undefined) return `Port ${port} may not be used by this user. Choose one above 1023: --port 5555`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no address ${address ?? ''}; see --host.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The pages that come with the node: beside the built node, or in the source tree. */
function ownPages(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  return [join(here, '..'), join(here, '../../public')].find((directory) => existsSync(join(directory, 'demo')));
}

/** Whether this file is what `node` was asked to run. */
function isProgram(): boolean {
  const program = argv[1];
  return program !== undefined && existsSync(program) && realpathSync(program) === realpathSync(fileURLToPath(import.meta.url));
}

if (isProgram()) await main(argv.slice(2));
