import { Code, ConnectError } from '@connectrpc/connect';
import { ProtocolError, type ProtocolReason } from '../protocol/errors.ts';
import { NotNewerError, StoreError, TooManyError } from './store/store.ts';

/** The error of every answer of the node; its code is the number of the gRPC status (SPEC 13.8). */
export const refuse = (code: Code, message: string, cause?: unknown): ConnectError =>
  new ConnectError(message, code, undefined, undefined, cause);

/** Whatever was thrown, as what a client may read; what nobody foresaw stays whole in `cause` for our own log. */
export function toRefusal(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof ProtocolError) return refuse(codes[error.reason], error.message, error);
  if (error instanceof NotNewerError) return refuse(Code.FailedPrecondition, error.message, error);
  if (error instanceof TooManyError) return refuse(Code.InvalidArgument, error.message, error);
  if (error instanceof StoreError) return refuse(Code.Unavailable, 'the store of this node does not work at present', error);
  return refuse(Code.Internal, 'internal error', error);
}

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
