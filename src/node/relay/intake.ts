import { isEphemeralTopic } from '../../protocol/topic.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { NotNewerError, type Store } from '../store/store.ts';
import type { KeptBundle } from './bundle-words.ts';
import type { Bundled, Guard, Judgement } from './guard.ts';
import type { Indexer } from './indexer.ts';
import type { Ledger } from './ledger.ts';
import { hashName, type Recent } from './recent.ts';
import { encodeWakuMessage, type WakuMessage } from './waku-message.ts';

export interface IntakeOptions {
  readonly guard: Guard;
  readonly ledger: Ledger;
  readonly recent: Recent;
  readonly indexer: Pick<Indexer, 'note'>;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told what became of each message of a peer. */
  count(peer: string, judgement: Judgement, live: boolean, bytes: number): void;
}

interface Kept {
  readonly hash: Uint8Array;
  readonly voucher: Uint8Array;
}

/** A message as it came, and the pubsub topic that carries it. */
export interface Incoming {
  readonly pubsubTopic: string;
  readonly message: Uint8Array | WakuMessage;
}

/** What a bundle is to the relay, and the messages of it that were taken. */
export interface BundleTaken {
  readonly verdict: Judgement['verdict'];
  taken(): { readonly pubsubTopic: string; readonly data: Uint8Array }[];
}

