import { type Address, addressOf } from './address.ts';
import { concat, fromHex, toHex, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { keccak256 } from './hash.ts';
import { type EcdsaSignature, recover, sign } from './secp256k1.ts';

/** The text by which a wallet vouches for an identity key; `keyBytes` are the key's bytes to sign (SPEC 3.2). */
export const createIdentityText = (keyBytes: Uint8Array): string =>
  `XMTP : Create Identity\n${toHex(keyBytes)}\n\nFor more info: https://xmtp.org/signatures/`;

/** The text whose signature is the secret of the key backup; 32 random bytes enter it (SPEC 11.1). */
export const enableIdentityText = (walletPreKey: Uint8Array): string =>
  `XMTP : Enable Identity\n${toHex(walletPreKey)}\n\nFor more info: https://xmtp.org/signatures/`;

/** What a wallet signs when it signs a text (EIP-191; SPEC 1.5); 32 bytes. */
export function personalDigest(text: string): Uint8Array<ArrayBuffer> {
  const bytes = utf8(text);
  return keccak256(utf8(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes);
}

/** Signs a text as a wallet does: r, s and v (27 or 28), 65 bytes. */
export function signText(text: string, walletPrivateKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const { bytes, recovery } = sign(personalDigest(text), walletPrivateKey);
  return concat(bytes, Uint8Array.of(27 + recovery));
}

/** The wallet that signed a text. @throws ProtocolError bad-signature */
export const recoverSigner = (text: string, signature65: Uint8Array): Address =>
  addressOf(recover(personalDigest(text), splitWalletSignature(signature65)));

/** Reads a wallet's answer, bytes or hex, into 65 bytes with v of 27 or 28 (SPEC 1.7). @throws ProtocolError bad-signature */
export function parseWalletSignature(signature: string | Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = typeof signature === 'string' ? fromHex(signature) : new Uint8Array(signature);
  } catch (cause) {
    throw new ProtocolError('bad-signature', 'a wallet signature is hexadecimal', { cause });
  }
  if (bytes.length !== 65) throw new ProtocolError('bad-signature', 'a wallet signature is 65 bytes');
  const v = bytes[64] as number;
  if (v > 1 && v !== 27 && v !== 28) throw new ProtocolError('bad-signature', 'the last byte of a wallet signature is 0, 1, 27 or 28');
  bytes[64] = v < 27 ? v + 27 : v;
  return bytes;
}

/**
 * Reads what a person pastes: hex with or without 0x, of 65 bytes or in the compact form of 64 (EIP-2098), alone or in the JSON that tools print
 * (`sig` or `signature`). Returns 65 bytes with v of 27 or 28. @throws ProtocolError bad-signature, too-large for what a contract would check
 */
export function readPastedSignature(text: string): Uint8Array<ArrayBuffer> {
  const hex = signatureIn(text)
    .replace(/\s+/g, '')
    .replace(/^["']|["'],?$/g, '');
  if (!/^(0x)?[0-9a-fA-F]+$/i.test(hex)) throw new ProtocolError('bad-signature', 'a wallet signature is hexadecimal');
  const digits = hex.replace(/^0x/i, '');
  if (digits.length === 128) return expandCompact(fromHex(digits));
  if (digits.length > 130) throw new ProtocolError('too-large', 'longer than the signature of a key: it is one that a contract checks');
  if (digits.length !== 130) throw new ProtocolError('bad-signature', `a wallet signature has 130 digits, not ${digits.length}`);
  return parseWalletSignature(digits);
}

function signatureIn(text: string): string {
  try {
    const { sig, signature } = JSON.parse(text) as { sig?: unknown; signature?: unknown };
    const found = sig ?? signature;
    return typeof found === 'string' ? found : text;
  } catch {
    return text;
  }
}

/** The recovery bit sits in the highest bit of s, which is zero otherwise. */
function expandCompact(bytes64: Uint8Array): Uint8Array<ArrayBuffer> {
  const high = bytes64[32] as number;
  const bytes = concat(bytes64, Uint8Array.of(27 + (high >> 7)));
  bytes[32] = high & 0x7f;
  return bytes;
}

/** r and s beside the recovery bit. @throws ProtocolError bad-signature */
export function splitWalletSignature(signature65: Uint8Array): EcdsaSignature {
  const bytes = parseWalletSignature(signature65);
  return { bytes: bytes.slice(0, 64), recovery: (bytes[64] as number) - 27 };
}
