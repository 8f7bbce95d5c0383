import { ConnectError } from '@connectrpc/connect';
import { ProtocolError } from '../../protocol/errors.ts';
import type { Clock } from '../../protocol/time.ts';
import { isEphemeralTopic, parseTopic } from '../../protocol/topic.ts';
import { RateLimiter } from '../limits.ts';
import type { Lists } from '../lists.ts';
import type { NewEnvelope } from '../store/store.ts';
import { checkEnvelope, writerOf } from '../topic-rules.ts';
import { publicKeyOf } from './identity.ts';
import type { Shards } from './shards.ts';
import { checkVoucher } from './voucher.ts';
import { decodeWakuMessage, envelopeOf, type WakuMessage, wakuHash } from './waku-message.ts';

/** Why something does not come in. The words are labels of metrics: few, and nothing of the message in them. */
export type Reason =
  | 'malformed'
  | 'bad contact'
  | 'forged voucher'
  | 'not xmtp'
  | 'other shard'
  | 'known'
  | 'no voucher'
  | 'untrusted home'
  | 'expired'
  | 'clock'
  | 'over limit'
  | 'denied'
  | 'forgotten'
  | 'against the rules'
  | 'not newer'
  | 'store';

export type Judgement =
  | { readonly verdict: 'accept'; readonly envelope: NewEnvelope; readonly hash: Buffer; readonly voucher: Uint8Array | undefined }
  /** `reject` is for what no honest peer would have handed on, whatever its settings; it costs the peer its standing. `retryMs`: it may come in later. */
  | { readonly verdict: 'ignore' | 'reject'; readonly reason: Reason; readonly retryMs?: number };

export interface GuardOptions {
  readonly shards: Shards;
  readonly compat: boolean;
  /** Keys in hex. */
  readonly homes: ReadonlySet<string>;
  /** Envelopes per second under the vouchers of one home; 0: no limit. */
  readonly homeRate: number;
  /** Contacts per second from one peer that is no trusted home; 0: no limit. */
  readonly contactRate: number;
  /** Days by kind of topic: what would have been deleted already does not come back. */
  readonly retention: ReadonlyMap<string, number>;
  readonly lists: Lists;
  readonly clock: Clock;
  /** Whether this node has a message already, by its hash. */
  knows(hash: Buffer): boolean;
}

/** Who handed something on, and whether by gossip or from a store. */
export interface Origin {
  /** A peer id. */
  readonly peer: string;
  readonly live: boolean;
}

/** Guards the relay as the validators of the message API guard that. Contacts prove themselves, everything else needs the voucher of a trusted home. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #perHome: RateLimiter;
  readonly #contactsPerPeer: RateLimiter;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#perHome = new RateLimiter('this home', options.homeRate, options.clock);
    this.#contactsPerPeer = new RateLimiter('contacts of this peer', options.contactRate, options.clock);
  }

  /** Cheap questions come first; a signature is looked at only when nothing else is against it. */
  judge(pubsubTopic: string, data: Uint8Array | WakuMessage, from: Origin): Judgement {
    const message = data instanceof Uint8Array ? decodeWakuMessage(data) : data;
    if (!message) return reject('malformed');
    const { shards, compat, lists, clock } = this.#options;
    // Other applications may share the pubsub topic; it is for their own nodes to carry them.
    if (!message.contentTopic.startsWith('/xmtp/0/')) return ignore('not xmtp');
    if (shards.of(message.contentTopic) !== pubsubTopic) return ignore('other shard');
    const envelope = envelopeOf(message);
    if (!envelope) return reject('malformed');
    const hash = wakuHash(pubsubTopic, envelope);
    if (this.#options.knows(hash)) return ignore('known');
    const nowMs = clock();
    const isContact = parseTopic(envelope.topic).kind === 'contact';
    const refused = isContact ? this.#contactFault(from) : this.#voucherFault(pubsubTopic, envelope, message.voucher, nowMs, from);
    if (refused) return refused;
    try {
      const writer = writerOf(envelope);
      if (lists.isDenied(writer)) return ignore('denied');
      const checked = checkEnvelope(envelope, writer, { compat: compat && !isContact, nowMs, relayed: true });
      return { verdict: 'accept', envelope: checked, hash, voucher: isContact ? undefined : message.voucher };
    } catch (error) {
      if (!(error instanceof ConnectError || error instanceof ProtocolError)) throw error;
      // That a trusted home has vouched for it is its own fault, and not that of who hands it on.
      return isContact ? reject('bad contact') : ignore('against the rules');
    }
  }

  #contactFault({ peer, live }: Origin): Judgement | null {
    return spend(this.#contactsPerPeer, peer, !live && this.#isHome(peer));
  }

  #voucherFault(
    pubsubTopic: string,
    envelope: NewEnvelope,
    voucher: Uint8Array | undefined,
    nowMs: number,
    { live }: Origin,
  ): Judgement | null {
    if (!voucher) return ignore('no voucher');
    const { homes, retention } = this.#options;
    const checked = checkVoucher(voucher, pubsubTopic, envelope, { trusts: (home) => homes.has(home), nowMs, live });
    switch (checked) {
      case 'malformed':
        return reject('malformed');
      case 'forged':
        return reject('forged voucher');
      case 'untrusted':
        return ignore('untrusted home');
      case 'expired':
        return ignore('expired');
      case 'ahead':
        return ignore('clock');
    }
    const days = retention.get(parseTopic(envelope.topic).kind);
    if (days !== undefined && checked.issuedMs < nowMs - days * 86_400_000) return ignore('forgotten');
    if (!live && isEphemeralTopic(envelope.topic)) return ignore('against the rules');
    return spend(this.#perHome, checked.home, false);
  }

  #isHome(peer: string): boolean {
    const key = publicKeyOf(peer);
    return key !== null && this.#options.homes.has(Buffer.from(key).toString('hex'));
  }
}

const ignore = (reason: Reason, retryMs?: number): Judgement => ({ verdict: 'ignore', reason, ...(retryMs !== undefined && { retryMs }) });
const reject = (reason: Reason): Judgement => ({ verdict: 'reject', reason });

function spend(limiter: RateLimiter, who: string, free: boolean): Judgement | null {
  if (free) return null;
  try {
    limiter.spend(who, 1);
    return null;
  } catch (error) {
    return ignore('over limit', 1000 * Number(ConnectError.from(error).metadata.get('retry-after') ?? 1));
  }
}
