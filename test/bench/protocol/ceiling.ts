import { fromBinary } from '@bufbuild/protobuf';
import { EncodedContentSchema, SignedContentSchema } from '../../../src/gen/xmtp/message_contents/content_pb.ts';
import {
  InvitationV1Schema,
  SealedInvitationHeaderV1Schema,
  SealedInvitationSchema,
} from '../../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { MessageHeaderV2Schema, MessageSchema } from '../../../src/gen/xmtp/message_contents/message_pb.ts';
import { UnsignedPublicKeySchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { addressOf } from '../../../src/protocol/address.ts';
import { importAeadSecret, openAead } from '../../../src/protocol/aead.ts';
import { concat, equalBytes, fromUtf8, toHex } from '../../../src/protocol/bytes.ts';
import { sha256 } from '../../../src/protocol/hash.ts';
import type { sharedPoints } from '../../../src/protocol/secp256k1.ts';
import { verifyAll } from '../../../src/protocol/secp256k1-batch.ts';
import type { CurveModule } from '../../../src/protocol/secp256k1-wasm.ts';
import { createIdentityText, personalDigest } from '../../../src/protocol/wallet-signature.ts';
import { type Conversation, type Envelope, me, type Read } from './data.ts';

/**
 * The least that a correct client must compute, by the fastest that is at hand: what is left above it is our own overhead. It takes every shortcut that a client may not
 * take: it trusts the encoding, knows all senders after the first look and checks nothing but signatures.
 */
export async function openAtCeiling({ keyMaterial, peer, messages }: Conversation): Promise<Read[]> {
  const secret = await importAeadSecret(keyMaterial);
  const read: Read[] = [];
  for (let start = 0; start < messages.length; start += 128) {
    const claims = await Promise.all(
      messages.slice(start, start + 128).map(async ({ message }) => {
        const { version } = fromBinary(MessageSchema, message);
        if (version.case !== 'v2' || !version.value.ciphertext) throw new Error('not a message');
        const { headerBytes, ciphertext } = version.value;
        const { payload, sender, signature } = fromBinary(SignedContentSchema, await openAead(secret, ciphertext, headerBytes));
        if (!sender?.preKey || signature?.union.case !== 'ecdsaCompact') throw new Error('not signed');
        const found: Read = {
          id: toHex(sha256(message)),
          sender: equalBytes(sender.preKey.keyBytes, mine.keyBytes) ? me.address : peer.address,
          text: fromUtf8(fromBinary(EncodedContentSchema, payload).content),
          sentMs: Number(fromBinary(MessageHeaderV2Schema, headerBytes).createdNs / 1_000_000n),
        };
        const { bytes, recovery } = signature.union.value;
        return {
          found,
          digest: sha256(headerBytes, payload),
          signature: { bytes, recovery },
          point: knownPoint(sender.preKey.keyBytes),
          signer: '',
        };
      }),
    );
    if ((await verifyAll(claims)).includes(false)) throw new Error('a signature does not hold');
    read.push(...claims.map(({ found }) => found));
  }
  return read;
}

const mine = me.bundle.preKeys[0].publicKey;
/** Senders that were seen; their points by their key's bytes. */
const seen: { readonly keyBytes: Uint8Array; readonly point: Uint8Array }[] = [];

function knownPoint(keyBytes: Uint8Array): Uint8Array {
  const known = seen.find((each) => equalBytes(each.keyBytes, keyBytes));
  if (known) return known.point;
  const point = pointOf(keyBytes);
  seen.unshift({ keyBytes, point });
  seen.length = Math.min(seen.length, 4);
  return point;
}

const pointOf = (keyBytes: Uint8Array): Uint8Array => fromBinary(UnsignedPublicKeySchema, keyBytes).union.value?.bytes ?? new Uint8Array();

/** `multiply` agrees on keys: with scalars blinded, as a client must, or without, for comparison. */
export async function listAtCeiling(multiply: typeof sharedPoints, curve: CurveModule, envelopes: readonly Envelope[]): Promise<string[]> {
  const { identity, preKeys } = me.bundle;
  const open = async ({ message }: Envelope): Promise<string> => {
    const { version } = fromBinary(SealedInvitationSchema, message);
    if (version.case !== 'v1' || !version.value.ciphertext) throw new Error('not an invitation');
    const { headerBytes, ciphertext } = version.value;
    const { identityKey, preKey } = fromBinary(SealedInvitationHeaderV1Schema, headerBytes).sender ?? {};
    const [wallet, link] = [identityKey?.signature?.union.value, preKey?.signature?.union.value];
    if (!identityKey || !preKey || !wallet || !link) throw new Error('no sender');
    const [theirs, theirPre] = [pointOf(identityKey.keyBytes), pointOf(preKey.keyBytes)];
    if (!curve.verify(sha256(preKey.keyBytes), link.bytes, theirs)) throw new Error('the chain does not hold');
    const signer = curve.recover(personalDigest(createIdentityText(identityKey.keyBytes)), wallet.bytes, wallet.recovery);
    addressOf(signer as Uint8Array);
    const [preSecret, idSecret] = [preKeys[0].secret, identity.secret];
    const points = multiply([
      [preSecret, theirs],
      [idSecret, theirPre],
      [preSecret, theirPre],
    ]);
    const plain = await openAead(concat(...points), ciphertext, headerBytes);
    return fromBinary(InvitationV1Schema, plain).topic;
  };
  const topics: string[] = [];
  for (let start = 0; start < envelopes.length; start += 16)
    topics.push(...(await Promise.all(envelopes.slice(start, start + 16).map(open))));
  return topics;
}
