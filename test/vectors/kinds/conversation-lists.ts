import { createConnectRouter } from '@connectrpc/connect';
import { createFetchHandler } from '@connectrpc/connect/protocol';
import { MessageApi } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { emptyMemory, rememberInvites } from '../../../src/keystore/keystore-memory.ts';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type Address, parseAddress } from '../../../src/protocol/address.ts';
import { encodeContact, verifyContact } from '../../../src/protocol/contact-bundle.ts';
import {
  beginConversation,
  inOrderOfCreation,
  type ListedConversation,
  openIntroductions,
} from '../../../src/protocol/conversation-list.ts';
import { type Envelope, envelopeDigest } from '../../../src/protocol/envelope.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../../src/protocol/invitation.ts';
import { preferencesIdentifier } from '../../../src/protocol/preferences.ts';
import { addressOfBundle, decodePrivateBundle, type PrivateBundle, publicBundle } from '../../../src/protocol/private-keys.ts';
import { msToNs, nsToMs } from '../../../src/protocol/time.ts';
import { conversationTopic, introTopic, inviteTopic, preferencesTopic } from '../../../src/protocol/topic.ts';
import { type Check, Fields, mustRefuse, same, type Vector } from '../vector.ts';
import { readContext } from './invite-derivation.ts';

const ownerOf = (given: Fields): PrivateBundle => decodePrivateBundle(given.fields('client').bytes('privateKeyBundle'));

const envelopesIn = (given: Fields): Envelope[] =>
  given
    .list('envelopes')
    .map((entry) => new Fields(entry))
    .map((entry) => ({
      contentTopic: entry.text('contentTopic'),
      timestampNs: entry.long('timestampNs'),
      message: entry.bytes('message'),
    }));

/** The conversations that a client finds in its introductions and invitations. */
const listFrom = async (bundle: PrivateBundle, envelopes: readonly Envelope[]): Promise<ListedConversation[]> => {
  const me = addressOfBundle(bundle);
  const memory = emptyMemory();
  const invites = envelopes.filter(({ contentTopic }) => contentTopic === inviteTopic(me));
  await rememberInvites(
    bundle,
    memory,
    invites.map(({ message, ...place }) => ({ ...place, payload: message })),
  );
  const invited = Array.from(memory.conversations, ([topic, { peer, createdNs, context }]): ListedConversation => {
    const { conversationId } = context ?? {};
    return { version: 2, topic, peer, createdNs, ...(conversationId !== undefined && { conversationId }) };
  });
  const introduced = await openIntroductions(
    bundle,
    envelopes.filter(({ contentTopic }) => contentTopic === introTopic(me)),
  );
  return inOrderOfCreation([...introduced, ...invited]);
};

const told = ({ version, topic, peer, createdNs, conversationId }: ListedConversation) => ({
  version: `v${version}`,
  topic,
  peerAddress: peer,
  createdAtMs: String(nsToMs(createdNs)),
  conversationId: conversationId || null,
});

const list = async ({ in: given, out }: Vector): Promise<void> => {
  const envelopes = envelopesIn(given);
  const listed = (await listFrom(ownerOf(given), envelopes)).map(told);
  same(listed, out.list('conversations'), 'conversations');
  if (out.has('sameOnRepeat')) {
    const again = await listFrom(ownerOf(given), [...envelopes, ...envelopes].reverse());
    same(again.map(told), listed, 'conversations listed again');
  }
};

/** What a start returns, and the topics that it publishes to: the invitation to both, then the consent for the peer. */
const start = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const bundle = ownerOf(given);
  const me = addressOfBundle(bundle);
  const peer = parseAddress(given.text('peer'));
  const known = await listFrom(bundle, envelopesIn(given));
  const contact = given.given('peerContact') ? contactOf(vector, peer, given.text('peerContact') === 'v1' ? 1 : 2) : null;
  const context = given.given('context') ? readContext(given.fields('context')) : undefined;
  const begin = () => beginConversation(bundle, peer, context?.conversationId, { known, contact });
  if (vector.refused) {
    await mustRefuse(begin);
    return;
  }
  const beginning = begin();
  const published = out.list('publishes').map((call) => (call as unknown[]).map((entry) => new Fields(entry).text('contentTopic')));
  const createdNs = msToNs(Number(given.long('nowMs')));
  if (beginning.form !== 'invitation') {
    const conversation =
      beginning.form === 'existing' ? beginning.conversation : ({ version: 1, topic: beginning.topic, peer, createdNs } as const);
    same(told(conversation), out.raw('conversation'), 'conversation');
    same(published, [], 'publishes');
    return;
  }
  if (!contact) throw new Error('an invitation without a contact');
  const invitation = await deriveInvitation(bundle, contact, context);
  const { topic, conversationId } = await openInvitation(bundle, {
    timestampNs: createdNs,
    message: await sealInvitation(bundle, contact, invitation, createdNs),
  });
  same(told({ version: 2, topic, peer, createdNs, ...(conversationId && { conversationId }) }), out.raw('conversation'), 'conversation');
  const preferences = preferencesTopic(await preferencesIdentifier(bundle.identity));
  same(published, [[inviteTopic(peer), inviteTopic(me)], [preferences]], 'publishes');
};

