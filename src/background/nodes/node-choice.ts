import { NodeError } from '../../network/errors.ts';
import type { NodeClient, Probe } from '../../network/node-client.ts';
import type { Clock } from '../../protocol/time.ts';
import { createSingle } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { Preferences } from '../preferences.ts';
import type { NodeTrouble } from './node-state.ts';

/** Sees to it that some node answers: another one of those that may steps in for the one that was chosen, until that is back. */
export interface NodeChoice {
  /** A call to the node in use went wrong, or is slow. */
  troubled(trouble: NodeTrouble | 'slow'): void;
  /** Goes back to the node that was chosen when it answers again: at every wake. */
  review(): Promise<void>;
  /** Where a second copy goes of what was published to `first`, whichever is in use by now; null: nowhere. */
  second(first: string): Promise<string | null>;
}

interface Deps {
  readonly preferences: Pick<Preferences, 'nodeUrl' | 'nodeInUse' | 'standby' | 'setStandIn' | 'publishesToTwo'>;
  /** Waits for each answer no longer than this, ms. */
  readonly connect: (url: string, timeoutMs: number) => Pick<NodeClient, 'probe'>;
  readonly clock: Clock;
  /** Everything goes on by the node that is in use now. */
  readonly moved: () => Promise<void>;
}

/** From the first sign of trouble to another node it is no more than this and a call's patience (`slowMs` of `node-access.ts`). */
const probeMs = 3_000;
/** A network that is away altogether is not asked without end. */
const lookEveryMs = 5_000;
/** A node that comes and goes is not gone back to at once. */
const leastAwayMs = 60_000;
const clockLimitMs = 4 * 60_000;

const worthLooking: readonly string[] = ['slow', 'unreachable', 'failed', 'wrong'] satisfies (NodeTrouble | 'slow')[];

export function createNodeChoice({ preferences, connect, clock, moved }: Deps): NodeChoice {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let movedAt = Number.NEGATIVE_INFINITY;

  const answers = async (url: string): Promise<boolean> => {
    const asked = connect(url, probeMs)
      .probe()
      .catch((error: unknown) => {
        if (error instanceof NodeError) return null;
        throw error;
      });
    // A probe is more than one question, each of which may take its time.
    const probe: Probe | null = await Promise.race([asked, new Promise<null>((resolve) => setTimeout(resolve, probeMs, null))]);
    return probe !== null && Math.abs(probe.clockSkewMs ?? 0) < clockLimitMs;
  };

  const moveTo = async (url: string, chosen: string): Promise<void> => {
    movedAt = clock();
    await preferences.setStandIn(url === chosen ? null : url);
    await moved();
  };

  const look = createSingle(async () => {
    const [chosen, inUse, standby] = [await preferences.nodeUrl(), await preferences.nodeInUse(), await preferences.standby()];
    const others = [...new Set([chosen, ...standby])].filter((url) => url !== inUse);
    if (others.length === 0 || clock() - lookedAt < lookEveryMs) return;
    lookedAt = clock();
    const [here, ...there] = await Promise.all([inUse, ...others].map(answers));
    const next = others.find((_, index) => there[index]);
    // Somebody may have chosen meanwhile.
    if (here || next === undefined || (await preferences.nodeInUse()) !== inUse) return;
    await moveTo(next, chosen);
  });

  const review = createSingle(async () => {
    const [chosen, inUse] = [await preferences.nodeUrl(), await preferences.nodeInUse()];
    if (chosen === inUse || clock() - movedAt < leastAwayMs) return;
    if ((await answers(chosen)) && (await preferences.nodeInUse()) === inUse) await moveTo(chosen, chosen);
  });

  return {
    troubled(trouble) {
      if (worthLooking.includes(trouble)) look().catch((error: unknown) => noteStop('looking for another node', error));
    },
    review,
    async second(first) {
      if (!(await preferences.publishesToTwo())) return null;
      return [await preferences.nodeUrl(), ...(await preferences.standby())].find((url) => url !== first) ?? null;
    },
  };
}
