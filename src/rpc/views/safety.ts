import type { PeerAnswer } from './conversations.ts';

/** Something that happened to the keys of a peer. */
export interface KeyEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * `changed`: its wallet vouches for other keys; `accepted`: I use them; `verified`, `unverified`: I compared the safety number, or took that back; `older`:
   * the node showed keys from before.
   */
  readonly kind: 'changed' | 'accepted' | 'verified' | 'unverified' | 'older';
}

/** What is known of the keys of a peer. */
export interface Safety {
  /** Sixty digits, the same at the peer's; null while nothing is known, and where they were not asked for. */
  readonly number: string | null;
  /** The number that the other keys would give, while they wait to be accepted; null as above. */
  readonly otherNumber: string | null;
  /** When the key that is used was first seen here, milliseconds since 1970. */
  readonly firstSeenAt: number | null;
  readonly verifiedAt: number | null;
  readonly warning: PeerAnswer['warning'];
  /** Oldest first. */
  readonly events: readonly KeyEvent[];
}
