import type { Follow } from './follow.ts';
import type { Order } from './order.ts';
import type { Sync } from './sync.ts';

/** Whether what came is here, by a reading or by the stream, and who is asked for it where it is not. */
export interface News {
  /** Whether all that came until now is here, since the stream brings it. */
  isHere(): boolean;
  /** Resolves when what came until now is here. @throws NodeError */
  all(): Promise<void>;
  /** Has what came brought, unless the stream does that, or has. `anew`: also where a stream is open, as when a page is opened or an alarm goes off. @throws NodeError */
  ask(anew: boolean): Promise<void>;
}

interface Deps {
  readonly order: Pick<Order, 'known'>;
  readonly follow: Pick<Follow, 'isOpen' | 'isHeard' | 'restart'>;
  readonly sync: Pick<Sync, 'catchUp' | 'reached' | 'quiet'>;
}

export function createNews({ order, follow, sync }: Deps): News {
  const isHere = (): boolean => follow.isHeard() && sync.reached();
  return {
    isHere,
    async all() {
      if (!isHere()) await sync.catchUp();
    },
    async ask(anew) {
      if (!(await order.known())) {
        if (anew || !follow.isOpen()) await sync.catchUp();
      } else if (!anew || !follow.isOpen()) return;
      // As after a sleep of the machine: it may be open only by its looks, and the next one asks first.
      else if (!isHere()) follow.restart();
      else if (!sync.quiet()) await sync.catchUp();
    },
  };
}
