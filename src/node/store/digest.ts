import { sha256 } from '../sha256.ts';

/** What `envelopeDigest` of the protocol says, by the hash that Node has: every envelope that is stored has one. */
export const digestOf = (topic: string, message: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.from(topic), message]));
