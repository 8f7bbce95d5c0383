import { encodeText } from '../../../src/content-types/index.ts';
import type { Address } from '../../../src/protocol/address.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { encodeContent } from '../../../src/protocol/content.ts';
import { deriveInvitation, sealInvitation } from '../../../src/protocol/invitation.ts';
import { sealMessage } from '../../../src/protocol/message.ts';
import { type CurveSource, offerCurve, quickenCurve } from '../../../src/protocol/secp256k1-engine.ts';
import { msToNs } from '../../../src/protocol/time.ts';
import { inviteTopic } from '../../../src/protocol/topic.ts';
import { type Person, person } from '../../support/people.ts';

export interface Envelope {
  readonly contentTopic: string;
  readonly timestampNs: bigint;
  readonly message: Uint8Array;
}

export interface Conversation {
  readonly topic: string;
  readonly keyMaterial: Uint8Array;
  readonly peer: Person;
  readonly invitation: Envelope;
  readonly messages: readonly Envelope[];
}

export const me = person('Bench');
const began = Date.UTC(2024, 5, 1);
let people = 0;

/** Makes the curve ready here: this code lives twice, once to make what is read and once to read it. */
export async function prepare(curve: CurveSource): Promise<void> {
  offerCurve(curve);
  await quickenCurve();
}

/** Somebody whom nobody has met. */
const stranger = (): Person => person(`Stranger ${people++} of ${performance.timeOrigin}`);

/** Contacts of strangers, as they are published. */
export const contacts = (count: number): Uint8Array[] => Array.from({ length: count }, () => encodeContact(stranger().contact, 2));

/** An invitation by a stranger to me, and the conversation that it opens. */
export async function invited(): Promise<Conversation> {
  const peer = stranger();
  const invitation = await deriveInvitation(peer.bundle, me.contact);
  const timestampNs = msToNs(began);
  const message = await sealInvitation(peer.bundle, me.contact, invitation, timestampNs);
  return {
    topic: invitation.topic,
    keyMaterial: invitation.encryption.value?.keyMaterial ?? new Uint8Array(),
    peer,
    invitation: { contentTopic: inviteTopic(me.address), timestampNs, message },
    messages: [],
  };
}

/** A conversation with so many messages, the two taking turns. */
export async function spoken(count: number): Promise<Conversation> {
  const conversation = await invited();
  const { topic, keyMaterial, peer } = conversation;
  const messages: Envelope[] = [];
  for (let i = 0; i < count; i++) {
    const payload = textPayload(i);
    const timestampNs = msToNs(began + 1000 * i);
    const { bundle } = i % 2 === 0 ? peer : me;
    const { message } = await sealMessage({ topic, keyMaterial, bundle, payload, createdNs: timestampNs, shouldPush: true });
    messages.push({ contentTopic: topic, timestampNs, message });
  }
  return { ...conversation, messages };
}

export const textOf = (i: number): string => `message ${i}, about as long as most messages of most people are`;
export const textPayload = (i: number): Uint8Array => encodeContent(encodeText(textOf(i)));

/** What a message comes to, as both sides tell it. */
export interface Read {
  readonly id: string;
  readonly sender: Address;
  readonly text: string;
  readonly sentMs: number;
}

/** What an invitation comes to. */
export interface Listed {
  readonly topic: string;
  readonly peer: Address;
  readonly createdMs: number;
}
