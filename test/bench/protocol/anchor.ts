import type * as Xmtp from '@xmtp/xmtp-js';
import type { Address } from '../../../src/protocol/address.ts';
import { encodePrivateBundle } from '../../../src/protocol/private-keys.ts';
import { type Conversation, type Envelope, type Listed, me, type Read, textOf } from './data.ts';

export type Anchor = typeof Xmtp;

interface ConversationReference {
  readonly topic: string;
  readonly peerAddress: string;
  readonly createdNs: { toString(): string };
}

/** xmtp-js with keys of its own and a network that answers from memory. */
export class AnchorClient {
  readonly #xmtp: Anchor;
  readonly #client: Xmtp.Client;
  readonly #stored: Map<string, readonly object[]>;

  private constructor(xmtp: Anchor, client: Xmtp.Client, stored: Map<string, readonly object[]>) {
    this.#xmtp = xmtp;
    this.#client = client;
    this.#stored = stored;
  }

  static async start(xmtp: Anchor): Promise<AnchorClient> {
    const stored = new Map<string, readonly object[]>();
    const network = {
      query: async ({ contentTopic }: { contentTopic: string }) => stored.get(contentTopic) ?? [],
      batchQuery: async (queries: readonly unknown[]) => queries.map(() => []),
      setAuthenticator: () => undefined,
    };
    const client = await xmtp.Client.create(null, {
      env: 'dev',
      privateKeyOverride: encodePrivateBundle(me.bundle),
      persistConversations: false,
      disablePersistenceEncryption: true,
      basePersistence: xmtp.InMemoryPersistence.create(),
      skipContactPublishing: true,
      apiClientFactory: () => network,
    } as unknown as Xmtp.ClientOptions);
    return new AnchorClient(xmtp, client as unknown as Xmtp.Client, stored);
  }

  /** Opens invitations as `conversations.list` does, without its storage and its list of consents. */
  async list(envelopes: readonly Envelope[]): Promise<Listed[]> {
    const requests = envelopes.map(({ contentTopic, timestampNs, message }) => ({
      contentTopic,
      timestampNs: this.#long(timestampNs),
      payload: message,
    }));
    const { responses } = (await this.#client.keystore.saveInvites({ requests } as never)) as unknown as {
      responses: { result: { conversation: ConversationReference } }[];
    };
    return responses.map(({ result: { conversation } }) => ({
      topic: conversation.topic,
      peer: conversation.peerAddress as Address,
      createdMs: Number(BigInt(conversation.createdNs.toString()) / 1_000_000n),
    }));
  }

  /** Makes a conversation known, so that its messages can be opened. */
  async know({ invitation, topic, messages }: Conversation): Promise<void> {
    await this.list([invitation]);
    this.#stored.set(
      topic,
      messages.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs: String(timestampNs), message })),
    );
  }

  async open(conversation: Conversation): Promise<Read[]> {
    const messages = await this.#conversation(conversation).messages();
    return messages.map(({ id, senderAddress, content, sent }) => ({
      id,
      sender: senderAddress as Address,
      text: content as string,
      sentMs: sent.getTime(),
    }));
  }

  async seal(conversation: Conversation, count: number): Promise<Uint8Array[]> {
    const with_ = this.#conversation(conversation);
    const sealed: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const { messageEnvelope } = await with_.prepareMessage(textOf(i));
      sealed.push(messageEnvelope.message as Uint8Array);
    }
    return sealed;
  }

  async invite(contacts: readonly Uint8Array[]): Promise<string[]> {
    const topics: string[] = [];
    for (const bytes of contacts) {
      const request = { recipient: this.#xmtp.decodeContactBundle(bytes), createdNs: this.#long(BigInt(Date.now()) * 1_000_000n) };
      const { conversation } = await this.#client.keystore.createInvite(request as never);
      topics.push((conversation as ConversationReference).topic);
    }
    return topics;
  }

  async verify(contacts: readonly Uint8Array[]): Promise<string[]> {
    const addresses: string[] = [];
    for (const bytes of contacts) {
      const bundle = this.#xmtp.decodeContactBundle(bytes) as Xmtp.SignedPublicKeyBundle;
      if (!(await bundle.identityKey.verifyKey(bundle.preKey))) throw new Error('the chain does not hold');
      addresses.push(await bundle.walletSignatureAddress());
    }
    return addresses;
  }

  /** The page by way of its own client of the network, whose fetch answers from memory. */
  async parse(contentTopic: string, answer: string): Promise<Envelope[]> {
    const { fetch } = globalThis;
    globalThis.fetch = async () => new Response(answer, { headers: { 'content-type': 'application/json' } });
    try {
      const client = new this.#xmtp.HttpApiClient('http://127.0.0.1:1');
      const page = await client.query({ contentTopic }, { limit: 100 });
      return page.map(({ contentTopic: topic = '', timestampNs = '0', message }) => ({
        contentTopic: topic,
        timestampNs: BigInt(timestampNs),
        message: message as Uint8Array,
      }));
    } finally {
      globalThis.fetch = fetch;
    }
  }

  #conversation({ topic, peer }: Conversation): Xmtp.ConversationV2<string> {
    return new this.#xmtp.ConversationV2(this.#client as never, topic, peer.address, new Date(0), undefined, undefined) as never;
  }

  /** A number of 64 bits as protobuf.js has it; the class comes with any message that was parsed. */
  #long(value: bigint): unknown {
    const sample = this.#xmtp.dateToNs(new Date(0)) as unknown as { constructor: { fromString(text: string): unknown } };
    return sample.constructor.fromString(String(value));
  }
}
