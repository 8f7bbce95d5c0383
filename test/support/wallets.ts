import { secp256k1 } from '@noble/curves/secp256k1.js';
import { toHex } from '../../src/protocol/bytes.ts';
import { personalDigest, signText } from '../../src/protocol/wallet-signature.ts';

/** What a wallet outside answers when it is asked to sign a text: hex with 0x. */
export type FakeWallet = (text: string) => string;

export const honest =
  (key: Uint8Array): FakeWallet =>
  (text) =>
    `0x${toHex(signText(text, key))}`;

/** Signs each time with other randomness: every signature is good, no two are equal. */
export const unsteady =
  (key: Uint8Array): FakeWallet =>
  (text) => {
    const signature = secp256k1.sign(personalDigest(text), key, { prehash: false, extraEntropy: true, format: 'recovered' });
    return `0x${toHex(signature.subarray(1))}${toHex(Uint8Array.of(27 + (signature[0] as number)))}`;
  };

/** Answers from the second time on with the signature of the time before. */
export const lagging = (key: Uint8Array): FakeWallet => {
  let last: string | null = null;
  return (text) => {
    const fresh = honest(key)(text);
    const answer = last ?? fresh;
    last = fresh;
    return answer;
  };
};

/** The same signature in the compact form (EIP-2098). */
export function compact(signature: string): string {
  const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), Number.parseInt(signature.slice(130), 16)];
  const high = (Number.parseInt(s.slice(0, 2), 16) | ((v - 27) << 7)).toString(16).padStart(2, '0');
  return `0x${r}${high}${s.slice(2)}`;
}
