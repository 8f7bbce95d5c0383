import { sha256 } from '../sha256.ts';

/** Longer ones have memory of their own. */
const most = 16_384;
const shared = Buffer.allocUnsafeSlow(most);

/** What `envelopeDigest` of the protocol says, by the hash that Node has: every envelope that is stored has one. */
export function digestOf(topic: string, message: Uint8Array): Buffer {
  // A character has three bytes at most.
  if (topic.length * 3 + message.length > most) return sha256(Buffer.concat([Buffer.from(topic), message]));
  const length = shared.write(topic);
  shared.set(message, length);
  return sha256(shared.subarray(0, length + message.length));
}
