import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { concat, fromBase64, toBase64 } from '../protocol/bytes.ts';
import { type KeystoreMethod, keystoreMethods } from '../protocol/keystore-call.ts';
import { codes, isXmtpError } from './index.ts';
import { fromPlain, type Plain, toPlain } from './plain.ts';
import type { XmtpProvider } from './types.ts';

/** Bytes of protobuf in one call: with base64 around them they stay below what a provider takes (1 MiB). */
const mostBytes = 700_000;
const mostTries = 20;

export type CallKeystore = (method: KeystoreMethod, request?: Plain) => Promise<Plain>;

/**
 * Calls of the keystore API by `xmtp_keystore`. A batch that is larger than one call may be goes in several; a call that came too soon waits as long as it
 * is told to and is made again.
 */
export const keystoreWire =
  (provider: XmtpProvider): CallKeystore =>
  async (method, request) => {
    const [asked, answered]: readonly [DescMessage | null, DescMessage] = keystoreMethods[method];
    const one = async (bytes: Uint8Array | null): Promise<Plain> => {
      const params = { method, ...(bytes && { request: toBase64(bytes) }) };
      for (let tries = 1; ; tries++) {
        try {
          const { response } = await provider.request({ method: 'xmtp_keystore', params });
          return toPlain(answered, fromBinary(answered, fromBase64(response)));
        } catch (error) {
          const wait = isXmtpError(error, codes.limitExceeded) ? error.data?.retryAfterMs : undefined;
          if (wait === undefined || tries === mostTries) throw error;
          await new Promise((resolve) => setTimeout(resolve, wait));
        }
      }
    };
    if (!asked) return one(null);
    const { requests, ...rest } = request ?? {};
    if (!Array.isArray(requests) || Object.keys(rest).length > 0) return one(toBinary(asked, fromPlain(asked, request ?? {})));
    const responses: unknown[] = [];
    // Encoded lists stand one behind the other, so that a part of the list is as good a request as the whole.
    for (const part of parts(requests.map((each: unknown) => toBinary(asked, fromPlain(asked, { requests: [each] })))))
      responses.push(...((await one(part)) as { readonly responses: readonly unknown[] }).responses);
    return { responses };
  };

function parts(encoded: readonly Uint8Array[]): Uint8Array[] {
  const found: Uint8Array[][] = [[]];
  let size = 0;
  for (const each of encoded) {
    if (size > 0 && size + each.length > mostBytes) {
      found.push([]);
      size = 0;
    }
    found.at(-1)?.push(each);
    size += each.length;
  }
  return found.map((part) => concat(...part));
}
