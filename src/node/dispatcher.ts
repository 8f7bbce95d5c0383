import type { ConnectError } from '@connectrpc/connect';

export interface LiveEnvelope {
  /** Its place in the store; none for one that is relayed only. */
  readonly seq?: number;
  readonly topic: string;
  readonly timestampNs: bigint;
  readonly message: Uint8Array;
}

/** Where the envelopes of one subscription go. Each kind of stream encodes a delivery once for all its subscribers. */
export interface Sink {
  /** Answers false when the reader is so slow that it is to be given up. */
  deliver(delivery: Delivery): boolean;
  /** Tells the reader that it was too slow, or that the node stops, and ends the stream. */
  end(error: ConnectError): void;
}

/** One envelope on its way to many: every encoding of it is made once. */
export class Delivery {
  readonly envelope: LiveEnvelope;
  readonly #encodings = new Map<Encoder, Buffer>();

  constructor(envelope: LiveEnvelope) {
    this.envelope = envelope;
  }

  as(encoder: Encoder): Buffer {
    let encoded = this.#encodings.get(encoder);
    if (!encoded) {
      encoded = encoder(this.envelope);
      this.#encodings.set(encoder, encoded);
    }
    return encoded;
  }
}

/** One function per form, so that it can be the key of what it made. */
export type Encoder = (envelope: LiveEnvelope) => Buffer;

export type Topics = 'all' | readonly string[];

export interface Subscription {
  /** Takes the place of the topics before. */
  setTopics(topics: Topics): void;
  close(): void;
}

/** Carries what was just published to those who subscribed to its topic; a message costs as much as it has readers. */
export class Dispatcher {
  /** Most topics have one subscriber, who needs no set: that would be a fifth of what an idle stream costs. */
  readonly #byTopic = new Map<string, Subscriber | Set<Subscriber>>();
  readonly #toAll = new Set<Subscriber>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #tooSlow: () => ConnectError;
  #head: number;

  /** `head`: the newest sequence number of the store that feeds it. */
  constructor(tooSlow: () => ConnectError, head = 0) {
    this.#tooSlow = tooSlow;
    this.#head = head;
  }

  /** The sequence number up to which everything stored has passed through here. */
  get head(): number {
    return this.#head;
  }

  /** Topics that somebody follows. */
  get topics(): number {
    return this.#byTopic.size;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  subscribe(topics: Topics, sink: Sink): Subscription {
    const subscriber: Subscriber = { sink, topics: [] };
    this.#subscribers.add(subscriber);
    this.#register(subscriber, topics);
    return {
      setTopics: (next) => {
        if (!this.#subscribers.has(subscriber)) return;
        this.#unregister(subscriber);
        this.#register(subscriber, next);
      },
      close: () => {
        this.#subscribers.delete(subscriber);
        this.#unregister(subscriber);
      },
    };
  }

  dispatch(envelope: LiveEnvelope): void {
    if (envelope.seq !== undefined) this.#head = envelope.seq;
    const some = this.#byTopic.get(envelope.topic);
    const all = envelope.topic.startsWith('/xmtp/0/') ? this.#toAll : none;
    if (!some && all.size === 0) return;
    const delivery = new Delivery(envelope);
    if (some instanceof Set) for (const subscriber of some) this.#deliver(delivery, subscriber);
    else if (some) this.#deliver(delivery, some);
    for (const subscriber of all) this.#deliver(delivery, subscriber);
  }

  #deliver(delivery: Delivery, subscriber: Subscriber): void {
    if (subscriber.sink.deliver(delivery)) return;
    // A gap that it cannot see would be worse than an end that it can.
    this.#subscribers.delete(subscriber);
    this.#unregister(subscriber);
    subscriber.sink.end(this.#tooSlow());
  }

  /** Ends every stream. */
  endAll(error: () => ConnectError): void {
    for (const subscriber of this.#subscribers) {
      this.#unregister(subscriber);
      subscriber.sink.end(error());
    }
    this.#subscribers.clear();
  }

  #register(subscriber: Subscriber, topics: Topics): void {
    // A literal * among the topics means all, as existing nodes have it.
    if (topics === 'all' || topics.includes('*')) {
      subscriber.topics = 'all';
      this.#toAll.add(subscriber);
      return;
    }
    subscriber.topics = topics;
    for (const topic of topics) {
      const others = this.#byTopic.get(topic);
      if (others instanceof Set) others.add(subscriber);
      else this.#byTopic.set(topic, others && others !== subscriber ? new Set([others, subscriber]) : subscriber);
    }
  }

  #unregister(subscriber: Subscriber): void {
    this.#toAll.delete(subscriber);
    if (subscriber.topics === 'all') return;
    for (const topic of subscriber.topics) {
      const some = this.#byTopic.get(topic);
      if (some instanceof Set) some.delete(subscriber);
      if (some === subscriber || (some instanceof Set && some.size === 0)) this.#byTopic.delete(topic);
    }
    subscriber.topics = [];
  }
}

interface Subscriber {
  readonly sink: Sink;
  topics: Topics;
}

const none: ReadonlySet<Subscriber> = new Set();
