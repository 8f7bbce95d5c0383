import { Code, ConnectError } from '@connectrpc/connect';

/**
 * What became of a call to a node. `unreachable`: no answer; `wrong`: an answer that no node gives; `unauthorised`: the token was not taken;
 * `refused`: this request, for good; `limited`: too many requests, later; `failed`: the node's own trouble, later.
 */
export type NodeReason = 'unreachable' | 'wrong' | 'unauthorised' | 'refused' | 'limited' | 'failed';

export class NodeError extends Error {
  readonly reason: NodeReason;
  readonly retryAfterMs: number | null;

  constructor(reason: NodeReason, message: string, options?: { readonly cause?: unknown; readonly retryAfterMs?: number | null }) {
    super(message, options);
    this.name = 'NodeError';
    this.reason = reason;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}

/** More bytes than one answer may have: asked for less at once, the node may do better. */
export class LongAnswerError extends NodeError {
  constructor() {
    super('wrong', 'the node answers with more than it should');
    this.name = 'LongAnswerError';
  }
}

/** The node, or what stands before it, takes nothing of this size. */
export class TooLargeError extends NodeError {
  constructor() {
    super('refused', 'the node takes nothing so large');
    this.name = 'TooLargeError';
  }
}

/** Sorts what a call threw. A broken connection is `Unknown` with a TypeError as its cause in both browsers. */
export function toNodeError(thrown: unknown): NodeError {
  if (thrown instanceof NodeError) return thrown;
  const error = ConnectError.from(thrown);
  const options = { cause: thrown, retryAfterMs: retryAfter(error.metadata) };
  switch (error.code) {
    case Code.Unauthenticated:
      return new NodeError('unauthorised', error.rawMessage, options);
    case Code.InvalidArgument:
    case Code.PermissionDenied:
    case Code.FailedPrecondition:
    case Code.AlreadyExists:
    case Code.OutOfRange:
      return new NodeError('refused', error.rawMessage, options);
    case Code.ResourceExhausted:
      return new NodeError('limited', error.rawMessage, options);
    case Code.Unavailable:
    case Code.Internal:
    case Code.Aborted:
    case Code.DataLoss:
      return new NodeError('failed', error.rawMessage, options);
    case Code.Canceled:
    case Code.DeadlineExceeded:
      return new NodeError('unreachable', 'the node did not answer in time', options);
    case Code.Unimplemented:
    case Code.NotFound:
      return new NodeError('wrong', 'what answers there is no node', options);
    default:
      if (error.cause instanceof NodeError) return error.cause;
      return error.cause instanceof TypeError || error.cause instanceof DOMException
        ? new NodeError('unreachable', 'the node did not answer', options)
        : new NodeError('wrong', 'the answer is none that a node gives', options);
  }
}

/** What an answer means that no node gave: a proxy or a login page in between speaks no gRPC-web, and what it says is never said of the request for good. Null for a node's own. */
export function toStrangerError({ status, headers }: Response): NodeError | null {
  if (headers.get('content-type')?.startsWith('application/grpc-web')) return null;
  if (status === 429) return new NodeError('limited', 'too many requests', { retryAfterMs: retryAfter(headers) });
  if (status >= 500) return new NodeError('failed', `the way to the node is out of order (${status})`);
  return new NodeError('wrong', 'what answers there is no node');
}

/** Milliseconds, an hour at most; null where nobody says. */
export function retryAfter(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3600) * 1000 : null;
}
