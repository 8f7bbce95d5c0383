import * as inbox from '../bench/inbox.ts';
import * as network from '../bench/network.ts';
import * as node from '../bench/node.ts';
import * as overview from '../bench/overview.ts';
import * as protocol from '../bench/protocol.ts';
import * as provider from '../bench/provider.ts';
import * as unlock from '../bench/unlock.ts';
import { runNamed } from './named-runs.ts';

/** `npm run bench -- NAME`: figures of this machine, as tables and as JSON. What is loaded by a command is loaded at its start: no `import()` here. */
export function run(args: readonly string[]): Promise<number> {
  return runNamed('bench', { overview, inbox, node, network, protocol, provider, unlock }, args);
}
