import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { RpcError } from '../rpc/errors.ts';
import type { Status } from '../rpc/views/account.ts';
import type { OwnEvents } from '../rpc/views/events.ts';
import { explained } from './explained.ts';
import { statusAhead } from './glimpse.ts';
import { background } from './rpc.ts';

/** Something asked of the background: not there yet, there, or why not (what was there before stays). */
export interface Asked<T> {
  readonly value: T | null;
  readonly error: string | null;
  /** The background's reason for that, when it gave one. */
  readonly reason: string | null;
  readonly reload: () => void;
}

interface State<T> extends Pick<Asked<T>, 'value' | 'error' | 'reason'> {
  readonly key: string;
}
const none = { value: null, error: null, reason: null };

const reasonOf = (failure: unknown): string | null => (failure instanceof RpcError ? failure.reason : null);

/**
 * Asks when shown, when `key` changes, and whenever one of the events is heard: many at once are one question, and while one is under way one more follows it.
 * A later answer never gives way to an earlier one. `first`: what is known already, and not asked for when shown.
 */
export function useAsked<T>(ask: () => Promise<T>, key: string, events: readonly (keyof OwnEvents)[], first: T | null = null): Asked<T> {
  const [state, setState] = useState<State<T>>({ key, value: first, error: null, reason: null });
  const known = useRef(first !== null);
  const question = useRef(ask);
  question.current = ask;
  const count = useRef(0);
  const shown = useRef(0);
  const askNow = useCallback(() => {
    const mine = ++count.current;
    return question.current().then(
      (value) => {
        if (mine < shown.current) return;
        shown.current = mine;
        setState({ key, value, error: null, reason: null });
      },
      async (failure: unknown) => {
        const error = await explained(failure);
        if (mine < shown.current) return;
        shown.current = mine;
        setState((before) => ({ key, value: before.key === key ? before.value : null, error, reason: reasonOf(failure) }));
      },
    );
  }, [key]);
  const reload = useCallback(() => void askNow(), [askNow]);
  // Before it is painted: whoever waits for the answer would wait a frame longer.
  useLayoutEffect(() => {
    let [asking, again, over] = [false, false, false];
    const heard = async (): Promise<void> => {
      again = true;
      if (asking) return;
      asking = true;
      while (again && !over) {
        again = false;
        await askNow();
      }
      asking = false;
    };
    shown.current = count.current + 1;
    if (!known.current) reload();
    known.current = false;
    const stops = [...events.map((event) => background.on(event, () => void heard())), background.onReconnect(reload)];
    return () => {
      over = true;
      for (const stop of stops) stop();
    };
  }, [askNow]);
  const { value, error, reason } = state.key === key ? state : none;
  return { value, error, reason, reload };
}

/** The state of the extension, kept current by what the background tells. */
export function useStatus(): Asked<Status> & { readonly set: (status: Status) => void } {
  const [told, setTold] = useState<Status | null>(null);
  const asked = useAsked(() => background.call('status', {}), '', []);
  useEffect(() => background.on('status', setTold), []);
  useEffect(() => {
    if (asked.value) setTold(asked.value);
  }, [asked.value]);
  // What the background left for the first look stands in until it is awake, unless it says that something is wrong.
  return { ...asked, value: told ?? asked.value ?? (asked.error === null ? statusAhead() : null), set: setTold };
}

/** A piece of work that a button starts: under way or not, and what went wrong last time. */
export function useWork(): {
  readonly busy: boolean;
  readonly error: string | null;
  readonly failure: unknown;
  readonly run: (work: () => Promise<void>) => Promise<void>;
  readonly clear: () => void;
} {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ readonly failure: unknown; readonly error: string } | null>(null);
  const under = useRef(false);
  const run = useCallback(async (work: () => Promise<void>) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    setFailed(null);
    try {
      await work();
    } catch (failure) {
      setFailed({ failure, error: await explained(failure) });
    } finally {
      under.current = false;
      setBusy(false);
    }
  }, []);
  return { busy, failure: failed?.failure ?? null, error: failed?.error ?? null, run, clear: useCallback(() => setFailed(null), []) };
}

/** The time, by the half minute: what the list says of times stays true. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
