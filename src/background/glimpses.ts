import { dropGlimpse, type Glimpse, type GlimpseArea, type GlimpseKey, newGlimpseKey, writeGlimpse } from '../rpc/glimpse.ts';
import { createExclusive } from './exclusive.ts';
import { noteStop } from './log.ts';
import type { Conversations, NamesService } from './services.ts';
import type { Sessions } from './sessions.ts';
import type { StatusBoard } from './status.ts';

/** Keeps for the next page what it is to show before we are awake. */
export interface Glimpses {
  /** Something looks different now. */
  changed(): void;
  /** Forgets it: another account comes to the front, or the lock. */
  drop(): Promise<void>;
  /** Writes no more. */
  stop(): void;
}

interface Deps {
  readonly area: GlimpseArea;
  readonly key: GlimpseKey;
  readonly sessions: Pick<Sessions, 'peek'>;
  readonly board: Pick<StatusBoard, 'read'>;
  readonly conversations: Pick<Conversations, 'window'>;
  readonly names: Pick<NamesService, 'all'>;
  /** How long changes are gathered, ms. */
  readonly waitMs?: number;
}

/** As many as a window has room for. */
const mostRows = 20;

export function createGlimpses({ area, key, sessions, board, conversations, names, waitMs = 500 }: Deps): Glimpses {
  const inTurn = createExclusive();
  let drops = 0;
  let waiting: ReturnType<typeof setTimeout> | null = null;
  let open: CryptoKey | null = null;
  let last = '';

  const keyNow = async (): Promise<CryptoKey> => {
    open ??= (await key.get()) ?? null;
    if (open) return open;
    const made = await newGlimpseKey();
    await key.put(made);
    open = made;
    return made;
  };

  /** As everything looks now; null while locked, and while another account comes to the front. */
  const look = async (): Promise<Glimpse | null> => {
    const session = sessions.peek();
    if (!session) return null;
    const [status, inbox, all] = [await board.read(), await conversations.window('inbox', 0, mostRows), await names.all()];
    if (sessions.peek() !== session || status.account?.address !== session.address) return null;
    const named = inbox.rows.flatMap(({ peer }) => (all[peer] === undefined ? [] : [[peer, all[peer]] as const]));
    // Of the node and the disk a page is told what is found out from now on.
    const node = { ...status.node, state: 'idle', trouble: null, remaining: null } as const;
    return { status: { ...status, node, disk: null }, inbox, names: Object.fromEntries(named) };
  };

  const clear = async (): Promise<void> => {
    open = null;
    last = '';
    await dropGlimpse(area, key);
  };

  const write = async (): Promise<void> => {
    const before = drops;
    const seen = await look().catch((error: unknown) => {
      if (before === drops && sessions.peek()) throw error;
      return null; // it was locked meanwhile, or the account is gone
    });
    if (before !== drops) return; // that was of before
    if (!seen) return clear();
    const text = JSON.stringify(seen);
    if (text === last) return;
    await writeGlimpse(area, await keyNow(), text);
    last = text;
  };

  return {
    changed() {
      waiting ??= setTimeout(() => {
        waiting = null;
        inTurn(write).catch((error: unknown) => noteStop('keeping what a page shows first', error));
      }, waitMs);
    },
    drop() {
      drops += 1;
      return inTurn(clear);
    },
    stop() {
      drops += 1;
      if (waiting) clearTimeout(waiting);
    },
  };
}
