import { type Address, parseAddress } from '../protocol/address.ts';

/** As the databases of an account are called. */
const ofAccount = /^parley-(?:cache|records)-(0x[0-9a-f]{40})$/;

/** The accounts that have databases in this browser, whether anything opens them or not. */
export async function accountsWithDatabases(): Promise<Address[]> {
  const names = (await indexedDB.databases()).flatMap(({ name }) => ofAccount.exec(name ?? '')?.[1] ?? []);
  return [...new Set(names)].map(parseAddress);
}
