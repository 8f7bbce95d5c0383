import type { OpenedConversation } from '../../../rpc/views/opened.ts';
import { atLock } from '../../at-lock.ts';
import { parseRoute } from '../../router.ts';
import { background } from '../../rpc.ts';

/** The first look at a conversation, asked of the background before its screen is there. */
export interface Ahead {
  readonly answer: Promise<OpenedConversation>;
  /** What was answered, or what was before that; null where there is nothing yet. */
  value(): OpenedConversation | null;
  /** Whether something may have changed since that was answered. */
  isOld(): boolean;
  /** From here on whoever shows it hears of changes. */
  end(): void;
}

interface Waiting extends Ahead {
  /** Whether something has changed since it was asked: it is to be asked again. */
  heard(): boolean;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** What is asked for where nobody presses, and for how long it is kept, ms. */
const mostAhead = 3;
const keptMs = 30_000;
/** The pointer, or the focus, that goes over a row wants nothing of it; one that rests there may, ms. */
const restMs = 60;

/** The height of the lowest message, and the least that stands above and below all of them, pixels. */
const leastHeight = 34;
const leastAround = 96;
/** How many messages are in sight of a conversation that is opened, at most. */
export const mostInWindow = (): number => Math.max(1, Math.ceil((innerHeight - leastAround) / leastHeight));

/** Of conversations that may be opened next, the latest last. */
const waiting = new Map<string, Waiting>();

/** Asks for it, unless that was done and nothing has changed since. */
export function askAhead(id: string): Ahead {
  const known = waiting.get(id);
  if (known && !known.heard()) return known;
  if (known) drop(id);
  let [value, current, heard] = [known?.value() ?? null, false, false];
  const changed = (): void => {
    heard = true;
  };
  const stops = [
    background.on('messages', ({ conversation }) => conversation === id && changed()),
    background.on('conversations', changed),
    background.onReconnect(changed),
  ];
  const answer = background.call('openConversation', { id, limit: mostInWindow() });
  const ahead: Waiting = {
    answer,
    value: () => value,
    isOld: () => heard || !current,
    heard: () => heard,
    timer: setTimeout(() => drop(id), keptMs),
    end() {
      for (const stop of stops.splice(0)) stop();
    },
  };
  answer.then(
    (opened) => {
      [value, current] = [opened, true];
    },
    () => waiting.get(id) === ahead && drop(id), // told to whoever waits for it
  );
  waiting.set(id, ahead);
  for (const each of [...waiting.keys()].slice(0, -mostAhead)) drop(each);
  return ahead;
}

/** The same for a screen that shows it: it is that screen's from here on, which ends it. */
export function takeAhead(id: string): Ahead {
  const ahead = askAhead(id);
  clearTimeout(waiting.get(id)?.timer);
  waiting.delete(id);
  return ahead;
}

function drop(id: string): void {
  const dropped = waiting.get(id);
  waiting.delete(id);
  clearTimeout(dropped?.timer);
  dropped?.end();
}

export function forgetAhead(): void {
  for (const id of [...waiting.keys()]) drop(id);
}

/** Asks for conversations whose rows are pressed, or are about to be. Listens to the whole page, since rows know nothing of it: they are drawn before this script is here. */
export function watchRows(page: Pick<Document, 'addEventListener'> = document): void {
  let resting: ReturnType<typeof setTimeout> | undefined;
  const pressed = (event: Event): void => {
    clearTimeout(resting);
    const id = conversationAt(event);
    if (id !== null) askAhead(id);
  };
  const over = (event: Event): void => {
    clearTimeout(resting);
    const id = conversationAt(event);
    if (id !== null) resting = setTimeout(() => askAhead(id), restMs);
  };
  for (const name of ['pointerdown', 'click']) page.addEventListener(name, pressed, { capture: true, passive: true });
  for (const name of ['pointerover', 'focusin']) page.addEventListener(name, over, { capture: true, passive: true });
  atLock(forgetAhead);
}

/** The conversation that the row under this event leads to, unless it is open. */
function conversationAt({ target }: Event): string | null {
  const row = target instanceof Element ? target.closest('a.row') : null;
  if (!row || row.ariaCurrent === 'page') return null;
  const route = parseRoute((row as HTMLAnchorElement).hash);
  return route.screen === 'conversation' ? route.id : null;
}
