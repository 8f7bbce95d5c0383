import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { ContactBundleSchema } from '../gen/xmtp/message_contents/contact_pb.ts';
import { type PublicKeyBundle, PublicKeyBundleSchema, type SignedPublicKeyBundle } from '../gen/xmtp/message_contents/public_key_pb.ts';
import type { Address } from './address.ts';
import { ProtocolError } from './errors.ts';
import { type VerifiedBundle, verifyBundle } from './public-keys.ts';

export type ContactVersion = 1 | 2;
export type VerifiedContact = VerifiedBundle & { readonly version: ContactVersion };

/** What the contact topic carries: the bundle in the legacy (1) or the signed (2) format (SPEC 5.1). @throws ProtocolError unsupported */
export function encodeContact(bundle: VerifiedBundle, version: ContactVersion): Uint8Array<ArrayBuffer> {
  if (version === 1 && !bundle.legacy) throw new ProtocolError('unsupported', 'keys of the signed format have no legacy contact');
  const contact =
    version === 1
      ? create(ContactBundleSchema, { version: { case: 'v1', value: { keyBundle: bundle.legacy as PublicKeyBundle } } })
      : create(ContactBundleSchema, { version: { case: 'v2', value: { keyBundle: bundle.signed } } });
  return toBinary(ContactBundleSchema, contact) as Uint8Array<ArrayBuffer>;
}

/** Reads a contact, wrapped or in the oldest, bare form, without verifying it (SPEC 5.2). @throws ProtocolError malformed */
export function decodeContact(bytes: Uint8Array): {
  readonly version: ContactVersion;
  readonly bundle: SignedPublicKeyBundle | PublicKeyBundle;
} {
  try {
    // Only the bare form has both fields 1 and 2 at the top level; a one-of never writes two.
    const fields = topLevelFields(bytes);
    if (fields.has(1) && fields.has(2)) {
      const bundle = fromBinary(PublicKeyBundleSchema, bytes, { readUnknownFields: false });
      return { version: 1, bundle };
    }
    const { version } = fromBinary(ContactBundleSchema, bytes, { readUnknownFields: false });
    if (version.case === 'v1' && version.value.keyBundle) return { version: 1, bundle: version.value.keyBundle };
    if (version.case === 'v2' && version.value.keyBundle) return { version: 2, bundle: version.value.keyBundle };
  } catch (cause) {
    throw new ProtocolError('malformed', 'the contact does not parse', { cause });
  }
  throw new ProtocolError('malformed', 'the contact holds no key bundle');
}

/** Reads a contact and verifies it down to the wallet it must belong to (SPEC 3.7). @throws ProtocolError */
export function verifyContact(bytes: Uint8Array, expected: Address): VerifiedContact {
  const { version, bundle } = decodeContact(bytes);
  const verified = verifyBundle(bundle);
  if (verified.address !== expected) throw new ProtocolError('wrong-sender', 'the contact belongs to another wallet');
  return { ...verified, version };
}

/** The first entry of a contact topic, newest first, that is good for the address; entries that are not are passed over (SPEC 5.3). */
export function chooseContact(newestFirst: Iterable<{ readonly message: Uint8Array }>, address: Address): VerifiedContact | null {
  for (const { message } of newestFirst) {
    try {
      return verifyContact(message, address);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return null;
}

function topLevelFields(bytes: Uint8Array): Set<number> {
  const reader = new BinaryReader(bytes);
  const fields = new Set<number>();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    fields.add(field);
    reader.skip(wireType, field);
  }
  return fields;
}
