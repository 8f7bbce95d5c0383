/** What keeps the background going, as the browser offers it. */
export interface Wakers {
  createAlarm(name: string, when: { periodInMinutes: number } | { when: number }): unknown;
  clearAlarm(name: string): unknown;
  /** Any call of an extension API counts as activity, and this is the cheapest. */
  ping(): Promise<unknown>;
}

export const resumeAlarm = 'resume';
export const lockAlarm = 'lock';

/** Both browsers stop a background after 30 seconds without an extension event; an open response does not count. */
const pingEveryMs = 20_000;
/** The shortest period that browsers keep for a packed extension. */
const resumePeriodMinutes = 0.5;

export interface Awake {
  /** Sets the alarm that brings us back. Runs at every start, because Firefox forgets alarms with the session. */
  arm(): void;
  /** Keeps the background alive until the returned function is called. */
  hold(): () => void;
  /** Wakes us at `at` (ms) to lock; null: no deadline. */
  lockAt(at: number | null): void;
}

/** Makes the messages sooner; that they arrive at all rests on the alarm and the cursor. */
export function createAwake(wakers: Wakers): Awake {
  let holders = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    arm() {
      wakers.createAlarm(resumeAlarm, { periodInMinutes: resumePeriodMinutes });
    },
    hold() {
      holders += 1;
      timer ??= setInterval(() => void wakers.ping().catch(() => undefined), pingEveryMs);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        if (holders > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    lockAt(at) {
      if (at === null) wakers.clearAlarm(lockAlarm);
      else wakers.createAlarm(lockAlarm, { when: at });
    },
  };
}
