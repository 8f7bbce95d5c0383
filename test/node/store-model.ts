import type { NewEnvelope, StoredEnvelope, StoreQuery } from '../../src/node/store/store.ts';
import { envelopeDigest } from '../../src/protocol/envelope.ts';

/** What a store has to answer, written as plainly as possible: a list, filtered and sorted anew for every question. */
export class StoreModel {
  readonly #rows: StoredEnvelope[] = [];

  append(envelopes: readonly NewEnvelope[]): boolean[] {
    return envelopes.map(({ topic, timestampNs, message }) => {
      const digest = envelopeDigest(topic, message);
      if (this.#rows.some((row) => row.timestampNs === timestampNs && Buffer.compare(row.digest, digest) === 0)) return false;
      this.#rows.push({ topic, timestampNs, message, digest });
      return true;
    });
  }

  query({ topics, startNs, endNs, limit, ascending, cursor }: StoreQuery): StoredEnvelope[] {
    const sign = ascending ? 1 : -1;
    const compare = (a: Place, b: Place): number => sign * (Number(a.timestampNs - b.timestampNs) || Buffer.compare(a.digest, b.digest));
    return this.#rows
      .filter(({ topic }) => topics.includes(topic))
      .filter(({ timestampNs }) => timestampNs >= startNs && (endNs === 0n || timestampNs <= endNs))
      .filter((row) => {
        if (!cursor || cursor.digest.length === 0) return true;
        return cursor.timestampNs === 0n ? sign * Buffer.compare(row.digest, cursor.digest) > 0 : compare(row, cursor) > 0;
      })
      .sort(compare)
      .slice(0, limit);
  }
}

type Place = Pick<StoredEnvelope, 'timestampNs' | 'digest'>;
