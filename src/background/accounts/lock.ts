import type { Keystore } from '../../keystore/keystore.ts';
import type { Clock } from '../../protocol/time.ts';
import type { Awake } from '../awake.ts';
import type { Preferences } from '../preferences.ts';

/** When Parley locks by itself: after 12 hours, after the time of no use that was chosen, and with the screen. The end of the browser needs nobody here. */
export interface Lock {
  /** Somebody used it: the time of no use begins anew. */
  used(): Promise<void>;
  /** The time of no use is another one now. */
  renew(): Promise<void>;
  /** Locks if its time is over. Runs at every wake, because timers die with the background. */
  check(): Promise<void>;
  /** Locks now. */
  now(): Promise<void>;
  /** What the browser tells of the screen. */
  screen(state: string): Promise<void>;
}

interface Deps {
  readonly keystore: Pick<Keystore, 'state' | 'touch' | 'lock' | 'lockIfDue'>;
  readonly preferences: Pick<Preferences, 'autoLockMinutes'>;
  readonly awake: Pick<Awake, 'lockAt'>;
  readonly clock: Clock;
  /** Ends what works for the open account; before the keys go, so that nothing stumbles over their loss. */
  readonly close: () => void;
  readonly locked: () => void;
}

/** Uses in quick succession are one: each is a write into the memory of the browser. */
const usesApartMs = 5_000;

export function createLock({ keystore, preferences, awake, clock, close, locked }: Deps): Lock {
  let lastUse = Number.NEGATIVE_INFINITY;

  const now = async (): Promise<void> => {
    if (keystore.state() !== 'open') return;
    close();
    await keystore.lock();
    after();
  };
  const after = (): void => {
    lastUse = Number.NEGATIVE_INFINITY;
    awake.lockAt(null);
    locked();
  };
  const touch = async (): Promise<void> => {
    if (keystore.state() !== 'open') return;
    lastUse = clock();
    awake.lockAt(await keystore.touch(await preferences.autoLockMinutes()));
  };

  return {
    async used() {
      if (clock() - lastUse >= usesApartMs) await touch();
    },
    renew: touch,
    async check() {
      if (keystore.state() !== 'open') return;
      if (!(await keystore.lockIfDue())) return;
      close();
      after();
    },
    now,
    async screen(state) {
      if (state === 'locked') await now();
    },
  };
}
