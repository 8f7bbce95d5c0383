import { type ContactFacts, type NewEnvelope, NotNewerError } from './store.ts';
import type { Outcome } from './writer.ts';

/** Bytes of messages in one transaction, more or less. */
export const batchBytes = 16 << 20;

/** Some appends on their way to the thread that writes: few pieces, because each costs its own copy. */
export interface PackedAppends {
  /** Envelopes of each append. */
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly topics: readonly string[];
  readonly times: BigInt64Array<ArrayBuffer>;
  /** Bytes of each message; the messages lie one after the other in `bytes`. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contacts: ReadonlyMap<number, ContactFacts>;
}

/** What became of them, on its way back. */
export interface PackedOutcomes {
  /** Of all envelopes in one row; 0 for those that were there. */
  readonly seqs: Float64Array<ArrayBuffer>;
  /** Why appends were refused, by their place. */
  readonly refused: ReadonlyMap<number, string>;
}

/** Copies the messages, which may be parts of much larger buffers, into one that can change hands. */
export function packAppends(appends: readonly (readonly NewEnvelope[])[]): PackedAppends {
  const all = appends.flat();
  const lengths = Uint32Array.from(all, ({ message }) => message.length);
  const bytes = new Uint8Array(all.reduce((sum, { message }) => sum + message.length, 0));
  let at = 0;
  for (const { message } of all) {
    bytes.set(message, at);
    at += message.length;
  }
  const contacts = new Map<number, ContactFacts>();
  for (const [index, { contact }] of all.entries()) if (contact) contacts.set(index, contact);
  return {
    counts: Uint32Array.from(appends, ({ length }) => length),
    topics: all.map(({ topic }) => topic),
    times: BigInt64Array.from(all, ({ timestampNs }) => timestampNs),
    lengths,
    bytes,
    contacts,
  };
}

export function unpackAppends({ counts, topics, times, lengths, bytes, contacts }: PackedAppends): NewEnvelope[][] {
  let [index, at] = [0, 0];
  return Array.from(counts, (count) =>
    Array.from({ length: count }, (): NewEnvelope => {
      const length = lengths[index] as number;
      const contact = contacts.get(index);
      const envelope = {
        topic: topics[index] as string,
        timestampNs: times[index] as bigint,
        message: bytes.subarray(at, at + length),
        ...(contact && { contact }),
      };
      at += length;
      index += 1;
      return envelope;
    }),
  );
}

export function packOutcomes(outcomes: readonly Outcome[]): PackedOutcomes {
  const refused = new Map<number, string>();
  const seqs: number[] = [];
  for (const [place, outcome] of outcomes.entries()) {
    if (outcome instanceof NotNewerError) refused.set(place, outcome.message);
    else for (const seq of outcome) seqs.push(seq ?? 0);
  }
  return { seqs: Float64Array.from(seqs), refused };
}

/** `counts` as they were sent. */
export function unpackOutcomes({ seqs, refused }: PackedOutcomes, counts: readonly number[]): Outcome[] {
  let at = 0;
  return counts.map((count, place): Outcome => {
    const why = refused.get(place);
    if (why !== undefined) return new NotNewerError(why);
    const own = Array.from(seqs.subarray(at, at + count), (seq) => (seq === 0 ? null : seq));
    at += count;
    return own;
  });
}
