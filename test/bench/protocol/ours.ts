import { createNodeClient } from '../../../src/network/node-client.ts';
import { fromUtf8 } from '../../../src/protocol/bytes.ts';
import { decodeContact } from '../../../src/protocol/contact-bundle.ts';
import { decodeContent } from '../../../src/protocol/content.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../../src/protocol/invitation.ts';
import { sealMessage } from '../../../src/protocol/message.ts';
import { openMessages } from '../../../src/protocol/message-batch.ts';
import { verifyBundle } from '../../../src/protocol/public-keys.ts';
import { msToNs, nsToMs } from '../../../src/protocol/time.ts';
import { type Conversation, type Envelope, type Listed, me, type Read, textPayload } from './data.ts';

/** What the extension does with these. */
export async function openOurs({ topic, keyMaterial, peer, messages }: Conversation): Promise<Read[]> {
  const members = [me.address, peer.address];
  const opened = await openMessages(
    messages.map(({ contentTopic, message }) => ({ topic, keyMaterial, members, message, envelopeTopic: contentTopic })),
  );
  const read: Read[] = [];
  for (const result of opened) {
    if (result.status === 'rejected') throw result.reason;
    const { id, sender, createdNs, payload } = result.value;
    read.push({ id, sender, text: fromUtf8((await decodeContent(payload)).content), sentMs: nsToMs(createdNs) });
  }
  return read;
}

/** As many at once as the extension opens. */
export async function listOurs(envelopes: readonly Envelope[]): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (let start = 0; start < envelopes.length; start += 16) {
    const some = envelopes.slice(start, start + 16).map(({ timestampNs, message }) => openInvitation(me.bundle, { timestampNs, message }));
    for (const { topic, peer, createdNs } of await Promise.all(some)) listed.push({ topic, peer, createdMs: nsToMs(createdNs) });
  }
  return listed;
}

export async function sealOurs({ topic, keyMaterial }: Conversation, count: number): Promise<Uint8Array[]> {
  const sealed: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const createdNs = msToNs(Date.now());
    sealed.push(
      (await sealMessage({ topic, keyMaterial, bundle: me.bundle, payload: textPayload(i), createdNs, shouldPush: true })).message,
    );
  }
  return sealed;
}

/** The conversation with each of them, and the invitation to it. */
export async function inviteOurs(contacts: readonly Uint8Array[]): Promise<string[]> {
  const topics: string[] = [];
  for (const bytes of contacts) {
    const peer = verifyBundle(decodeContact(bytes).bundle);
    const invitation = await deriveInvitation(me.bundle, peer);
    await sealInvitation(me.bundle, peer, invitation, msToNs(Date.now()));
    topics.push(invitation.topic);
  }
  return topics;
}

export const verifyOurs = (contacts: readonly Uint8Array[]): string[] =>
  contacts.map((bytes) => verifyBundle(decodeContact(bytes).bundle).address);

/** The page by way of the whole client, whose fetch answers from memory. */
export async function parseOurs(topic: string, answer: Uint8Array<ArrayBuffer>): Promise<Envelope[]> {
  const client = createNodeClient('http://127.0.0.1:1', {
    fetch: async () => new Response(answer, { headers: { 'content-type': 'application/grpc-web+proto' } }),
  });
  return [...(await client.query({ topics: [topic], limit: 100 })).envelopes];
}
