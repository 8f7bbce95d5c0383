import type { RefObject, TargetedKeyboardEvent } from 'preact';
import { useRef } from 'preact/hooks';

const canTake = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]';
/** For how long presses wait for rows, ms: after that the key goes where it goes without us, so that nobody is caught in a list that cannot be read. */
const patience = 3000;

interface TabWalk {
  /** For the element around the rows. */
  readonly onKeyDown: (event: TargetedKeyboardEvent<HTMLElement>) => void;
  /** To be called when rows were drawn. */
  readonly goOn: () => void;
}

/**
 * Tab and Shift-Tab through a list of which a part is in the page: at the last row that is there they wait for the next one, where the browser would leave the list;
 * no press is lost on the way. `more` says whether there are rows before and after those in the page.
 */
export function useTabWalk(list: RefObject<HTMLElement | null>, more: { readonly before: boolean; readonly after: boolean }): TabWalk {
  const waiting = useRef({ steps: 0, since: 0 });
  const beyond = (steps: number): boolean => (steps > 0 ? more.after : more.before);
  const places = (): { all: HTMLElement[]; at: number } => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>(canTake) ?? [])];
    return { all, at: all.indexOf(document.activeElement as HTMLElement) };
  };
  const goOn = (): void => {
    const { steps } = waiting.current;
    if (steps === 0) return;
    const { all, at } = places();
    const goal = Math.min(Math.max(at + steps, 0), all.length - 1);
    // Whoever went elsewhere meanwhile stays there.
    if (at < 0) waiting.current.steps = 0;
    else {
      all[goal]?.focus();
      waiting.current.steps = beyond(steps) ? steps - (goal - at) : 0;
    }
  };
  return {
    goOn,
    onKeyDown: (event) => {
      if (event.key !== 'Tab' || event.altKey || event.ctrlKey || event.metaKey) return;
      const { all, at } = places();
      const step = event.shiftKey ? -1 : 1;
      const { steps, since } = waiting.current;
      const atEdge = all[at + step] === undefined && at >= 0 && beyond(step);
      if (steps === 0 && !atEdge) return;
      if (steps !== 0 && Date.now() - since > patience) {
        waiting.current.steps = 0;
        return;
      }
      event.preventDefault();
      waiting.current = { steps: steps + step, since: steps === 0 ? Date.now() : since };
      goOn();
    },
  };
}
