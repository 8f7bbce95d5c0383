import { create, fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  PrivatePreferencesAction_AllowAddressSchema,
  PrivatePreferencesPayloadSchema,
} from '../gen/xmtp/message_contents/private_preferences_pb.ts';
import { checkCiphertext, hkdf, openAead, sealAead } from './aead.ts';
import { type Random, randomBytes, toBase64Url, toHex, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { sha256 } from './hash.ts';
import type { KeyPair } from './private-keys.ts';
import { decode, encode } from './wire.ts';

/** The identity key, which alone opens its owner's preferences: `bundle.identity` is one. */
export type IdentityKey = Pick<KeyPair, 'secret' | 'point'>;

export type Verdict = 'allowed' | 'denied';

/** Whom a decision is about. V2 knows addresses only; the others belong to later protocols and are kept as they come. */
export type SubjectKind = 'address' | 'groupId' | 'inboxId';

/** One decision about one or more subjects of a kind (SPEC 12.3). */
export interface ConsentAction {
  readonly verdict: Verdict;
  readonly kind: SubjectKind;
  /** Addresses (of any case) or ids. */
  readonly names: readonly string[];
}

/** What distinguishes the owner's topic from others'; 43 characters that only the identity key yields (SPEC 12.1). */
export const preferencesIdentifier = async (identity: Pick<IdentityKey, 'secret'>): Promise<string> =>
  toBase64Url(sha256(await hkdf(identity.secret, topicSalt, none)));

/** Seals bytes so that only the same identity key opens them; an encoded PrivatePreferencesPayload (SPEC 12.2). */
export async function sealToSelf(
  identity: IdentityKey,
  plaintext: Uint8Array,
  random: Random = randomBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const value = await sealAead(await selfSecret(identity), plaintext, identity.point, random);
  return encode(PrivatePreferencesPayloadSchema, create(PrivatePreferencesPayloadSchema, { version: { case: 'v1', value } }));
}

/** Opens what the same identity key sealed. @throws ProtocolError malformed, cannot-decrypt */
export async function openFromSelf(identity: IdentityKey, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return openAead(await selfSecret(identity), parseSealed(sealed), identity.point);
}

/** Names a ciphertext by what its seal covers, so that a copy in another wrapping has the same name; hex. @throws ProtocolError malformed */
export function ciphertextId(sealed: Uint8Array): string {
  const { hkdfSalt, gcmNonce, payload } = checkCiphertext(parseSealed(sealed));
  return toHex(sha256(hkdfSalt, gcmNonce, payload));
}

/** Writes a decision as existing clients read it. */
export const encodeAction = ({ verdict, kind, names }: ConsentAction): Uint8Array<ArrayBuffer> =>
  new BinaryWriter()
    .tag(2 * kinds.indexOf(kind) + (verdict === 'allowed' ? 1 : 2), WireType.LengthDelimited)
    .bytes(encode(NamesSchema, create(NamesSchema, { walletAddresses: [...names] })))
    .finish() as Uint8Array<ArrayBuffer>;

/**
 * Reads every decision in a message: one, except from writers that treat the members of the one-of as independent (SPEC 12.3). That is why
 * this reads the fields itself: a one-of would keep the last.
 * @throws ProtocolError malformed
 */
export function decodeActions(bytes: Uint8Array): ConsentAction[] {
  const actions: ConsentAction[] = [];
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      const kind = kinds[(field - 1) >> 1];
      if (kind === undefined) reader.skip(wireType, field);
      else if (wireType !== WireType.LengthDelimited) throw new RangeError('a decision is a message');
      else
        actions.push({
          verdict: field % 2 === 1 ? 'allowed' : 'denied',
          kind,
          names: fromBinary(NamesSchema, reader.bytes()).walletAddresses,
        });
    }
  } catch (cause) {
    throw new ProtocolError('malformed', 'the decision does not parse', { cause });
  }
  return actions;
}

/** In the order of the field numbers: 1 allows and 2 denies addresses, and so on. */
const kinds: readonly SubjectKind[] = ['address', 'groupId', 'inboxId'];

/** Every member of PrivatePreferencesAction has the same form: a list of texts in field 1. */
const NamesSchema = PrivatePreferencesAction_AllowAddressSchema;

const none = new Uint8Array(0);
const topicSalt = utf8('XMTP_PRIVATE_PREFERENCES_TOPIC');
const encryptionSalt = utf8('XMTP_PRIVATE_PREFERENCES_ENCRYPTION');

const selfSecret = (identity: Pick<IdentityKey, 'secret'>): Promise<Uint8Array> => hkdf(identity.secret, encryptionSalt, none);

function parseSealed(sealed: Uint8Array) {
  const { version } = decode(PrivatePreferencesPayloadSchema, sealed, 'the preference');
  if (version.case !== 'v1') throw new ProtocolError('malformed', 'the preference has no ciphertext');
  return version.value;
}
