import { areDamaged, type Cell } from '../keystore/vault-store.ts';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { Records } from '../storage/records.ts';
import { repairDatabases } from '../storage/repair.ts';
import { type Ages, createAges } from './ages.ts';
import type { Preferences } from './preferences.ts';

/** The name under which the database beside the vault is counted; others go by the address of their account. */
export const mainName = 'main';

interface Deps {
  readonly records: Pick<Records, 'vault' | 'age' | 'onWrite' | 'grants' | 'settings'>;
  readonly mirror: Pick<Cell<Uint8Array>, 'get'>;
  readonly ages: Pick<Ages, 'look' | 'settle'>;
  readonly preferences: Pick<Preferences, 'setLoss' | 'setSiteKeystore'>;
  readonly clock: Clock;
}

/**
 * Looks whether the browser has lost its database, or has an older one in its place. Lost: the vault is in its mirror then, and nowhere else. The keys come back from
 * there, and messages from the node; of the rest somebody has to be told, since an inbox that has forgotten names and drafts looks like any other. Before the vault is
 * read, which makes both copies equal.
 */
export async function noteLoss({ records, mirror, ages, preferences, clock }: Deps): Promise<void> {
  const [here, there] = await Promise.all([records.vault.get(), mirror.get()]);
  const older = await ages.look(mainName, records);
  if (here === undefined && there !== undefined) await preferences.setLoss({ at: clock(), from: null });
  else if (older) {
    await preferences.setLoss({ at: clock(), from: older.from });
    // What a site was allowed then may have been taken back since.
    for (const [name] of await records.grants.all()) await records.grants.delete(name);
    await preferences.setSiteKeystore(false);
  }
  // Last: a death before it has all of this done again.
  if (older) await ages.settle(mainName);
}

/** The same for the rows of an account that has a database of its own. */
async function noteLossOf(
  name: string,
  records: Parameters<Ages['look']>[1],
  { ages, preferences, clock }: Pick<Deps, 'ages' | 'preferences' | 'clock'>,
): Promise<void> {
  const older = await ages.look(name, records);
  if (!older) return;
  await preferences.setLoss({ at: clock(), from: older.from });
  await ages.settle(name);
}

/** What of this browser's databases was lost, for who has to go by that. */
export interface Losses extends Pick<Ages, 'forget' | 'clear' | 'stop'> {
  /** Whose keys were here and are lost, as far as that is known; null: nobody's. */
  lostAccounts(): readonly Address[] | null;
  /** Whether the vault is there, and damaged in both places: nobody is to try and open it. */
  keysDamaged(): boolean;
  /** There are keys again, or nobody wants to know of those that were. */
  begunAnew(): void;
  /** When something was last lost, ms; null: never. */
  lastAt(): Promise<number | null>;
  /** Looks at the rows of an account that has a database of its own. */
  look(address: string, records: Parameters<Ages['look']>[1]): Promise<void>;
}

/** Looks at once. `ageMirror`: where is counted beside the databases. */
export async function createLosses({
  ageMirror,
  hasAccount,
  remains,
  ...deps
}: Omit<Deps, 'ages' | 'preferences'> & {
  readonly preferences: Pick<Preferences, 'loss' | 'setLoss' | 'setSiteKeystore'>;
  readonly ageMirror: Cell<string>;
  readonly hasAccount: () => boolean;
  /** The accounts that have databases here. */
  readonly remains: () => Promise<readonly Address[]>;
}): Promise<Losses> {
  const ages = createAges({ mirror: ageMirror, clock: deps.clock, worthIt: hasAccount });
  await noteLoss({ ...deps, ages });
  let lost = await findLost({ ...deps, ages }, remains);
  return {
    ...ages,
    lostAccounts: () => lost?.accounts ?? null,
    keysDamaged: () => lost?.damaged ?? false,
    begunAnew() {
      lost = null;
    },
    lastAt: async () => (await deps.preferences.loss())?.at ?? null,
    look: (address, records) => noteLossOf(address, records, { ...deps, ages }),
  };
}

/** Whether there were keys here, of which both copies are gone or damaged: what is sealed by them stays closed, and the next account is to be told from a first one. */
async function findLost(
  { records, mirror, ages }: Pick<Deps, 'records' | 'mirror'> & { readonly ages: Pick<Ages, 'any'> },
  remains: () => Promise<readonly Address[]>,
): Promise<{ readonly accounts: readonly Address[]; readonly damaged: boolean } | null> {
  const copies = await Promise.all([records.vault.get(), mirror.get()]);
  const damaged = areDamaged(copies);
  if (!damaged && copies.some((copy) => copy !== undefined)) return null;
  // Somebody wanted all of it gone; what is left of it goes now.
  if (!damaged && (await records.settings.get(wipingName)) !== undefined) return null;
  const noted = (await records.settings.all()).flatMap(([name]) => noteOfAccount.exec(name)?.[1] ?? []);
  const accounts = [...new Set([...(await remains()), ...(noted as Address[])])];
  return damaged || accounts.length > 0 || (await ages.any()) ? { accounts, damaged } : null;
}

/** By this name stands in the settings that everything is being erased. */
export const wipingName = 'wiping';
/** What is noted of an account in the clear. */
const noteOfAccount = /^(?:published|since) (0x[0-9a-fA-F]{40})$/;

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
  if (lost) await preferences.setLoss({ at: clock(), from: null });
}
