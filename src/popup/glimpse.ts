import { type Glimpse, readGlimpse } from '../rpc/glimpse.ts';
import { openGlimpseKey } from '../rpc/glimpse-key.ts';
import type { Status } from '../rpc/views/account.ts';
import type { ConversationWindow } from '../rpc/views/conversations.ts';
import { browser } from './browser.ts';

/** What is shown until the background has answered. */
let seen: Glimpse | null = null;
/** Whether its rows have given way to the true ones: what comes later is not older than they. */
let over = false;

/** The page is not held up for longer than this by a disk that is busy, ms. */
const patienceMs = 100;

/** Reads what the background left for the first look; to be awaited before anything is drawn. */
export async function lookAhead(): Promise<void> {
  const { session } = browser.storage;
  const area = {
    get: async (name: string): Promise<unknown> => (await session.get(name))[name],
    set: (name: string, value: unknown) => session.set({ [name]: value }),
    remove: (name: string) => session.remove(name),
  };
  const reading = readGlimpse(area, openGlimpseKey(), Date.now()).catch(() => null);
  seen = await Promise.race([reading, new Promise<null>((resolve) => setTimeout(() => resolve(null), patienceMs))]);
}

export const statusAhead = (): Status | null => seen?.status ?? null;

/** The rows of the inbox, if they are those of this account. */
export const inboxAhead = (account: string): ConversationWindow | null =>
  !over && seen?.status.account?.address === account ? seen.inbox : null;

const none: Glimpse['names'] = {};
export const namesAhead = (account: string): Glimpse['names'] => (seen?.status.account?.address === account ? seen.names : none);

/** The true rows are here. */
export function endGlimpse(): void {
  over = true;
}
