import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { type Envelope, envelopeDigest, maxMessageLength } from '../../protocol/envelope.ts';
import type { Clock } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import type { Cache } from '../../storage/cache.ts';
import type { StoredEnvelope } from '../messages/model.ts';
import type { Rows } from './rows.ts';

/** The door by which envelopes come in. */
export interface Inbox {
  /**
   * Writes raw envelopes, and the cursors that they move, in one strict transaction. Those of topics that are not ours are dropped, those seen before
   * are left out. Returns how many were new.
   */
  append(envelopes: readonly Envelope[], cursors?: readonly { readonly name: string; readonly value: bigint }[]): Promise<number>;
  /** Whether this envelope is here and became a message or a conversation. */
  opened(envelope: Envelope): Promise<boolean>;
}

/** What was seen lately and need not be sealed again to be found on the disk: the overlap of two catch-ups is mostly that. */
const rememberedDigests = 5_000;

export function createInbox(address: Address, keystore: AccountKeys, cache: Cache, rows: Rows, clock: Clock): Inbox {
  const ownInvites = inviteTopic(address);
  const recent = new Set<string>();

  const digestOf = ({ contentTopic, timestampNs, message }: Envelope): Promise<string> => {
    const digest = toHex(envelopeDigest(contentTopic, message));
    // The time of an invitation is part of it: a copy under another time must not stand in the way of the true one. A message is itself at any time.
    return keystore.blind('inbox', contentTopic === ownInvites ? `${digest} ${timestampNs}` : digest);
  };

  return {
    async append(envelopes, cursors = []) {
      const seenAt = clock();
      const ours = envelopes.filter(
        ({ contentTopic, message }) =>
          message.length > 0 && message.length <= maxMessageLength && (contentTopic === ownInvites || rows.byTopic(contentTopic)),
      );
      const named = await Promise.all(ours.map(async (envelope) => ({ envelope, digest: await digestOf(envelope) })));
      const fresh = await Promise.all(
        named
          .filter(({ digest }) => !recent.has(digest))
          .map(async ({ envelope: { contentTopic, timestampNs, message }, digest }) => {
            const stored: StoredEnvelope = { contentTopic, timestampNs, message, seenAt };
            return { digest, sealed: await keystore.sealRecord('inbox', digest, stored) };
          }),
      );
      if (fresh.length === 0 && cursors.length === 0) return 0;
      const added = await cache.inbox.append(fresh, cursors);
      for (const { digest } of fresh) recent.add(digest);
      for (const digest of recent) {
        if (recent.size <= rememberedDigests) break;
        recent.delete(digest);
      }
      return added;
    },
    opened: async (envelope) => (await cache.inbox.state(await digestOf(envelope))) === 'done',
  };
}
