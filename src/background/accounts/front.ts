import type { Keystore } from '../../keystore/keystore.ts';
import type { Address } from '../../protocol/address.ts';
import type { Records } from '../../storage/records.ts';

/** Which of the accounts is shown, and acted as; the others go on in the background. */
export interface Front {
  /** Also while locked; null where there is no account. */
  address(): Address | null;
  put(address: Address): Promise<void>;
}

const settingName = 'front account';

/** The choice outlives the background. An account that is gone gives way to the first. */
export async function createFront({ settings }: Pick<Records, 'settings'>, keystore: Pick<Keystore, 'accounts'>): Promise<Front> {
  let chosen = await settings.get(settingName);
  return {
    address() {
      const accounts = keystore.accounts();
      return (accounts.find(({ address }) => address === chosen) ?? accounts[0])?.address ?? null;
    },
    async put(address) {
      await settings.put(settingName, address);
      chosen = address;
    },
  };
}
