import { ParseError } from '../parse.ts';
import type { Why } from '../words/refusal.ts';
import type { WireError } from './wire.ts';

/** The codes that wallets share (EIP-1193, JSON-RPC), as the contract of `window.xmtp` has them. */
export const codes = {
  userRejected: 4001,
  unauthorized: 4100,
  unsupportedMethod: 4200,
  disconnected: 4900,
  notNow: 4901,
  notFound: -32001,
  limitExceeded: -32005,
  invalidParams: -32602,
  internal: -32603,
} as const;

/** Why the background says no to a question that was well put. The popup chooses its words by the reason. */
export type RefusalReason =
  | 'user-rejected'
  | 'not-granted'
  | 'muted'
  | 'unsupported-method'
  | 'not-found'
  | 'peer-absent'
  | 'other-keys'
  | 'blocked'
  | 'too-many'
  | 'file-too-large'
  | 'file-gone'
  | 'file-damaged'
  | 'not-now'
  | 'node-unreachable'
  | 'node-wrong'
  | 'bad-params'
  | 'bad-site'
  | 'storage-full'
  | 'storage-failed'
  | 'storage-newer'
  | 'other-account'
  | 'not-an-export'
  | 'file-lost'
  | 'maybe-sent'
  | 'cancelled'
  | KeystoreReason;

// The keystore's reasons, repeated here as words of the wire: this folder stands on nothing that holds keys.
type KeystoreReason =
  | 'locked'
  | 'no-account'
  | 'account-exists'
  | 'too-many-accounts'
  | 'last-account'
  | 'wrong-passphrase'
  | 'weak-passphrase'
  | 'too-soon'
  | 'bad-secret'
  | 'bad-path'
  | 'no-wallet'
  | 'bad-bundle'
  | 'no-founding'
  | 'not-asked'
  | 'wrong-file-passphrase'
  | 'not-a-backup'
  | 'backup-newer'
  | 'backup-foreign'
  | 'backup-damaged'
  | 'vault-corrupt'
  | 'vault-foreign';

const codeOf: Partial<Record<RefusalReason, number>> = {
  'user-rejected': codes.userRejected,
  'unsupported-method': codes.unsupportedMethod,
  'not-found': codes.notFound,
  'peer-absent': codes.notFound,
  'too-many': codes.limitExceeded,
  'file-too-large': codes.limitExceeded,
  'file-gone': codes.notFound,
  'file-damaged': codes.notFound,
  'not-now': codes.notNow,
  'maybe-sent': codes.notNow,
  'node-unreachable': codes.notNow,
  'node-wrong': codes.notNow,
  'bad-params': codes.invalidParams,
  'bad-site': codes.invalidParams,
};

/** A refusal. `data` may hold what helps the asker; it crosses to a page, so nothing secret goes in. */
export class RefusalError extends Error {
  readonly reason: RefusalReason;
  readonly data: Record<string, unknown>;

  constructor(reason: RefusalReason, message: string, data: Record<string, unknown> = {}, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'RefusalError';
    this.reason = reason;
    this.data = data;
  }
}

/** An error as it reached the asker. */
export class RpcError extends Error {
  readonly code: number;
  readonly data?: Record<string, unknown>;

  constructor({ code, message, data }: WireError) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    if (data !== undefined) this.data = data;
  }

  /** What exactly is wrong, as data for words, when the background said so. */
  get why(): Why | null {
    return (this.data?.['why'] as Why | undefined) ?? null;
  }

  /** The background's reason, when it gave one. */
  get reason(): string | null {
    const reason = this.data?.['reason'];
    return typeof reason === 'string' ? reason : null;
  }
}

/** Errors of other layers that carry a reason of ours. */
const layers = new Set(['KeystoreError', 'NodeError', 'StorageError']);

const reasonOf: Record<string, RefusalReason> = {
  unreachable: 'node-unreachable',
  limited: 'node-unreachable',
  failed: 'node-unreachable',
  wrong: 'node-wrong',
  unauthorised: 'node-wrong',
  refused: 'node-wrong',
  full: 'storage-full',
  newer: 'storage-newer',
  'vault-newer': 'storage-newer',
  blocked: 'storage-failed',
};

/**
 * The one place where errors become words for somebody else. The extension's own pages learn the reason; web pages learn the code of the contract, a
 * sentence, and `data` only where the contract names it. What is unexpected leaves as "internal error" and goes whole to `log`.
 */
export function toWireError(error: unknown, audience: 'own' | 'page', log: (error: unknown) => void): WireError {
  if (error instanceof ParseError) return { code: codes.invalidParams, message: error.message };
  if (error instanceof RpcError) return { code: error.code, message: error.message, ...(error.data && { data: error.data }) };
  const refusal = asRefusal(error);
  if (!refusal) {
    log(error);
    return { code: codes.internal, message: 'internal error' };
  }
  const code = codeOf[refusal.reason] ?? codes.unauthorized;
  if (audience === 'own') return { code, message: refusal.message, data: { ...refusal.data, reason: refusal.reason } };
  const { retryAfterMs } = refusal.data;
  // What another layer says may be the node's words, or name it: a page gets ours.
  const message = error instanceof RefusalError ? refusal.message : (wordsFor[code] ?? 'this cannot be done now');
  return { code, message, ...(typeof retryAfterMs === 'number' && { data: { retryAfterMs } }) };
}

const wordsFor: Partial<Record<number, string>> = {
  [codes.unauthorized]: 'Parley is locked, or has no account',
  [codes.notNow]: 'the node did not answer; it is safe to ask again',
};

function asRefusal(error: unknown): RefusalError | null {
  if (error instanceof RefusalError) return error;
  if (!(error instanceof Error) || !layers.has(error.name)) return null;
  const { reason, why } = error as Error & { reason?: unknown; why?: unknown };
  if (typeof reason !== 'string') return null;
  const known = error.name === 'StorageError' && reason === 'failed' ? 'storage-failed' : (reasonOf[reason] ?? (reason as RefusalReason));
  return new RefusalError(known, error.message, why === undefined ? {} : { why }, { cause: error });
}
