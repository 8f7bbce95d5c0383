import type { Address } from '../../protocol/address.ts';
import type { Records } from '../../storage/records.ts';

/** When what happened to an account on this device, ms; kept in the clear. */

type Kept = Pick<Records, 'settings'>;

const sinceName = (address: Address): string => `since ${address}`;

/** Messages of peers from before this time count as read on this device: what an imported account brings along is no news. */
export async function sinceOf({ settings }: Kept, address: Address): Promise<number> {
  const since = await settings.get(sinceName(address));
  return typeof since === 'number' ? since : 0;
}

export const setSince = ({ settings }: Kept, address: Address, at: number): Promise<void> => settings.put(sinceName(address), at);

const backedUpName = (address: Address): string => `backed up ${address}`;

/** When a backup file of this account was last made here; null: never. */
export async function backedUpAt({ settings }: Kept, address: Address): Promise<number | null> {
  const at = await settings.get(backedUpName(address));
  return typeof at === 'number' ? at : null;
}

export const setBackedUpAt = ({ settings }: Kept, address: Address, at: number): Promise<void> => settings.put(backedUpName(address), at);
