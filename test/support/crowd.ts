import { create } from '@bufbuild/protobuf';
import { type CallOptions, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { encodeText } from '../../src/content-types/index.ts';
import { EnvelopeSchema, MessageApi, SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Address } from '../../src/protocol/address.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { chooseContact, encodeContact } from '../../src/protocol/contact-bundle.ts';
import { encodeContent } from '../../src/protocol/content.ts';
import { deriveInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { sealMessage } from '../../src/protocol/message.ts';
import type { VerifiedBundle } from '../../src/protocol/public-keys.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { type Person, person } from './people.ts';

export type NodeApi = ReturnType<typeof connectTo>;

/** A client of a node, as a program in Node speaks to it. */
export const connectTo = (nodeUrl: string) => createClient(MessageApi, createGrpcWebTransport({ baseUrl: nodeUrl }));

/** The contact that a node holds for an address. @throws Error for none */
export async function contactOf(api: NodeApi, address: Address): Promise<VerifiedBundle> {
  const { envelopes } = await api.query({
    contentTopics: [contactTopic(address)],
    pagingInfo: { limit: 100, direction: SortDirection.DESCENDING },
  });
  const contact = chooseContact(envelopes, address);
  if (!contact) throw new Error(`no contact for ${address}`);
  return contact;
}

/** Somebody without a browser, who writes to people who have one. */
export class Writer {
  readonly me: Person;
  readonly #api: Pick<NodeApi, 'publish'>;
  readonly #call: CallOptions;
  /** Times of what one writer makes are never equal. */
  #lastMs = 0;
  readonly #clock: () => number;

  constructor(name: string, api: Pick<NodeApi, 'publish'>, clock: () => number = Date.now) {
    this.#clock = clock;
    this.me = person(name);
    this.#api = api;
    this.#call = { headers: { authorization: `Bearer ${createAuthToken(this.me.bundle)}` } };
  }

  async publishContact(): Promise<void> {
    const envelope = create(EnvelopeSchema, {
      contentTopic: contactTopic(this.me.address),
      timestampNs: msToNs(Date.now()),
      message: encodeContact(this.me.contact, 2),
    });
    await this.#api.publish({ envelopes: [envelope] }, this.#call);
  }

  /** Begins a conversation and answers how to write in it. */
  async invite(peer: VerifiedBundle): Promise<(texts: readonly string[]) => Promise<void>> {
    const invitation = await deriveInvitation(this.me.bundle, peer);
    const timestampNs = msToNs(this.#now());
    const message = await sealInvitation(this.me.bundle, peer, invitation, timestampNs);
    const topics = [inviteTopic(peer.address), inviteTopic(this.me.address)];
    await this.#api.publish(
      { envelopes: topics.map((contentTopic) => create(EnvelopeSchema, { contentTopic, timestampNs, message })) },
      this.#call,
    );
    const keyMaterial = invitation.encryption.value?.keyMaterial ?? new Uint8Array();
    return async (texts) => {
      const envelopes = [];
      for (const text of texts) {
        const createdNs = msToNs(this.#now());
        const payload = encodeContent(encodeText(text));
        const sealed = await sealMessage({
          topic: invitation.topic,
          keyMaterial,
          bundle: this.me.bundle,
          payload,
          createdNs,
          shouldPush: true,
        });
        envelopes.push(create(EnvelopeSchema, { contentTopic: invitation.topic, timestampNs: createdNs, message: sealed.message }));
      }
      for (let i = 0; i < envelopes.length; i += 50) await this.#api.publish({ envelopes: envelopes.slice(i, i + 50) }, this.#call);
    };
  }

  #now(): number {
    this.#lastMs = Math.max(this.#clock(), this.#lastMs + 1);
    return this.#lastMs;
  }
}
