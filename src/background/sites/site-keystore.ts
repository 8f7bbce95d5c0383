import { KeystoreCallError } from '../../keystore/keystore-api.ts';
import { ParseError } from '../../parse.ts';
import type { Address } from '../../protocol/address.ts';
import { fromBase64, toBase64 } from '../../protocol/bytes.ts';
import { keystoreCode, keystoreMethods } from '../../protocol/keystore-call.ts';
import type { PageCaller } from '../../rpc/caller.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { KeystoreCall } from '../../rpc/views/page.ts';
import type { SiteGate } from './site-gate.ts';

/** What sites have to do with the keystore. */
export interface SitesKeystore {
  /** @throws KeystoreError locked, KeystoreCallError */
  answerCall(account: Address, asker: string, method: string, request: Uint8Array | null): Promise<Uint8Array>;
  /** Forgets what calls of this asker have left behind. */
  forgetCalls(asker: string): void;
  /** @throws KeystoreError wrong-passphrase, too-soon */
  check(passphrase: string): Promise<void>;
  /** Whether the user has switched the keystore API on. */
  on(): Promise<boolean>;
}

/** The keystore API for sites that hold its permission. */
export interface SiteKeystore {
  /** @throws ParseError, RefusalError not-granted, unsupported-method, not-found */
  call(caller: PageCaller, call: KeystoreCall): Promise<{ readonly response: string }>;
}

interface Deps {
  readonly gate: Pick<SiteGate, 'pass' | 'isOpen'>;
  readonly keystore: Pick<SitesKeystore, 'answerCall'>;
  /** A call is answered. */
  readonly used: (origin: string, account: Address) => Promise<void>;
}

const need = { kind: 'keystore' } as const;

export function createSiteKeystore({ gate, keystore, used }: Deps): SiteKeystore {
  return {
    async call(caller, { method, request }) {
      if (!Object.hasOwn(keystoreMethods, method)) throw new ParseError('params.method', 'a method of the keystore API');
      if (method === 'getPrivateKeyBundle') throw new RefusalError('unsupported-method', 'Parley keeps its private keys');
      const bytes = request === undefined ? null : readBase64(request);
      const account = await gate.pass(caller, need);
      const response = await keystore.answerCall(account, caller.origin, method, bytes).catch((error: unknown) => {
        throw asRefusal(error);
      });
      // A batch takes its time, and the user may have thought better of it.
      if (!(await gate.isOpen(caller.origin, need))) throw new RefusalError('not-granted', 'the permission was taken back');
      await used(caller.origin, account);
      return { response: toBase64(response) };
    },
  };
}

/** A call that failed as a whole, by the code that the wire has for it. What it says is of the request and of nothing else. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof KeystoreCallError)) return error;
  if (error.reason === 'unsupported') return new RefusalError('unsupported-method', error.message);
  if (error.reason === 'too-large') return new RefusalError('too-many', error.message);
  if (error.code === keystoreCode.noMatchingPreKey) return new RefusalError('not-found', error.message);
  return new ParseError('params.request', `what the method takes: ${error.message}`);
}

function readBase64(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch {
    throw new ParseError('params.request', 'base64');
  }
}
