import type { Clock } from '../../protocol/time.ts';
import type { PageCaller } from '../../rpc/caller.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Address } from '../../rpc/views/account.ts';
import type { Prompt, PromptAnswer } from '../../rpc/views/sites.ts';
import { decodedHost } from './origins.ts';
import { createRefusals, type RefusalMemory } from './refusals.ts';

export type Question = Prompt['question'];

/** The one window in which sites' questions are shown. */
export interface PromptWindow {
  /** Opens it, or brings it to the front; returns its id. */
  show(): Promise<number>;
  close(id: number): Promise<void>;
}

export interface Approvals {
  /**
   * Asks the user; identical questions share one answer. `holds` tells whether this is still what is lacking; null is the answer to a question that an
   * answer to another one, or unlocking, has overtaken. @throws RefusalError user-rejected, not-granted, muted, too-many
   */
  ask(caller: PageCaller, account: Address, question: Question, holds?: () => Promise<boolean>): Promise<PromptAnswer | null>;
  /** The questions that wait, the one to be shown first. */
  prompts(): Prompt[];
  /** @throws RefusalError not-found */
  answer(id: string, answer: PromptAnswer): void;
  /** The window was closed by the user: a no to the question that it showed. */
  windowClosed(windowId: number): void;
  /** Something was granted, or Parley was unlocked: questions that are overtaken go. */
  recheck(): Promise<void>;
  /** The account is gone, and every question with it. */
  clear(): void;
  waiting(): number;
}

export interface ApprovalsDeps {
  readonly clock: Clock;
  readonly window: PromptWindow;
  readonly changed: () => void;
  /** Keeps the background alive while a question is open; returns the way to stop. */
  readonly hold: () => () => void;
  /** Outlives the background, not the browser. Without it, what was refused is forgotten with the background. */
  readonly memory?: RefusalMemory;
}

interface Waiter {
  readonly resolve: (answer: PromptAnswer | null) => void;
  readonly reject: (error: unknown) => void;
}

interface Asked {
  readonly prompt: Omit<Prompt, 'waiting'>;
  readonly key: string;
  readonly documents: Set<string>;
  readonly waiters: Set<Waiter>;
  readonly holds: (() => Promise<boolean>) | undefined;
  /** Whether it has been on the screen, as far as can be told: whoever closes a window says no to what it showed, and to nothing else. */
  seen: boolean;
}

const perOrigin = 3;
const inAll = 10;
/** A question that follows at once finds the window still there. */
const closeAfterMs = 150;

