import { repairAsked } from '../rpc/wire.ts';
import { browser } from './browser.ts';

/** Has Parley begin anew and repair what it keeps in this browser. Every page of it closes. */
export async function repair(): Promise<void> {
  await browser.storage.local.set({ [repairAsked]: 'yes' });
  browser.runtime.reload();
}