/** Takes in what other nodes hand on: judges it, and puts what is good into the store. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #vouchers: Kept[] = [];
  readonly #bundles: KeptBundle[] = [];
  #keeping: Promise<void> | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A bundle is handed on as it is when all of it was taken or known; of any other the messages that were taken go on by themselves. */
  async takeBundle(peer: string, data: Uint8Array): Promise<BundleTaken> {
    const { guard, recent, ledger } = this.#options;
    const opened = guard.open(data);
    if ('verdict' in opened) {
      this.#note(peer, [opened], true, [data.length]);
      return { verdict: opened.verdict, taken: () => [] };
    }
    const { vouched, messages, word, leaves } = opened;
    const seen = messages.map(({ hash }) => recent.has(hash));
    const stored = ledger.known(messages.flatMap(({ hash }, index) => (seen[index] ? [] : [hash])));
    const judged = messages.map(({ pubsubTopic, message, hash }, index) => {
      // That one is there twice is found where it is stored.
      const known = seen[index] === true || (stored.size > 0 && stored.has(hashName(hash)));
      return this.#judge(peer, true, { pubsubTopic, message }, { vouched, hash, known });
    });
    const keeps = judged.some((judgement) => judgement.verdict === 'accept' && !isEphemeralTopic(judgement.envelope.topic));
    const sizes = messages.map(({ message }) => message.payload.length);
    const final = await this.#store(
      peer,
      true,
      judged,
      sizes,
      [],
      keeps ? [{ word, leaves, hashes: messages.map(({ hash }) => hash) }] : [],
    );
    const taken = () =>
      messages.flatMap(({ pubsubTopic }, index) =>
        final[index]?.verdict === 'accept' ? [{ pubsubTopic, data: encodeWakuMessage(opened.alone(index)) }] : [],
      );
    if (final.some(({ verdict }) => verdict === 'reject')) return { verdict: 'reject', taken };
    const isWhole = final.every((judgement) => judgement.verdict === 'accept' || judgement.reason === 'known');
    return { verdict: isWhole && final.some(({ verdict }) => verdict === 'accept') ? 'accept' : 'ignore', taken };
  }

  /** Judges what came and puts what is good into the store; only then is it handed on. */
  take(peer: string, live: boolean, messages: readonly Incoming[]): Promise<Judgement[]> {
    const judged = messages.map((message) => this.#judge(peer, live, message));
    const vouchers = judged.flatMap((judgement) => {
      if (judgement.verdict !== 'accept') return [];
      const { hash, voucher, envelope } = judgement;
      return voucher && !isEphemeralTopic(envelope.topic) ? [{ hash, voucher }] : [];
    });
    const sizes = messages.map(({ message }) => (message instanceof Uint8Array ? message : message.payload).length);
    return this.#store(peer, live, judged, sizes, vouchers, []);
  }

  #judge(peer: string, live: boolean, { pubsubTopic, message }: Incoming, bundled?: Bundled): Judgement {
    const { guard, recent } = this.#options;
    const judgement = guard.judge(pubsubTopic, message, { peer, live }, bundled);
    // The same one in the same batch, or from two peers at once, is known from here on.
    if (judgement.verdict === 'accept') recent.add(judgement.hash);
    return judgement;
  }

  async #store(
    peer: string,
    live: boolean,
    judged: readonly Judgement[],
    sizes: readonly number[],
    vouchers: readonly Kept[],
    bundles: readonly KeptBundle[],
  ): Promise<Judgement[]> {
    const { recent, log } = this.#options;
    let final: Judgement[];
    try {
      await this.#keep(vouchers, bundles);
      final = await this.#put(judged);
    } catch (error) {
      log.error('the vouchers of the relay cannot be kept', error);
      for (const judgement of judged) if (judgement.verdict === 'accept') recent.delete(judgement.hash);
      final = judged.map((judgement) => (judgement.verdict === 'accept' ? failed : judgement));
    }
    this.#note(peer, final, live, sizes);
    return final;
  }

  #note(peer: string, judged: readonly Judgement[], live: boolean, sizes: readonly number[]): void {
    const { metrics, count } = this.#options;
    const kinds = new Map<string, number>();
    for (const [index, judgement] of judged.entries()) {
      const what = judgement.verdict === 'accept' ? (live ? 'taken' : 'repaired') : `${judgement.verdict}: ${judgement.reason}`;
      kinds.set(what, (kinds.get(what) ?? 0) + 1);
      count(peer, judgement, live, sizes[index] as number);
    }
    for (const [what, times] of kinds) metrics.relayed.add(times, { what });
  }

  /** Keeps vouchers before what they are for is stored. All that comes in one turn of the event loop shares one write to the disk. */
  #keep(vouchers: readonly Kept[], bundles: readonly KeptBundle[]): Promise<void> {
    if (vouchers.length + bundles.length === 0) return Promise.resolve();
    this.#vouchers.push(...vouchers);
    this.#bundles.push(...bundles);
    this.#keeping ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#keeping = undefined;
        this.#options.ledger.keep(this.#vouchers.splice(0), this.#bundles.splice(0)).then(resolve, reject);
      });
    });
    return this.#keeping;
  }

  /** Into the store, or past it to those who listen. Contacts go one by one, since one that finds no place keeps out what is appended with it. */
  async #put(judged: readonly Judgement[]): Promise<Judgement[]> {
    const final = [...judged];
    const together: number[] = [];
    const storing: Promise<void>[] = [];
    const store = async (places: readonly number[]): Promise<void> => {
      const outcomes = await this.#append(places.map((place) => judged[place] as Accepted));
      for (const [index, place] of places.entries()) final[place] = outcomes[index] as Judgement;
    };
    for (const [place, judgement] of judged.entries()) {
      if (judgement.verdict !== 'accept') continue;
      const { envelope } = judgement;
      if (isEphemeralTopic(envelope.topic)) this.#options.dispatcher.dispatch(envelope);
      else if (envelope.contact) storing.push(store([place]));
      else together.push(place);
    }
    if (together.length > 0) storing.push(store(together));
    await Promise.all(storing);
    return final;
  }

  async #append(accepted: readonly Accepted[]): Promise<Judgement[]> {
    const { store, recent, log, indexer } = this.#options;
    try {
      const seqs = await store.append(accepted.map(({ envelope }) => envelope));
      return accepted.map((judgement, index) => {
        const seq = seqs[index];
        if (typeof seq !== 'number') return { verdict: 'ignore', reason: 'known' };
        indexer.note({ hash: judgement.hash, seq, timestampNs: judgement.envelope.timestampNs });
        return judgement;
      });
    } catch (error) {
      if (error instanceof NotNewerError) return accepted.map(() => ({ verdict: 'ignore', reason: 'not newer' }));
      for (const { hash } of accepted) recent.delete(hash);
      log.error('an envelope of the relay cannot be stored', error);
      return accepted.map(() => failed);
    }
  }
}

type Accepted = Extract<Judgement, { verdict: 'accept' }>;

const failed: Judgement = { verdict: 'ignore', reason: 'store', retryMs: 1000 };
