import type { AccountKeys } from '../../keystore/account-keys.ts';
import { NodeError } from '../../network/errors.ts';
import type { Address } from '../../protocol/address.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import { quickenCurve } from '../../protocol/secp256k1-engine.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import type { Inbox } from './inbox.ts';
import type { Reader } from './reader.ts';
import type { Rows } from './rows.ts';

interface Deps {
  readonly address: Address;
  readonly keystore: Pick<AccountKeys, 'openInvitation'>;
  readonly node: Pick<NodeAccess, 'query' | 'newest'>;
  readonly rows: Pick<Rows, 'all'>;
  readonly inbox: Pick<Inbox, 'append'>;
  readonly reader: Reader;
  /** It can be shown: nobody is to wait for it until the next time at which lists are made. */
  readonly looked: () => void;
}

/** As many as a window has room for. */
const mostRows = 20;
/** From how many on it is worth making the curve's module ready. */
const several = 4;
/** Of each: the newest may be nothing that a row shows. */
const mostMessages = 5;

/**
 * What a device that knows nothing yet shows before it has read everything: the conversations that began last, and the newest that was said in them. It asks at once,
 * and answers what takes it in.
 */
export function lookFirst(deps: Deps): () => Promise<void> {
  const asked = deps.node.query({ topics: [inviteTopic(deps.address)], direction: 'descending', limit: mostRows });
  asked.catch(() => undefined); // told to who takes it in
  return async () => {
    try {
      await take((await asked).envelopes, deps);
    } catch (error) {
      // All of it comes in its order as well, and tells what is wrong.
      if (!(error instanceof NodeError)) throw error;
    }
  };
}

async function take(envelopes: readonly Envelope[], { keystore, node, rows, inbox, reader, looked }: Deps): Promise<void> {
  if (envelopes.length >= several) await quickenCurve();
  const opened = await Promise.allSettled(envelopes.map((each) => keystore.openInvitation(each)));
  // Where invitations contend for a topic they are read in their order. Those that follow from the keys of two stand before all others.
  const firm = envelopes.filter((_, position) => {
    const invitation = opened[position];
    return invitation?.status === 'fulfilled' && invitation.value.derived && !invitation.value.group;
  });
  await inbox.append(firm.toReversed());
  await reader.run();
  const topics = [...new Set([...rows.all()].map(({ topic }) => topic))];
  if (topics.length === 0) return;
  const newest = await node.newest(topics.slice(0, mostRows), mostMessages);
  await inbox.append(newest.toReversed());
  await reader.run();
  looked();
}
