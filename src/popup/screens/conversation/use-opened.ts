import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { explained } from '../../explained.ts';
import { background } from '../../rpc.ts';
import { type Ahead, takeAhead } from './ahead.ts';

/** The first look at a conversation, once it is here; before that, why it is not. One that failed is asked for again when the background has something new. */
export function useOpened(id: string): { readonly ahead: Ahead; readonly error: string | null; readonly retry: () => void } {
  // Asked for while the screen is being drawn, and not after that: whoever opens a conversation waits for this answer.
  const [ahead, setAhead] = useState(() => takeAhead(id));
  const [error, setError] = useState<string | null>(null);
  const [, redraw] = useState<unknown>(null);
  const retry = (): void => setAhead(takeAhead(id));
  useLayoutEffect(() => {
    let over = false;
    if (!ahead.value())
      ahead.answer.then(
        (opened) => over || redraw(opened),
        async (failure: unknown) => {
          const words = await explained(failure);
          if (!over) setError(words);
        },
      );
    return () => {
      over = true;
      ahead.end();
    };
  }, [ahead]);
  useEffect(() => {
    if (error === null || ahead.value()) return undefined;
    const stops = [background.on('conversations', retry), background.onReconnect(retry)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [error, ahead]);
  return { ahead, error, retry };
}
