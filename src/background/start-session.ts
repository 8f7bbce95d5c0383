import type { Keystore } from '../keystore/keystore.ts';
import type { NodeClient, NodeClientOptions } from '../network/node-client.ts';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { Cache } from '../storage/cache.ts';
import { sinceOf } from './accounts/account-dates.ts';
import type { AccountRecordsOf } from './accounts/account-records.ts';
import type { Front } from './accounts/front.ts';
import { noteStop } from './log.ts';
import type { NodeChoice } from './nodes/node-choice.ts';
import type { NodeStatus } from './nodes/node-state.ts';
import type { Preferences } from './preferences.ts';
import { openSession, type Session, type SessionDeps } from './session.ts';

interface Deps
  extends Pick<
    SessionDeps,
    'events' | 'disk' | 'awake' | 'failpoint' | 'nodeTroubled' | 'lossAt' | 'statusChanged' | 'handOver' | 'membersLeft'
  > {
  readonly keystore: Pick<Keystore, 'keys'>;
  readonly records: Parameters<typeof sinceOf>[0];
  readonly accountRecords: Pick<AccountRecordsOf, 'of'>;
  readonly cacheOf: (address: Address) => Cache;
  readonly preferences: Preferences;
  readonly connect: (url: string, options?: NodeClientOptions) => NodeClient;
  readonly status: NodeStatus;
  readonly front: Pick<Front, 'address'>;
  readonly clock: Clock;
  readonly second: NodeChoice['second'];
}

/** Skews beyond this are not corrected: a node must not be able to have tokens made for whatever time it likes. */
const mostSkewMs = 10 * 60_000;

/** Opens the session of an account at the node in use. */
export const createSessionStart = (deps: Deps): ((address: Address, unlocked: boolean) => Promise<Session>) => {
  const { keystore, records, accountRecords, cacheOf, preferences, connect, status, front, clock, second, ...rest } = deps;
  return async (address, unlocked) => {
    const [url, chosen] = [await preferences.nodeInUse(), await preferences.nodeUrl()];
    const keys = keystore.keys(address);
    const clientOf = (node: string): NodeClient => {
      const nodeTime = (): number => clock() + Math.max(-mostSkewMs, Math.min(mostSkewMs, client.clockSkewMs() ?? 0));
      const client: NodeClient = connect(node, { authToken: () => keys.authToken(nodeTime()), onTokenRefused: () => keys.renewToken() });
      return client;
    };
    const client = clientOf(url);
    status.reset(url, url === chosen ? null : chosen);
    return openSession({
      ...rest,
      keys,
      records: await accountRecords.of(address),
      cache: cacheOf(address),
      client: { ...client, publish: (envelopes) => publishTwice(client, envelopes, second, clientOf) },
      // Of the work of accounts that are not looked at nobody is told.
      status: { ...status, syncing: (work) => front.address() === address && status.syncing(work) },
      clock,
      unlocked,
      since: await sinceOf(records, address),
      rotateDays: preferences.rotateDays,
    });
  };
};

/** What one node has taken is published; the second copy is a precaution, and its failing is no failure. */
async function publishTwice(
  client: NodeClient,
  envelopes: Parameters<NodeClient['publish']>[0],
  second: NodeChoice['second'],
  clientOf: (url: string) => NodeClient,
): Promise<void> {
  await client.publish(envelopes);
  void (async () => {
    const url = await second(client.url);
    if (url !== null) await clientOf(url).publish(envelopes);
  })().catch((error: unknown) => noteStop('publishing a second copy', error));
}
