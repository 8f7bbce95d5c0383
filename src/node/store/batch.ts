import { type ContactFacts, type NewEnvelope, NotNewerError } from './store.ts';
import type { Outcome } from './writer.ts';

/** Bytes of messages in one transaction, more or less. */
export const batchBytes = 16 << 20;

/** Some appends on their way to the thread that writes: few pieces, because each costs its own copy. */
export interface PackedAppends {
  /** How many there are. */
  readonly appends: number;
  /** Of each envelope. */
  readonly topics: readonly string[];
  /** The times of the envelopes, how many of them each append has, the lengths of their messages, and these one after the other. */
  readonly data: ArrayBuffer;
  /** By the place of their envelopes; left out where there are none, as nearly always. */
  readonly contacts?: ReadonlyMap<number, ContactFacts>;
}

/** What became of several packed lots that were written together, on its way back. */
export interface PackedOutcomes {
  /** How many lots. */
  readonly lots: number;
  /** Of all envelopes in one row; 0 for those that were there. */
  readonly seqs: readonly number[];
  /** Why appends were refused, by their place among all; left out where none was. */
  readonly refused?: ReadonlyMap<number, string>;
}

/** Where the parts of `data` begin. */
const partsOf = (data: ArrayBuffer, envelopes: number, appends: number) => ({
  times: new BigInt64Array(data, 0, envelopes),
  counts: new Uint32Array(data, envelopes * 8, appends + envelopes),
  bytes: new Uint8Array(data, envelopes * 8 + (appends + envelopes) * 4),
});

/** Copies the messages, which may be parts of much larger buffers, into one that can change hands. */
export function packAppends(appends: readonly (readonly NewEnvelope[])[]): PackedAppends {
  let [envelopes, length] = [0, 0];
  for (const append of appends) {
    envelopes += append.length;
    for (const { message } of append) length += message.length;
  }
  // Of its own, or it could not change hands; everything in it is written below.
  const { buffer: data } = Buffer.allocUnsafeSlow(envelopes * 8 + (appends.length + envelopes) * 4 + length);
  const { times, counts, bytes } = partsOf(data, envelopes, appends.length);
  const topics: string[] = [];
  let contacts: Map<number, ContactFacts> | undefined;
  let [index, at] = [0, 0];
  for (const [place, append] of appends.entries()) {
    counts[place] = append.length;
    for (const { topic, timestampNs, message, contact } of append) {
      topics.push(topic);
      times[index] = timestampNs;
      counts[appends.length + index] = message.length;
      bytes.set(message, at);
      if (contact) {
        contacts ??= new Map();
        contacts.set(index, contact);
      }
      at += message.length;
      index += 1;
    }
  }
  return { appends: appends.length, topics, data, ...(contacts && { contacts }) };
}

export function unpackAppends({ appends, topics, data, contacts }: PackedAppends): NewEnvelope[][] {
  const { times, counts, bytes } = partsOf(data, topics.length, appends);
  const unpacked: NewEnvelope[][] = [];
  let [index, at] = [0, 0];
  for (let place = 0; place < appends; place++) {
    const append: NewEnvelope[] = [];
    for (let left = counts[place] as number; left > 0; left--) {
      const end = at + (counts[appends + index] as number);
      const plain = { topic: topics[index] as string, timestampNs: times[index] as bigint, message: bytes.subarray(at, end) };
      const contact = contacts?.get(index);
      append.push(contact ? { ...plain, contact } : plain);
      at = end;
      index += 1;
    }
    unpacked.push(append);
  }
  return unpacked;
}

/** Of all appends of so many lots. */
export function packOutcomes(lots: number, outcomes: readonly Outcome[]): PackedOutcomes {
  let refused: Map<number, string> | undefined;
  const seqs: number[] = [];
  for (const [place, outcome] of outcomes.entries()) {
    if (outcome instanceof NotNewerError) {
      refused ??= new Map();
      refused.set(place, outcome.message);
    } else for (const seq of outcome) seqs.push(seq ?? 0);
  }
  return { lots, seqs, ...(refused && { refused }) };
}

/** Of each lot the outcomes of its appends; `counts` are the envelopes of each append of each lot, as they were sent. */
export function unpackOutcomes({ seqs, refused }: PackedOutcomes, counts: readonly (readonly number[])[]): Outcome[][] {
  let [place, at] = [0, 0];
  return counts.map((lot) =>
    lot.map((count): Outcome => {
      const why = refused?.get(place++);
      if (why !== undefined) return new NotNewerError(why);
      const own: (number | null)[] = [];
      for (const end = at + count; at < end; at++) own.push(seqs[at] || null);
      return own;
    }),
  );
}
