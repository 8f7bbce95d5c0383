import { create } from '@bufbuild/protobuf';
import { CiphertextSchema } from '../gen/xmtp/message_contents/ciphertext_pb.ts';
import { checkCiphertext, openAead, sealAead } from './aead.ts';
import { type Random, randomBytes, toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** What a message tells of content that lies elsewhere, sealed (SPEC 10.7). */
export interface RemoteContentKeys {
  /** SHA-256 of the sealed bytes, lower-case hex. */
  readonly contentDigest: string;
  /** 32 bytes, as are the salt's. */
  readonly secret: Uint8Array;
  readonly salt: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
}

/** Bytes of sealed content that we make, or take from elsewhere: 25 MiB. Who fetches stops there too. */
export const maxRemoteLength = 25 * 1024 * 1024;

/** Seals the frame of a content (EncodedContent) under a fresh secret; `payload` is what to upload, and nothing else. @throws ProtocolError too-large */
export async function sealRemoteContent(
  frame: Uint8Array,
  random: Random = randomBytes,
): Promise<RemoteContentKeys & { readonly payload: Uint8Array }> {
  if (frame.length + 16 > maxRemoteLength) throw tooLarge();
  const secret = random(32);
  const { hkdfSalt, gcmNonce, payload } = checkCiphertext(await sealAead(secret, frame, undefined, random));
  return { contentDigest: await digestOf(payload), secret, salt: hkdfSalt, nonce: gcmNonce, payload };
}

/**
 * Opens what was found elsewhere; its digest decides before anything is decrypted. Returns the frame of a content.
 * @throws ProtocolError malformed (empty, another digest, sizes), too-large, cannot-decrypt
 */
export async function openRemoteContent(
  { contentDigest, secret, salt, nonce }: RemoteContentKeys,
  payload: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  if (payload.length === 0) throw new ProtocolError('malformed', 'there is no remote content');
  if (payload.length > maxRemoteLength) throw tooLarge();
  if ((await digestOf(payload)) !== contentDigest)
    throw new ProtocolError('malformed', 'the remote content is not what the message tells of');
  return openAead(
    secret,
    create(CiphertextSchema, { union: { case: 'aes256GcmHkdfSha256', value: { hkdfSalt: salt, gcmNonce: nonce, payload } } }),
  );
}

/** By WebCrypto, which does not hold up the thread for megabytes. */
const digestOf = async (bytes: Uint8Array): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)));

const tooLarge = (): ProtocolError => new ProtocolError('too-large', 'remote content is at most 25 MiB');
