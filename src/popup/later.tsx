import type { ComponentType, JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { Failure } from './parts/Notice.tsx';
import { allWords, t } from './t.tsx';

/** A part of the page whose script is no part of the first one. */
export interface Later<P extends object> {
  (props: P): JSX.Element | null;
  /** Fetches the script, and the words that it says. */
  fetch(): Promise<void>;
  isHere(): boolean;
}

/**
 * Shows what a script of the package brings, and something bare until that is here. Once it is, it is drawn at once and nothing bare is seen. A script that
 * could not be read is asked for again by whoever presses the button.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>, bare: () => JSX.Element | null): Later<P> {
  let here: ComponentType<P> | null = null;
  let coming: Promise<void> | null = null;
  const bring = async (): Promise<void> => {
    try {
      [here] = await Promise.all([load(), allWords()]);
    } catch (error) {
      coming = null;
      throw error;
    }
  };
  const fetch = (): Promise<void> => {
    coming ??= bring();
    return coming;
  };
  const Shown = (props: P): JSX.Element | null => {
    const [failed, setFailed] = useState(false);
    const [, redraw] = useState(false);
    useLayoutEffect(() => {
      if (here) return undefined;
      let gone = false;
      fetch().then(
        () => gone || redraw(true),
        (error: unknown) => {
          console.warn('a part of the page could not be read', error);
          if (!gone) setFailed(true);
        },
      );
      return () => {
        gone = true;
      };
    }, []);
    if (here) {
      const Here = here;
      return <Here {...props} />;
    }
    // The whole page anew: Firefox keeps in mind which script could not be read, and does not look again.
    return failed ? <Failure error={t('later.notRead')} retry={() => location.reload()} /> : bare();
  };
  return Object.assign(Shown, { fetch, isHere: () => here !== null });
}

/** Whether a part is here, coming or could not be read, for who draws something else until then. It is fetched once it is wanted. */
export function useHere({ isHere, fetch }: Pick<Later<never>, 'isHere' | 'fetch'>, wanted: boolean): 'here' | 'coming' | 'failed' {
  const [failed, setFailed] = useState(false);
  const [, redraw] = useState(false);
  useLayoutEffect(() => {
    if (!wanted || isHere()) return;
    setFailed(false);
    fetch().then(
      () => redraw(true),
      () => setFailed(true),
    );
  }, [wanted]);
  return isHere() ? 'here' : failed ? 'failed' : 'coming';
}