const contactOf = ({ actors }: Vector, peer: Address, version: 1 | 2) => {
  const actor = actors.find((each) => each.text('address') === peer);
  if (!actor) throw new Error('the peer is not among the actors');
  return verifyContact(encodeContact(publicBundle(decodePrivateBundle(actor.bytes('privateKeyBundle'))), version), peer);
};

/** Whoever it is, nobody starts a conversation with oneself. */
const startWithSelf = async (vector: Vector): Promise<void> => {
  const address = parseAddress(vector.in.fields('client').text('address'));
  const actor = vector.actors.find((each) => each.text('address') === address);
  if (!actor) throw new Error('the client is not among the actors');
  const bundle = decodePrivateBundle(actor.bytes('privateKeyBundle'));
  await mustRefuse(() => beginConversation(bundle, address, undefined, { known: [], contact: { ...publicBundle(bundle), version: 2 } }));
};

/** Our client of a node reads all invitations of a topic by pages of one hundred. */
const page = async ({ in: given, out, actors }: Vector): Promise<void> => {
  const [from, to] = actors.map((actor) => decodePrivateBundle(actor.bytes('privateKeyBundle')));
  if (!from || !to) throw new Error('too few actors');
  const contentTopic = inviteTopic(addressOfBundle(to));
  const invitation = await deriveInvitation(from, publicBundle(to));
  const stored: Envelope[] = [];
  for (let i = 0; i < (given.raw('invitations') as number); i++) {
    const timestampNs = msToNs(1_681_948_800_111 + i);
    const message = await sealInvitation(from, publicBundle(to), { ...invitation, topic: conversationTopic(`${i}`) }, timestampNs);
    stored.push({ contentTopic, timestampNs, message });
  }
  const asked: { limit: number; fromStart: boolean }[] = [];
  const client = createNodeClient('http://node.test', { fetch: nodeWith(stored, asked) });
  const read: Envelope[] = [];
  for await (const envelopes of client.pages({ topics: [contentTopic] })) read.push(...envelopes);
  same((await listFrom(to, read)).length, out.raw('conversations'), 'conversations');
  const expected = out.list('queriesToInviteTopic').map((entry) => new Fields(entry));
  same(
    asked,
    expected.map((query) => ({ limit: query.raw('limit'), fromStart: !query.has('cursor') })),
    'queriesToInviteTopic',
  );
};

/** A node in memory that holds these envelopes, oldest first, and notes what it is asked. */
const nodeWith = (stored: readonly Envelope[], asked: { limit: number; fromStart: boolean }[]): typeof fetch => {
  const router = createConnectRouter().service(MessageApi, {
    query({ pagingInfo }) {
      const { limit = 100, cursor } = pagingInfo ?? {};
      const after = cursor?.cursor.case === 'index' ? cursor.cursor.value.senderTimeNs : -1n;
      asked.push({ limit, fromStart: after < 0n });
      const envelopes = stored.filter(({ timestampNs }) => timestampNs > after).slice(0, limit);
      const last = envelopes.length < limit ? undefined : envelopes.at(-1);
      const next = last && { digest: envelopeDigest(last.contentTopic, last.message), senderTimeNs: last.timestampNs };
      return { envelopes, ...(next && { pagingInfo: { cursor: { cursor: { case: 'index', value: next } } } }) };
    },
  });
  return (input, init) => {
    const request = new Request(input, init);
    const handler = router.handlers.find(({ requestPath }) => requestPath === new URL(request.url).pathname);
    return handler ? createFetchHandler(handler)(request) : Promise.resolve(new Response(null, { status: 404 }));
  };
};

export const conversationLists: readonly Check[] = [
  { needs: ['client', 'peer', 'context', 'peerContact', 'envelopes', 'nowMs'], run: start },
  { needs: ['client', 'envelopes'], run: list },
  { needs: ['client'], run: startWithSelf },
  { needs: ['invitations'], run: page },
];
