import { toBinary } from '@bufbuild/protobuf';
import { createPublication } from '../../../src/background/accounts/publication.ts';
import { PublicKeyBundleSchema, SignedPublicKeyBundleSchema } from '../../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { chooseContact, decodeContact, encodeContact, verifyContact } from '../../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { addressOfBundle, decodePrivateBundle, type PrivateBundle, publicBundle } from '../../../src/protocol/private-keys.ts';
import { verifyBundle } from '../../../src/protocol/public-keys.ts';
import { contactTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import type { Records } from '../../../src/storage/records.ts';
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

/** What our background publishes at its start to a node that holds these entries; the signed form strictly later than the legacy one. */
const startUp = async ({ in: given, out }: Vector): Promise<void> => {
  const bundle = decodePrivateBundle(given.bytes('privateKeyBundle'));
  const address = addressOfBundle(bundle);
  const published = await publishedBy(bundle, envelopesIn(given));
  same(told(published), told(expectedIn(out)), 'published');
  for (const { contentTopic } of published) same(contentTopic, contactTopic(address), 'contentTopic');
  const times = published.map(({ timestampNs }) => timestampNs);
  same(times, [...new Set(times)].sort(), 'times increase');
};

/** The reference client can be told to publish the legacy form alone. Ours cannot; the form is the same. */
const startUpLegacy = ({ in: given, out }: Vector): void => {
  const bundle = publicBundle(decodePrivateBundle(given.bytes('privateKeyBundle')));
  same(told(expectedIn(out)), [`${contactTopic(bundle.address)} ${toHex(encodeContact(bundle, 1))}`], 'published');
};

/** What a start has no use for. */
const notHere = async (): Promise<never> => {
  throw new Error('not asked of a start');
};

const publishedBy = async (bundle: PrivateBundle, stored: readonly Envelope[]): Promise<Envelope[]> => {
  const address = addressOfBundle(bundle);
  const published: Envelope[] = [];
  const settings = new Map<string, unknown>();
  const contact = publicBundle(bundle);
  const backup: Envelope = { contentTopic: privateStoreTopic(address), timestampNs: 1n, message: Uint8Array.of(1) };
  const { run } = createPublication({
    address,
    keystore: {
      publicBundle: () => contact,
      contactMessages: () => [encodeContact(contact, 1), encodeContact(contact, 2)],
      adoptPreKeys: async () => false,
      isBackedUpBy: async () => true,
      sealsBackups: () => true,
      opens: notHere,
      keyBackup: notHere,
      rotatePreKey: notHere,
    },
    records: {
      settings: { get: async (key: string) => settings.get(key), put: async (key: string, value: unknown) => settings.set(key, value) },
    } as unknown as Records,
    node: {
      url: 'http://node.test',
      query: async ({ topics }) => ({
        envelopes: [...stored, ...published, backup]
          .filter(({ contentTopic }) => topics.includes(contentTopic))
          .sort((a, b) => Number(b.timestampNs - a.timestampNs)),
        cursor: null,
      }),
      publish: async (envelopes) => void published.push(...envelopes),
    },
    told: async () => false,
    clock: () => 1,
    signal: new AbortController().signal,
    failpoint: async () => undefined,
    changed: () => undefined,
    adopted: () => undefined,
  });
  await run();
  return published;
};

const envelopesIn = (given: Fields): Envelope[] =>
  given
    .list('envelopes')
    .map((entry) => new Fields(entry))
    .map((entry) => ({ contentTopic: given.text('topic'), timestampNs: entry.long('timestampNs'), message: entry.bytes('message') }));

const expectedIn = (out: Fields): Envelope[] =>
  out
    .list('published')
    .map((entry) => new Fields(entry))
    .map((entry) => ({
      contentTopic: entry.text('contentTopic'),
      timestampNs: entry.long('timestampNs'),
      message: entry.bytes('message'),
    }));

const told = (envelopes: readonly Envelope[]): string[] =>
  envelopes.map(({ contentTopic, message }) => `${contentTopic} ${toHex(message)}`);

export const contacts: readonly Check[] = [
  { needs: ['contact'], run: decode },
  { needs: ['address', 'topic', 'envelopes'], run: choose },
  { needs: ['privateKeyBundle', 'topic', 'envelopes'], when: (vector) => !vector.in.flag('publishLegacyContact'), run: startUp },
  { needs: ['privateKeyBundle', 'topic', 'envelopes'], run: startUpLegacy },
];
