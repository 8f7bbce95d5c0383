import { hash } from 'node:crypto';

/** By way of a text: the bytes that the library would answer lie in memory of their own, whose making and clearing takes longer than the hash of a message. */
export const sha256 = (bytes: Uint8Array): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
