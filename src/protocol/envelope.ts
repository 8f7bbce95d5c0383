import { toHex, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';

/** The only thing that nodes handle (SPEC 13.2). */
export interface Envelope {
  readonly contentTopic: string;
  /** The sender's time. */
  readonly timestampNs: bigint;
  readonly message: Uint8Array;
}

/** Bytes that the message of an envelope may have (SPEC 13.3). */
export const maxMessageLength = 1_048_214;

/** The id that replies and reactions refer to: SHA-256 of the whole outer message, in hex (SPEC 8.2). */
export const messageId = (messageBytes: Uint8Array): string => toHex(sha256(messageBytes));

/** What orders rows of equal time and finds repetitions: SHA-256 of topic and message; 32 bytes (SPEC 13.4). */
export const envelopeDigest = (topic: string, message: Uint8Array): Uint8Array<ArrayBuffer> => sha256(utf8(topic), message);
