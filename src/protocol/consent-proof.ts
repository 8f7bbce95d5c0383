import { create } from '@bufbuild/protobuf';
import {
  type ConsentProofPayload,
  ConsentProofPayloadSchema,
  ConsentProofPayloadVersion,
} from '../gen/xmtp/message_contents/invitation_pb.ts';
import type { Address } from './address.ts';
import { toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { type Clock, systemClock } from './time.ts';
import { parseWalletSignature, personalDigest, recoverSigner } from './wallet-signature.ts';
import { decode, encode } from './wire.ts';

/** A wallet's word, for a while, that somebody may write to it. */
export interface VerifiedConsentProof {
  readonly sender: Address;
  readonly signedMs: number;
  /** The same for every form of the same statement, whatever its signature's bytes: accept each once (SPEC 19.8); hex. */
  readonly id: string;
}

/** Milliseconds for which a proof is good (SPEC 12.7). */
export const maxConsentProofAgeMs = 30 * 24 * 3_600_000;

/** The text by which a wallet allows `sender` to write; it tells the time in whole seconds (SPEC 12.7). */
export const consentProofText = (sender: string, timestampMs: number): string =>
  `XMTP : Grant inbox consent to sender\n\nCurrent Time: ${new Date(timestampMs).toUTCString()}\nFrom Address: ${sender}\n\nFor more info: https://xmtp.org/signatures/`;

/** The proof as an invitation carries it. @throws ProtocolError bad-signature */
export const consentProof = (walletSignature65: Uint8Array, timestampMs: number): ConsentProofPayload =>
  create(ConsentProofPayloadSchema, {
    signature: `0x${toHex(parseWalletSignature(walletSignature65))}`,
    timestamp: BigInt(timestampMs),
    payloadVersion: ConsentProofPayloadVersion.CONSENT_PROOF_PAYLOAD_VERSION_1,
  });

export const encodeConsentProof = (proof: ConsentProofPayload): Uint8Array<ArrayBuffer> => encode(ConsentProofPayloadSchema, proof);

/** @throws ProtocolError malformed */
export const decodeConsentProof = (bytes: Uint8Array): ConsentProofPayload => decode(ConsentProofPayloadSchema, bytes, 'the consent proof');

/**
 * Checks that `receiver` signed within the last 30 days that `sender` may write (SPEC 12.7). Allow the sender only if nothing is decided yet.
 * @throws ProtocolError unsupported (version), malformed, wrong-time, bad-signature, wrong-sender (somebody else signed, or for somebody else)
 */
export function verifyConsentProof(
  proof: ConsentProofPayload,
  { sender, receiver }: { readonly sender: Address; readonly receiver: Address },
  clock: Clock = systemClock,
): VerifiedConsentProof {
  if (proof.payloadVersion !== ConsentProofPayloadVersion.CONSENT_PROOF_PAYLOAD_VERSION_1)
    throw new ProtocolError('unsupported', 'a consent proof of another version');
  if (proof.timestamp === 0n || proof.signature === '') throw new ProtocolError('malformed', 'the consent proof is incomplete');
  const now = clock();
  if (proof.timestamp > BigInt(Math.trunc(now))) throw new ProtocolError('wrong-time', 'the consent proof is from the future');
  const signedMs = Number(proof.timestamp);
  if (signedMs < now - maxConsentProofAgeMs) throw new ProtocolError('wrong-time', 'the consent proof is older than 30 days');
  const text = consentProofText(sender, signedMs);
  if (recoverSigner(text, parseWalletSignature(proof.signature)) !== receiver)
    throw new ProtocolError('wrong-sender', 'the consent proof is not the receiver’s for this sender');
  return { sender, signedMs, id: toHex(personalDigest(text)) };
}