export function createApprovals({ clock, window, changed, hold, memory }: ApprovalsDeps): Approvals {
  const refusals = createRefusals(clock, memory);
  let queue: Asked[] = [];
  let windowId: number | null = null;
  let lastClosed: number | null = null;
  let release: (() => void) | null = null;
  let presenting = false;
  let again = false;

  async function ask(
    caller: PageCaller,
    account: Address,
    question: Question,
    holds?: () => Promise<boolean>,
  ): Promise<PromptAnswer | null> {
    const { origin, documentId, gone } = caller;
    await refusals.check(origin, documentId, question);
    if (!(await caller.visible())) throw new RefusalError('not-granted', 'a page that is hidden cannot ask');
    if (gone.aborted) throw new RefusalError('not-granted', 'the page is gone');

    const key = JSON.stringify([origin, account, question]);
    const asked = queue.find((each) => each.key === key) ?? enqueue(caller, account, question, key, holds);
    asked.documents.add(documentId);
    const answer = new Promise<PromptAnswer | null>((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      asked.waiters.add(waiter);
      const leave = (): void => {
        if (!asked.waiters.delete(waiter)) return;
        reject(new RefusalError('not-granted', 'the page is gone'));
        if (asked.waiters.size === 0) remove(asked);
      };
      gone.addEventListener('abort', leave, { once: true });
    });
    present(); // also for one that waits already: whoever asks again looks for the window
    return answer;
  }

  function enqueue(
    { origin, title }: PageCaller,
    account: Address,
    question: Question,
    key: string,
    holds: (() => Promise<boolean>) | undefined,
  ): Asked {
    if (queue.length >= inAll || queue.filter(({ prompt }) => prompt.origin === origin).length >= perOrigin)
      throw new RefusalError('too-many', 'too many questions wait for an answer', { retryAfterMs: 5000 });
    const id = crypto.randomUUID();
    const prompt = { id, origin, decodedHost: decodedHost(origin), title, account, askedAt: clock(), question };
    const asked: Asked = { prompt, key, documents: new Set(), waiters: new Set(), holds, seen: false };
    queue.push(asked);
    return asked;
  }

  /** Brings the window in line with the queue; one at a time, because two at once would open two windows. */
  function present(): void {
    changed();
    if (queue.length > 0) release ??= hold();
    again = true;
    if (presenting) return;
    presenting = true;
    void (async () => {
      while (again) {
        again = false;
        await (queue.length > 0 ? show() : close());
      }
      presenting = false;
    })();
  }

  async function show(): Promise<void> {
    try {
      const id = await window.show();
      windowId = id;
      if (id === lastClosed) windowClosed(id); // closed before we knew that it was open
    } catch {
      for (const asked of [...queue]) reject(asked, new RefusalError('not-granted', 'the question could not be shown'));
    }
  }

  async function close(): Promise<void> {
    release?.();
    release = null;
    if (windowId === null) return;
    await new Promise((resolve) => setTimeout(resolve, closeAfterMs));
    if (queue.length > 0) return;
    const id = windowId;
    windowId = null;
    if (id !== null) await window.close(id).catch(() => undefined); // closed already: just as well
  }

  function remove(asked: Asked): void {
    queue = queue.filter((each) => each !== asked);
    present();
  }

  function settle(asked: Asked, tell: (waiter: Waiter) => void): void {
    const waiters = [...asked.waiters];
    asked.waiters.clear();
    for (const waiter of waiters) tell(waiter);
    remove(asked);
  }

  const reject = (asked: Asked, error: RefusalError): void => settle(asked, (waiter) => waiter.reject(error));

  function refuse(asked: Asked): void {
    const { origin, question } = asked.prompt;
    const muted = refusals.note(origin, asked.documents, question);
    reject(asked, new RefusalError('user-rejected', 'the user said no'));
    if (!muted) return;
    for (const other of queue.filter(({ prompt }) => prompt.origin === origin))
      reject(other, new RefusalError('muted', 'this site has been refused too often; it may ask again in an hour'));
  }

  function windowClosed(id: number): void {
    lastClosed = id;
    if (id !== windowId) return;
    windowId = null;
    lastClosed = null;
    const [shown] = queue;
    if (!shown) return;
    if (shown.seen) refuse(shown);
    else present();
    shown.seen = true; // a window that shows nothing is opened once more, not for ever
  }

  return {
    ask,
    prompts() {
      const [first] = queue;
      if (first) first.seen = true;
      return queue.map(({ prompt }, index) => ({ ...prompt, waiting: queue.length - 1 - index }));
    },
    answer(id, answer) {
      const asked = queue.find(({ prompt }) => prompt.id === id);
      if (!asked) throw new RefusalError('not-found', 'This question has been answered or taken back.');
      if (answer.allow) settle(asked, (waiter) => waiter.resolve(answer));
      else refuse(asked);
    },
    windowClosed,
    async recheck() {
      for (const asked of [...queue]) {
        // What cannot be told stays for the user to answer.
        const holds = (await asked.holds?.().catch(() => true)) ?? true;
        if (!holds && queue.includes(asked)) settle(asked, (waiter) => waiter.resolve(null));
      }
    },
    clear() {
      for (const asked of [...queue]) reject(asked, new RefusalError('no-account', 'there is no account in Parley any more'));
    },
    waiting: () => queue.length,
  };
}
