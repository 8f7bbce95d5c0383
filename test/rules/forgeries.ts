import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { Compression, EncodedContentSchema, SignedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import {
  type SealedInvitationHeaderV1,
  SealedInvitationHeaderV1Schema,
  SealedInvitationSchema,
} from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { MessageSchema, type MessageV2 } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { SignatureSchema } from '../../src/gen/xmtp/message_contents/signature_pb.ts';
import { openAead, sealAead } from '../../src/protocol/aead.ts';
import { concat, fromHex, toHex } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { parseMessage } from '../../src/protocol/message.ts';
import type { EcdsaSignature } from '../../src/protocol/secp256k1.ts';

/** What can be made of genuine messages by who holds a key that he should not hold, or none. */

/** The other signature that the same key and digest have. */
export function highS({ bytes, recovery }: EcdsaSignature): EcdsaSignature {
  const s = BigInt(`0x${toHex(bytes.slice(32))}`);
  const other = (secp256k1.Point.Fn.ORDER - s).toString(16).padStart(64, '0');
  return { bytes: concat(bytes.slice(0, 32), fromHex(other)), recovery: recovery ^ 1 };
}

/** A sealed invitation with another header, under the seal as it was. */
export function withHeader(sealed: Uint8Array, change: (header: SealedInvitationHeaderV1) => SealedInvitationHeaderV1): Uint8Array {
  const outer = fromBinary(SealedInvitationSchema, sealed);
  if (outer.version.case !== 'v1') throw new Error('not a sealed invitation');
  const header = fromBinary(SealedInvitationHeaderV1Schema, outer.version.value.headerBytes);
  outer.version.value.headerBytes = toBinary(SealedInvitationHeaderV1Schema, change(header));
  return toBinary(SealedInvitationSchema, outer);
}

/** A message with other outer fields, which no seal covers. */
export function changedMessage(message: Uint8Array, change: (v2: MessageV2) => MessageV2): Uint8Array {
  const outer = fromBinary(MessageSchema, message);
  if (outer.version.case !== 'v2') throw new Error('not a message');
  outer.version.value = change(outer.version.value);
  return toBinary(MessageSchema, outer);
}

/** The same signed content under a new nonce, as anybody in the conversation can make it. */
export async function resealed(message: Uint8Array, keyMaterial: Uint8Array): Promise<Uint8Array> {
  const { headerBytes, ciphertext } = parseMessage(message);
  const next = await sealAead(keyMaterial, await openAead(keyMaterial, ciphertext, headerBytes), headerBytes);
  return changedMessage(message, (v2) => ({ ...v2, ciphertext: next }));
}

/** The same content with another signature, over the given header bytes. */
export async function resigned(
  message: Uint8Array,
  keyMaterial: Uint8Array,
  sign: (digest: Uint8Array) => EcdsaSignature,
  signedHeader?: Uint8Array,
): Promise<Uint8Array> {
  const { headerBytes, ciphertext } = parseMessage(message);
  const content = fromBinary(SignedContentSchema, await openAead(keyMaterial, ciphertext, headerBytes));
  const value = { ...sign(sha256(signedHeader ?? headerBytes, content.payload)) };
  content.signature = create(SignatureSchema, { union: { case: 'ecdsaCompact', value } });
  const next = await sealAead(keyMaterial, toBinary(SignedContentSchema, content), headerBytes);
  return changedMessage(message, (v2) => ({ ...v2, ciphertext: next }));
}

/** A text's frame with its content compressed, as other programs send it. */
export async function compressed(content: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([content as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  const frame = create(EncodedContentSchema, {
    type: { authorityId: 'xmtp.org', typeId: 'text', versionMajor: 1, versionMinor: 0 },
    parameters: { encoding: 'UTF-8' },
    content: new Uint8Array(await new Response(stream).arrayBuffer()),
    compression: Compression.GZIP,
  });
  return toBinary(EncodedContentSchema, frame);
}
