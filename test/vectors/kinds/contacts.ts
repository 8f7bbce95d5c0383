import { toBinary } from '@bufbuild/protobuf';
import { PublicKeyBundleSchema, SignedPublicKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { chooseContact, decodeContact, encodeContact, verifyContact } from '../../../src/protocol/contact-bundle.ts';
import { verifyBundle } from '../../../src/protocol/public-keys.ts';
import { type Check, Fields, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

/** Takes a contact in as a reader does (decoding and verifying), and writes it again. */
const decode = async (vector: Vector): Promise<void> => {
  const contact = vector.in.bytes('contact');
  if (vector.refused) {
    await mustRefuse(() => verifyBundle(decodeContact(contact).bundle));
    return;
  }
  const { out } = vector;
  const { version, bundle } = decodeContact(contact);
  same(version, out.raw('version'), 'version');
  sameBytes(
    bundle.$typeName === 'xmtp.message_contents.PublicKeyBundle'
      ? toBinary(PublicKeyBundleSchema, bundle)
      : toBinary(SignedPublicKeyBundleSchema, bundle),
    out,
    'bundle',
  );
  const verified = verifyContact(contact, parseAddress(out.text('address')));
  same(verified.address, out.text('address'), 'address');
  same(verified.version, version, 'version of the verified contact');
  sameBytes(verified.identityKey, out, 'identityKey');
  sameBytes(verified.preKey, out, 'preKey');
  const again = decodeContact(encodeContact(verified, version));
  same(again, { version, bundle }, 'the contact written again');
};

/** Picks among the entries of a topic, newest first as a look-up reads them. */
const choose = (vector: Vector): void => {
  const { out } = vector;
  const newestFirst = vector.in
    .list('envelopes')
    .map((entry) => new Fields(entry))
    .map((entry) => ({
      contentTopic: vector.in.text('topic'),
      timestampNs: entry.long('timestampNs'),
      message: entry.bytes('message'),
    }))
    .sort((a, b) => (a.timestampNs > b.timestampNs ? -1 : a.timestampNs < b.timestampNs ? 1 : 0));
  const chosen = chooseContact(newestFirst, parseAddress(vector.in.text('address')));
  same(chosen?.version ?? null, out.raw('version'), 'version');
  if (chosen === null) return;
  same(chosen.address, vector.in.text('address'), 'address');
  if (out.has('identityKey')) sameBytes(chosen.identityKey, out, 'identityKey');
  sameBytes(chosen.preKey, out, 'preKey');
};

export const contacts: readonly Check[] = [
  { needs: ['contact'], run: decode },
  { needs: ['address', 'topic', 'envelopes'], run: choose },
];
