import { hash as hashOf } from 'node:crypto';
import { Code } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import { verifyAuthToken } from '../protocol/auth-token.ts';
import { type Clock, systemClock } from '../protocol/time.ts';
import { refuse } from './refusal.ts';

const hourMs = 3_600_000;
const maxCached = 20_000;
/** Characters of a header up to which it is remembered as it is: those of our clients have about 500. */
const usualLength = 800;

/** Tells whose token it is. A token that proved itself once is remembered, since clients send the same one for an hour. */
export class Authenticator {
  readonly #clock: Clock;
  readonly #maxFutureMs: number | undefined;
  readonly #known = new Map<string, { readonly address: Address; readonly createdMs: number }>();

  /** `compat` takes tokens from the future, as existing nodes do. */
  constructor({ compat = false, clock = systemClock }: { readonly compat?: boolean; readonly clock?: Clock } = {}) {
    this.#clock = clock;
    this.#maxFutureMs = compat ? Number.MAX_SAFE_INTEGER : undefined;
  }

  /** The wallet of an `authorization` header. @throws ConnectError unauthenticated, with the words of existing nodes (SPEC 14.2) */
  walletOf(authorization: string | undefined): Address {
    if (authorization === undefined) throw unauthenticated('authorization token is not provided');
    const nowMs = this.#clock();
    // To compare a header of usual length costs less than its hash.
    const key = authorization.length <= usualLength ? authorization : hashOf('sha256', authorization, 'base64');
    const known = this.#known.get(key);
    if (known && nowMs - known.createdMs <= hourMs) return known.address;
    const [scheme = '', token, ...rest] = authorization.trim().split(/\s+/);
    if (token === undefined || rest.length > 0) throw unauthenticated('authorization header is malformed');
    if (scheme !== 'Bearer') throw unauthenticated('unrecognized authorization scheme');
    try {
      const verified = verifyAuthToken(token, {
        nowMs,
        ...(this.#maxFutureMs !== undefined && { maxFutureMs: this.#maxFutureMs }),
      });
      if (this.#known.size >= maxCached) this.#known.delete(this.#known.keys().next().value as string);
      this.#known.set(key, verified);
      return verified.address;
    } catch (error) {
      this.#known.delete(key);
      throw unauthenticated(`validating token: ${(error as Error).message}`, error);
    }
  }
}

/** Existing nodes wrap their words twice, and clients look for them. */
const unauthenticated = (text: string, cause?: unknown) =>
  refuse(Code.Unauthenticated, `rpc error: code = Unauthenticated desc = ${text}`, cause);
