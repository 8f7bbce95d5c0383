import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { type Envelope, envelopeDigest, maxMessageLength, messageId } from '../../protocol/envelope.ts';
import type { Clock } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import type { Cache } from '../../storage/cache.ts';
import type { Marks } from '../messages/marks.ts';
import type { StoredEnvelope } from '../messages/model.ts';
import { hasTopicAlone } from './bindings.ts';
import type { Rows } from './rows.ts';

/** The door by which envelopes come in. */
export interface Inbox {
  /** Those of conversations of ours that are not here yet: what is read straight from the node. */
  unread(envelopes: readonly Envelope[]): Promise<StoredEnvelope[]>;
  /**
   * Writes raw envelopes, and the cursors that they move, in one strict transaction. Those of topics that are not ours are dropped, those seen before
   * are left out. Returns how many were new.
   */
  append(envelopes: readonly Envelope[], cursors?: readonly { readonly name: string; readonly value: bigint }[]): Promise<number>;
  /** Whether this envelope is here and became a message or a conversation. */
  opened(envelope: Envelope): Promise<boolean>;
}

interface Deps {
  readonly address: Address;
  readonly keystore: Pick<AccountKeys, 'blind' | 'sealRecord'>;
  readonly cache: Cache;
  readonly rows: Pick<Rows, 'byTopic'>;
  readonly marks: Pick<Marks, 'isHidden'>;
  readonly clock: Clock;
}

/** What was seen lately and need not be sealed again to be found on the disk: the overlap of two catch-ups is mostly that. */
const rememberedDigests = 5_000;

export function createInbox({ address, keystore, cache, rows, marks, clock }: Deps): Inbox {
  const ownInvites = inviteTopic(address);
  const recent = new Set<string>();
  const { digestOf, seal } = createRaw(address, keystore);

  return {
    async unread(envelopes) {
      const seenAt = clock();
      const ours = envelopes.flatMap(({ contentTopic, timestampNs, message }) => {
        const row = hasFit(message) ? rows.byTopic(contentTopic) : undefined;
        // Where nothing was read yet nothing is looked for. Who is missed so is found by the words of the sender: nothing is kept twice.
        const begun = row && (row.last !== null || Object.keys(row.filled).length > 0);
        const within = row && hasTopicAlone(row) ? row.id : null;
        return row ? [{ envelope: { contentTopic, timestampNs, message, seenAt }, id: begun ? messageId(message) : null, within }] : [];
      });
      const asked = ours.filter(({ id }) => id !== null);
      const known = await cache.messages.known(
        asked.flatMap(({ id }) => id ?? []),
        asked.map(({ within }) => within),
      );
      return ours.filter(({ id }) => id === null || !(known.has(id) || marks.isHidden(id))).map(({ envelope }) => envelope);
    },
    async append(envelopes, cursors = []) {
      const seenAt = clock();
      const ours = envelopes.filter(
        ({ contentTopic, message }) => hasFit(message) && (contentTopic === ownInvites || rows.byTopic(contentTopic)),
      );
      const named = await Promise.all(ours.map(async (envelope) => ({ envelope, digest: await digestOf(envelope) })));
      const fresh = await Promise.all(
        named
          .filter(({ digest }) => !recent.has(digest))
          .map(async ({ envelope: { contentTopic, timestampNs, message }, digest }) => {
            return { digest, sealed: await seal(digest, { contentTopic, timestampNs, message, seenAt }) };
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
    async opened(envelope) {
      if ((await cache.inbox.state(await digestOf(envelope))) === 'done') return true;
      const id = messageId(envelope.message);
      return rows.byTopic(envelope.contentTopic) !== undefined && (marks.isHidden(id) || (await cache.messages.get(id)) !== undefined);
    },
  };
}

const hasFit = (message: Uint8Array): boolean => message.length > 0 && message.length <= maxMessageLength;

/** Envelopes as the inbox keeps them. */
export function createRaw(address: Address, keystore: Pick<AccountKeys, 'blind' | 'sealRecord'>) {
  const ownInvites = inviteTopic(address);
  return {
    digestOf({ contentTopic, timestampNs, message }: Envelope): Promise<string> {
      const digest = toHex(envelopeDigest(contentTopic, message));
      // The time of an invitation is part of it: a copy under another time must not stand in the way of the true one. A message is itself at any time.
      return keystore.blind('inbox', contentTopic === ownInvites ? `${digest} ${timestampNs}` : digest);
    },
    seal: (digest: string, envelope: StoredEnvelope): Promise<Uint8Array> => keystore.sealRecord('inbox', digest, envelope),
  };
}
