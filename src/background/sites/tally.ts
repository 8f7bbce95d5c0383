import type { SessionArea } from '../../keystore/session.ts';
import type { Address } from '../../protocol/address.ts';
import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import { createSingle } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { Ledger, SiteUse } from './ledger.ts';

/**
 * What sites were handed and did that the ledger does not have on the disk yet. No answer waits for the disk, and none fails with it. The order is: counted here, on its
 * way to the memory of the browser's session, on its way to the page, in the ledger, off this list. So a background that dies anywhere leaves what it has handed
 * out to the next one, as does a disk that is full; one that dies between the last two counts twice what it handed out then, rather than not at all.
 *
 * Two things are not held: a browser that dies as a whole takes the list along, with what went out in the moment before; and the list is in plain in that memory,
 * which no page reads and no disk sees. It is empty but for moments, unless the disk takes nothing.
 */
export interface Tally {
  /** Counts what goes out next, which waits for this: for nothing, but for what an earlier life has left, once. */
  add(account: Address, origin: string, use: SiteUse): Promise<void>;
  /** Resolves when the ledger has it, or could not take it now. */
  settle(): Promise<void>;
  /** Drops what is on the list of this site; of everybody without one. */
  forget(origin?: string): void;
}

interface Deps {
  readonly clock: Clock;
  readonly area: Pick<SessionArea, 'get' | 'set'>;
  /** @throws RefusalError locked, or where there is no such account */
  readonly ledger: (account: Address) => Pick<Ledger, 'note'>;
}

interface Handed {
  readonly account: Address;
  readonly origin: string;
  readonly use: SiteUse;
  readonly at: number;
}

const name = 'handed';
/** Uses that wait, of which each is a count or a message: more than that the disk must not be behind. */
const mostWaiting = 1_000;

export function createTally({ clock, area, ledger }: Deps): Tally {
  let waiting: Handed[] = [];
  let loading: Promise<void> | undefined;

  const keep = (): void => void area.set(name, waiting).catch((error: unknown) => noteStop('counting what sites were handed', error));

  const load = (): Promise<void> => {
    loading ??= area.get(name).then(
      (kept) => {
        if (Array.isArray(kept)) waiting = [...(kept as Handed[]), ...waiting];
      },
      (error: unknown) => noteStop('counting what sites were handed', error),
    );
    return loading;
  };

  const settle = createSingle(async (): Promise<void> => {
    await load();
    for (const handed of [...waiting]) {
      try {
        await ledger(handed.account).note(handed.origin, handed.use, handed.at);
      } catch (error) {
        noteStop('noting what a site did', error);
        // It stays for the next time, unless its account has gone.
        if (!(error instanceof RefusalError && error.reason === 'no-account')) continue;
      }
      waiting = waiting.filter((each) => each !== handed);
      keep();
    }
  });

  return {
    async add(account, origin, use) {
      await load();
      if (!use.sent && !use.conversations && !use.messages && !use.calls) return;
      waiting = [...waiting, { account, origin, use, at: clock() }];
      if (waiting.length > mostWaiting) {
        waiting = waiting.slice(-mostWaiting);
        noteStop('counting what sites were handed', new Error(`more than ${mostWaiting} uses wait for the disk: the oldest is lost`));
      }
      keep();
      void settle();
    },
    settle,
    forget(origin) {
      waiting = origin === undefined ? [] : waiting.filter((each) => each.origin !== origin);
      keep();
    },
  };
}
