import { readContent, show } from '../../../src/content-types/index.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { decodeContent } from '../../../src/protocol/content.ts';
import { openMessage } from '../../../src/protocol/message.ts';
import { nsToMs } from '../../../src/protocol/time.ts';
import { type Check, type Fields, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';
import { toVector } from './content-values.ts';

type Opened = Awaited<ReturnType<typeof openMessage>>;

/** Opens an envelope in the conversation of the case; without named parties, the sender counts as the only member. */
const open = ({ in: given }: Vector, envelope: Fields): Promise<Opened> =>
  openMessage({
    topic: given.text('topic'),
    keyMaterial: given.bytes('keyMaterial'),
    members: given.has('conversationPeers')
      ? given.texts('conversationPeers').map(parseAddress)
      : [parseAddress(given.fields('sender').text('address'))],
    message: envelope.bytes('message'),
    envelopeTopic: envelope.given('contentTopic') ? envelope.text('contentTopic') : '',
  });

/** Opens a message and shows its content, or sees it refused on the way. */
const read = async (vector: Vector): Promise<void> => {
  const { out } = vector;
  const envelope = vector.in.fields('envelope');
  if (vector.refused) {
    await mustRefuse(async () => show(await decodeContent((await open(vector, envelope)).payload)));
    return;
  }
  const opened = await open(vector, envelope);
  const content = await decodeContent(opened.payload);
  const shown = show(content);
  if (vector.recommended === 'same message as the original') await sameMessage(vector, opened);
  // A case that is accepted against the reference client tells no values.
  if (out.raw('ok') === false) {
    if (content.type.startsWith('xmtp.org/text:1.')) same(shown.form, 'text', 'form');
    return;
  }
  same(opened.id, out.text('id'), 'id');
  same(opened.sender, out.text('senderAddress'), 'senderAddress');
  same(String(nsToMs(opened.createdNs)), out.text('sentMs'), 'sentMs');
  sameBytes(opened.payload, out, 'encodedContent');
  same(content.type, out.text('contentType'), 'contentType');
  same(content.fallback ?? null, out.raw('fallback'), 'fallback');
  same(toVector(readContent(content)), out.raw('content'), 'content');
  if (out.given('decodeError')) {
    const fallback = out.given('fallback') ? { fallback: out.text('fallback') } : {};
    same(shown, { form: 'unknown', type: out.text('contentType'), ...fallback }, 'shown');
  } else if (content.type.startsWith('xmtp.org/text:')) {
    same(shown, { form: 'text', text: out.text('content') }, 'shown');
  }
};

const sameMessage = async (vector: Vector, opened: Opened): Promise<void> => {
  const original = await open(vector, vector.in.fields('originalEnvelope'));
  same(original.id, vector.in.text('originalId'), 'originalId');
  same(opened.dedupKey, original.dedupKey, 'dedupKey');
};

export const messagesV2: readonly Check[] = [{ needs: ['topic', 'keyMaterial', 'envelope'], run: read }];

export const messagesV2Negative: readonly Check[] = messagesV2;
