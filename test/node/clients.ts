import http2 from 'node:http2';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { MessageApi, type Envelope as WireEnvelope } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { toBase64 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { deriveInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { sealMessage } from '../../src/protocol/message.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, inviteTopic } from '../../src/protocol/topic.ts';
import type { Person } from '../support/people.ts';

export const bearer = (person: Person, clock?: () => number): Record<string, string> => ({
  authorization: `Bearer ${createAuthToken(person.bundle, clock)}`,
});

/** The message API by each of the protocols that share the port. */
export const transports = {
  'Connect over HTTP/1.1': (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect over h2c': (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: '2' }),
  'Connect with JSON': (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
  'gRPC-web over HTTP/1.1': (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  'gRPC over h2c': (baseUrl: string) => createGrpcTransport({ baseUrl }),
};

export const api = (baseUrl: string, transport: keyof typeof transports = 'gRPC over h2c') =>
  createClient(MessageApi, transports[transport](baseUrl));

/** A contact as its owner publishes it. */
export const contactEnvelope = (person: Person, version: 1 | 2, atMs: number): Envelope => ({
  contentTopic: contactTopic(person.address),
  timestampNs: msToNs(atMs),
  message: encodeContact(person.contact, version),
});

/** An invitation as it goes to both sides. */
export async function invitationEnvelopes(from: Person, to: Person, atMs: number): Promise<Envelope[]> {
  const invitation = await deriveInvitation(from.bundle, to.contact);
  const message = await sealInvitation(from.bundle, to.contact, invitation, msToNs(atMs));
  return [to, from].map(({ address }) => ({ contentTopic: inviteTopic(address), timestampNs: msToNs(atMs), message }));
}

/** A message of a conversation between two. */
export async function messageEnvelope(from: Person, to: Person, atMs: number, text = 'hello'): Promise<Envelope> {
  const { topic, encryption } = await deriveInvitation(from.bundle, to.contact);
  const keyMaterial = encryption.value?.keyMaterial ?? new Uint8Array(32);
  const payload = new TextEncoder().encode(text);
  const { message } = await sealMessage({ topic, keyMaterial, bundle: from.bundle, payload, createdNs: msToNs(atMs), shouldPush: true });
  return { contentTopic: topic, timestampNs: msToNs(atMs), message };
}

/** Calls the JSON gateway as existing clients do, without a content type of JSON. */
export async function gateway(baseUrl: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${baseUrl}/message/v1/${path}`, { method: 'POST', body: JSON.stringify(body), headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

export const jsonEnvelope = ({ contentTopic, timestampNs, message }: Envelope) => ({
  contentTopic,
  timestampNs: String(timestampNs),
  message: toBase64(message),
});

export const plain = ({ contentTopic, timestampNs, message }: WireEnvelope): Envelope => ({ contentTopic, timestampNs, message });

/** Opens a stream by hand and resolves with its response headers as soon as they come. */
export function openByHand(
  baseUrl: string,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<{ headers: http2.IncomingHttpHeaders; close(): void }> {
  const session = http2.connect(baseUrl);
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  stream.end(body);
  return new Promise((resolve, reject) => {
    stream.once('response', (received) => resolve({ headers: received, close: () => session.destroy() }));
    stream.once('error', reject);
  });
}
