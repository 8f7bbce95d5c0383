import type { Cell } from '../keystore/vault-store.ts';
import type { Clock } from '../protocol/time.ts';
import type { Records } from '../storage/records.ts';
import { repairDatabases } from '../storage/repair.ts';
import type { Preferences } from './preferences.ts';

interface Deps {
  readonly records: Pick<Records, 'vault'>;
  readonly mirror: Pick<Cell<Uint8Array>, 'get'>;
  readonly preferences: Pick<Preferences, 'setLostAt'>;
  readonly clock: Clock;
}

/**
 * Looks whether the browser has lost its database: the vault is in its mirror then, and nowhere else. The keys come back from there, and messages from the node; of
 * the rest somebody has to be told, since an inbox that has forgotten names and drafts looks like any other. Before the vault is read, which makes both copies equal.
 */
export async function noteLoss({ records, mirror, preferences, clock }: Deps): Promise<void> {
  const [here, there] = await Promise.all([records.vault.get(), mirror.get()]);
  if (here === undefined && there !== undefined) await preferences.setLostAt(clock());
}

/** Makes damaged databases anew where a page has asked for it before the extension began again. Before anything is opened. */
export async function repairIfAsked(
  asked: Pick<Cell<string>, 'get' | 'delete'>,
  { preferences, clock }: Pick<Deps, 'preferences' | 'clock'>,
): Promise<void> {
  if ((await asked.get()) === undefined) return;
  // Once for each asking, also where it fails.
  await asked.delete();
  const { damaged, lost } = await repairDatabases();
  console.warn(damaged.length === 0 ? 'no database was damaged' : `made anew: ${damaged.join(', ')}`);
  if (lost) await preferences.setLostAt(clock());
}
