import * as conversation from '../soak/conversation.ts';
import * as network from '../soak/network.ts';
import * as node from '../soak/node.ts';
import * as outbox from '../soak/outbox.ts';
import * as permissions from '../soak/permissions.ts';
import * as sends from '../soak/sends.ts';
import * as subscriptions from '../soak/subscriptions.ts';
import * as unlock from '../soak/unlock.ts';
import { runNamed } from './named-runs.ts';

/** `npm run soak -- NAME`: what `npm test` does a few times, often enough to believe it. */
export function run(args: readonly string[]): Promise<number> {
  return runNamed('soak', { node, network, conversation, outbox, permissions, sends, subscriptions, unlock }, args);
}
