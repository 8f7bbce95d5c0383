import { SealedRecords } from '../../src/keystore/sealed-records.ts';
import { randomBytes } from '../../src/protocol/bytes.ts';

/** What seals rows for an account, under a key of its own. */
export function sealing(dataKey = randomBytes(32)) {
  const records = new SealedRecords(dataKey);
  return {
    sealRecord: (store: string, key: string, value: unknown) => records.seal(store, key, value),
    openRecord: (store: string, key: string, sealed: Uint8Array) => records.open(store, key, sealed),
    blind: (store: string, text: string) => records.blind(store, text),
  };
}
