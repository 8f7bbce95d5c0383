import { create } from '@bufbuild/protobuf';
import {
  EncryptedPrivateKeyBundleSchema,
  type EncryptedPrivateKeyBundleV1,
  EncryptedPrivateKeyBundleV1Schema,
  PrivateKeyBundleSchema,
} from '../gen/xmtp/message_contents/private_key_pb.ts';
import type { Address } from './address.ts';
import { checkCiphertext, openAead, sealAead } from './aead.ts';
import { type Random, randomBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { addressOfBundle, decodePrivateBundle, encodePrivateBundle, type PrivateBundle } from './private-keys.ts';
import { enableIdentityText, recoverSigner } from './wallet-signature.ts';
import { encode, tryDecode } from './wire.ts';

/** A stored backup, before the wallet has signed for it. */
export interface KeyBackup {
  /** 32 bytes that enter the Enable Identity text. */
  readonly walletPreKey: Uint8Array;
  /** Opens with the wallet's signature over that text. @throws ProtocolError cannot-decrypt, wrong-sender when the keys are another wallet's */
  open(walletSignature65: Uint8Array, expected: Address): Promise<PrivateBundle>;
}

/** Seals the private bundle under the wallet's signature over the Enable Identity text (SPEC 11.1). @throws ProtocolError bad-signature, wrong-sender */
export async function sealKeyBackup(
  bundle: PrivateBundle,
  walletPreKey: Uint8Array,
  walletSignature65: Uint8Array,
  random: Random = randomBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  if (recoverSigner(enableIdentityText(walletPreKey), walletSignature65) !== addressOfBundle(bundle))
    throw new ProtocolError('wrong-sender', 'the backup must be sealed by the wallet of the keys');
  const ciphertext = await sealAead(walletSignature65, encodePrivateBundle(bundle), undefined, random);
  const message = create(EncryptedPrivateKeyBundleSchema, { version: { case: 'v1', value: { walletPreKey, ciphertext } } });
  return encode(EncryptedPrivateKeyBundleSchema, message);
}

/** Reads a stored backup, wrapped or in the oldest, bare form (SPEC 11.4). @throws ProtocolError malformed */
export function readKeyBackup(bytes: Uint8Array): KeyBackup {
  const { walletPreKey, ciphertext } = parseBackup(bytes);
  if (walletPreKey.length !== 32) throw new ProtocolError('malformed', 'the backup has no wallet pre-key of 32 bytes');
  checkCiphertext(ciphertext);
  return {
    walletPreKey,
    async open(walletSignature65, expected) {
      const plain = await openEither(walletSignature65, ciphertext as NonNullable<typeof ciphertext>);
      // Existing clients store and load the legacy format alone; keys that they could not load are no backup (SPEC 11.3).
      if (tryDecode(PrivateKeyBundleSchema, plain)?.version.case === 'v2')
        throw new ProtocolError('unsupported', 'the backup holds keys of the signed format');
      const bundle = decodePrivateBundle(plain);
      if (addressOfBundle(bundle) !== expected) throw new ProtocolError('wrong-sender', 'the backup holds the keys of another wallet');
      return bundle;
    },
  };
}

/** Wallets report the last byte as 0/1 or as 27/28; whichever sealed, the other is tried too (SPEC 11.3). */
async function openEither(signature: Uint8Array, ciphertext: NonNullable<EncryptedPrivateKeyBundleV1['ciphertext']>): Promise<Uint8Array> {
  try {
    return await openAead(signature, ciphertext);
  } catch (error) {
    if (signature.length !== 65) throw error;
    const other = signature.slice();
    const v = other[64] as number;
    other[64] = v < 27 ? v + 27 : v - 27;
    return openAead(other, ciphertext);
  }
}

function parseBackup(bytes: Uint8Array): EncryptedPrivateKeyBundleV1 {
  // The bare form has the ciphertext as field 2 at the top level, the wrapped form has field 1 alone.
  const bare = tryDecode(EncryptedPrivateKeyBundleV1Schema, bytes);
  if (bare?.ciphertext && bare.walletPreKey.length === 32) return bare;
  const wrapped = tryDecode(EncryptedPrivateKeyBundleSchema, bytes);
  if (wrapped?.version.case === 'v1') return wrapped.version.value;
  throw new ProtocolError('malformed', 'not a key backup');
}
