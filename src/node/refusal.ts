import { Code, ConnectError } from '@connectrpc/connect';
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';
import { ProtocolError, type ProtocolReason } from '../protocol/errors.ts';
import type { StoreReason } from './store/reasons.ts';
import { NotNewerError, StoreError, TooManyError } from './store/store.ts';

/** The error of every answer of the node; its code is the number of the gRPC status (SPEC 13.8). */
export const refuse = (code: Code, message: string, cause?: unknown): ConnectError =>
  new ConnectError(message, code, undefined, undefined, cause);

/** The same for what may succeed later: how many seconds later is told by HTTP (`retry-after`) and by gRPC (`google.rpc.RetryInfo`). */
export function refuseForNow(code: Code, message: string, seconds: number, cause?: unknown): ConnectError {
  const retry = { desc: RetryInfoSchema, value: { retryDelay: { seconds: BigInt(seconds) } } };
  return new ConnectError(message, code, { 'retry-after': String(seconds) }, [retry], cause);
}

/** Whatever was thrown, as what a client may read; what nobody foresaw stays whole in `cause` for our own log. */
export function toRefusal(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof ProtocolError) return refuse(codes[error.reason], error.message, error);
  if (error instanceof NotNewerError) return refuse(Code.FailedPrecondition, error.message, error);
  if (error instanceof TooManyError) return refuse(Code.InvalidArgument, error.message, error);
  if (error instanceof StoreError) return storeRefusal(error);
  return refuse(Code.Internal, 'internal error', error);
}

/** What a client may know of a fault of the store: whether it is worth trying again, and when. The file and the words of the driver are for the log. */
function storeRefusal(error: StoreError): ConnectError {
  const { code = Code.Unavailable, message, seconds } = storeFaults[error.reason];
  return seconds === undefined ? refuse(code, message, error) : refuseForNow(code, message, seconds, error);
}

const storeFaults: Readonly<Record<StoreReason, { readonly code?: Code; readonly message: string; readonly seconds?: number }>> = {
  full: { message: 'the disk of this node is full: it takes nothing until there is room, and still answers queries', seconds: 60 },
  'read-only': { message: 'the store of this node may not be written: it takes nothing, and still answers queries', seconds: 60 },
  damaged: { code: Code.DataLoss, message: 'the store of this node is damaged' },
  busy: { message: 'the store of this node is busy; try again in a moment', seconds: 1 },
  failing: { message: 'the disk of this node reports errors', seconds: 60 },
  unreachable: { message: 'the database of this node does not answer', seconds: 5 },
  closed: { message: 'this node is stopping', seconds: 1 },
  other: { message: 'the store of this node does not work at present', seconds: 5 },
};

/** Whether the operator should see it. */
export const isOurFault = (error: ConnectError): boolean => error.code === Code.Internal || error.cause instanceof StoreError;

const codes: Record<ProtocolReason, Code> = {
  malformed: Code.InvalidArgument,
  unsupported: Code.InvalidArgument,
  'bad-signature': Code.PermissionDenied,
  'wrong-sender': Code.PermissionDenied,
  'wrong-recipient': Code.PermissionDenied,
  'wrong-topic': Code.InvalidArgument,
  'wrong-time': Code.InvalidArgument,
  'cannot-decrypt': Code.InvalidArgument,
  'too-large': Code.InvalidArgument,
  'unknown-key': Code.InvalidArgument,
  'not-newer': Code.FailedPrecondition,
};
