/** Why data of a peer, a node or a disk is refused. Stable: logs and quarantine name it. */
export type ProtocolReason =
  | 'malformed'
  | 'unsupported'
  | 'bad-signature'
  | 'wrong-sender'
  | 'wrong-recipient'
  | 'wrong-topic'
  | 'wrong-time'
  | 'cannot-decrypt'
  | 'too-large'
  | 'unknown-key'
  | 'not-newer';

/** Bad data from outside. */
export class ProtocolError extends Error {
  readonly reason: ProtocolReason;

  constructor(reason: ProtocolReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ProtocolError';
    this.reason = reason;
  }
}
