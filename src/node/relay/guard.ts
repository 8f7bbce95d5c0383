import { ConnectError } from '@connectrpc/connect';
import { ProtocolError } from '../../protocol/errors.ts';
import type { Clock } from '../../protocol/time.ts';
import { isEphemeralTopic, parseTopic } from '../../protocol/topic.ts';
import { RateLimiter } from '../limits.ts';
import type { Lists } from '../lists.ts';
import type { NewEnvelope } from '../store/store.ts';
import { checkEnvelope, writerOf } from '../topic-rules.ts';
import { type Opened, openBundle } from './bundle.ts';
import { publicKeyOf } from './identity.ts';
import type { Shards } from './shards.ts';
import { checkVoucher, type Vouched, type VoucherFault, type VoucherRules } from './voucher.ts';
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

/** What is known already of a message that came in a bundle. */
export interface Bundled {
  /** Whose word the bundle came under. */
  readonly vouched: Vouched;
  readonly hash: Buffer;
  readonly known: boolean;
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

  /** Opens what came by gossip under one signature; each message of it is judged then, and the word of its home need not be looked at again. */
  open(data: Uint8Array): Opened | Judgement {
    const opened = openBundle(data, this.#options.shards.of, this.#voucherRules(this.#options.clock(), true));
    return typeof opened === 'string' ? faults[opened] : opened;
  }

  /** Cheap questions come first; a signature is looked at only when nothing else is against it. */
  judge(pubsubTopic: string, data: Uint8Array | WakuMessage, from: Origin, bundled?: Bundled): Judgement {
    const message = data instanceof Uint8Array ? decodeWakuMessage(data) : data;
    if (!message) return reject('malformed');
    const { shards, compat, lists, clock } = this.#options;
    // Other applications may share the pubsub topic; it is for their own nodes to carry them.
    if (!message.contentTopic.startsWith('/xmtp/0/')) return ignore('not xmtp');
    if (shards.of(message.contentTopic) !== pubsubTopic) return ignore('other shard');
    const envelope = envelopeOf(message);
    if (!envelope) return reject('malformed');
    const hash = bundled?.hash ?? wakuHash(pubsubTopic, envelope);
    if (bundled ? bundled.known : this.#options.knows(hash)) return ignore('known');
    const nowMs = clock();
    const isContact = parseTopic(envelope.topic).kind === 'contact';
    // Contacts go by themselves, so that everybody may hand them on.
    if (isContact && bundled) return reject('malformed');
    const refused = isContact
      ? this.#contactFault(from)
      : this.#homeFault(envelope, bundled?.vouched ?? this.#vouchedBy(pubsubTopic, envelope, message.voucher, nowMs, from), nowMs, from);
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

  #vouchedBy(
    pubsubTopic: string,
    envelope: NewEnvelope,
    voucher: Uint8Array | undefined,
    nowMs: number,
    { live }: Origin,
  ): Vouched | Judgement {
    if (!voucher) return ignore('no voucher');
    const checked = checkVoucher(voucher, { pubsubTopic, envelope }, this.#voucherRules(nowMs, live));
    return typeof checked === 'string' ? faults[checked] : checked;
  }

  #homeFault(envelope: NewEnvelope, vouched: Vouched | Judgement, nowMs: number, { live }: Origin): Judgement | null {
    if ('verdict' in vouched) return vouched;
    const { retention } = this.#options;
    const days = retention.size > 0 ? retention.get(parseTopic(envelope.topic).kind) : undefined;
    if (days !== undefined && vouched.issuedMs < nowMs - days * 86_400_000) return ignore('forgotten');
    if (!live && isEphemeralTopic(envelope.topic)) return ignore('against the rules');
    return spend(this.#perHome, vouched.home, false);
  }

  #voucherRules(nowMs: number, live: boolean): VoucherRules {
    return { trusts: (home) => this.#options.homes.has(home), nowMs, live };
  }

  #isHome(peer: string): boolean {
    const key = publicKeyOf(peer);
    return key !== null && this.#options.homes.has(Buffer.from(key).toString('hex'));
  }
}

const ignore = (reason: Reason, retryMs?: number): Judgement => ({ verdict: 'ignore', reason, ...(retryMs !== undefined && { retryMs }) });
const reject = (reason: Reason): Judgement => ({ verdict: 'reject', reason });

const faults: Readonly<Record<VoucherFault, Judgement>> = {
  malformed: reject('malformed'),
  forged: reject('forged voucher'),
  untrusted: ignore('untrusted home'),
  expired: ignore('expired'),
  ahead: ignore('clock'),
};

function spend(limiter: RateLimiter, who: string, free: boolean): Judgement | null {
  if (free) return null;
  try {
    limiter.spend(who, 1);
    return null;
  } catch (error) {
    return ignore('over limit', 1000 * Number(ConnectError.from(error).metadata.get('retry-after') ?? 1));
  }
}
