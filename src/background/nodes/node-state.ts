import type { NodeState } from '../../rpc/views/account.ts';

/** What went wrong with the node, in the words of `network`. */
export type NodeTrouble = 'unreachable' | 'wrong' | 'unauthorised' | 'refused' | 'limited' | 'failed';

/** Clocks further apart than this are named as the reason when the node does not take our token; the node allows five minutes. */
const clockLimitMs = 10 * 60_000;
const tokenLimitMs = 4 * 60_000;

/** What we know of the node at present. It lives in memory: after a restart the first call finds out again. */
export interface NodeStatus {
  read(): NodeState;
  /** A call was answered. */
  ok(): void;
  failed(trouble: NodeTrouble): void;
  /** The node's clock minus ours, in milliseconds. */
  skew(ms: number | null): void;
  /** A catch-up that takes a while: how many envelopes are still to be read, when known; null when it is over. */
  syncing(work: { readonly remaining: number | null } | null): void;
  /** Another node, or none because of the lock: forget what was known. */
  reset(url: string, standsInFor?: string | null): void;
}

/** Follows the outcome of calls and calls `changed` when what a person would see differs. */
export function createNodeStatus(url: string, changed: () => void): NodeStatus {
  let current = {
    url,
    standsInFor: null as string | null,
    asked: false,
    trouble: null as NodeTrouble | null,
    skewMs: null as number | null,
    work: null as { remaining: number | null } | null,
  };
  let seen = '';

  const view = (): NodeState => {
    const { state, trouble } = judge(current);
    const { url, standsInFor } = current;
    return {
      url,
      standsInFor,
      state,
      trouble,
      skew: trouble === 'clock' ? minutes(current.skewMs ?? 0) : 0,
      remaining: state === 'syncing' ? (current.work?.remaining ?? null) : null,
    };
  };
  const set = (change: Partial<typeof current>): void => {
    current = { ...current, ...change };
    const now = JSON.stringify(view());
    if (now === seen) return;
    seen = now;
    changed();
  };

  return {
    read: view,
    ok: () => set({ asked: true, trouble: null }),
    // `refused` is about one envelope, not about the node: it did answer.
    failed: (trouble) => set({ asked: true, trouble: trouble === 'refused' ? null : trouble }),
    skew: (skewMs) => set({ skewMs }),
    syncing: (work) => set({ work }),
    reset: (next, standsInFor = null) => set({ url: next, standsInFor, asked: false, trouble: null, skewMs: null, work: null }),
  };
}

/** Rounded, so that nobody is told of a change that no eye sees. */
const minutes = (ms: number): number => Math.round(ms / 60_000) * 60_000;

function judge(known: {
  url: string;
  asked: boolean;
  trouble: NodeTrouble | null;
  skewMs: number | null;
  work: unknown;
}): Pick<NodeState, 'state' | 'trouble'> {
  const skew = known.skewMs ?? 0;
  if (!known.asked && known.work === null) return { state: 'idle', trouble: null };
  if (Math.abs(skew) > clockLimitMs || (known.trouble === 'unauthorised' && Math.abs(skew) > tokenLimitMs))
    return { state: 'clock', trouble: 'clock' };
  switch (known.trouble) {
    case 'unreachable':
    case 'failed':
    case 'limited':
      return { state: 'offline', trouble: known.trouble };
    case 'wrong':
    case 'unauthorised':
      return { state: known.trouble, trouble: known.trouble };
    default:
      return { state: known.work === null ? 'connected' : 'syncing', trouble: null };
  }
}
