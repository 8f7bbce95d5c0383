import type { Clock } from '../protocol/time.ts';
import type { PageCaller } from '../rpc/caller.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { Address, Prompt, PromptAnswer } from '../rpc/views.ts';
import { decodedHost } from './origins.ts';

export type Question = Prompt['question'];

/** The one window in which sites' questions are shown. */
export interface PromptWindow {
  /** Opens it, or brings it to the front; returns its id. */
  show(): Promise<number>;
  close(id: number): Promise<void>;
}

export interface Approvals {
  /** Asks the user; identical questions share one answer. @throws RefusalError user-rejected, not-granted, muted, too-many */
  ask(caller: PageCaller, account: Address, question: Question): Promise<PromptAnswer>;
  /** The questions that wait, the one to be shown first. */
  prompts(): Prompt[];
  answer(id: string, answer: PromptAnswer): void;
  /** The window was closed by the user: a no to the question that it showed. */
  windowClosed(windowId: number): void;
  /** Parley was unlocked: that is the answer to those who waited for it. */
  unlocked(): void;
  waiting(): number;
}

export interface ApprovalsDeps {
  readonly clock: Clock;
  readonly window: PromptWindow;
  readonly changed: () => void;
  /** Keeps the background alive while a question is open; returns the way to stop. */
  readonly hold: () => () => void;
}

interface Asked {
  readonly prompt: Omit<Prompt, 'waiting'>;
  readonly key: string;
  readonly documents: Set<string>;
  readonly waiters: Set<{ resolve(answer: PromptAnswer): void; reject(error: unknown): void }>;
}

const perOrigin = 3;
const inAll = 10;
const refusalsToMute = 3;
const refusalWindow = 10 * 60_000;
const muteFor = 60 * 60_000;

export function createApprovals({ clock, window, changed, hold }: ApprovalsDeps): Approvals {
  let queue: Asked[] = [];
  let windowId: number | null = null;
  let release: (() => void) | null = null;
  let lastId = 0;
  const refusals = new Map<string, number[]>();
  const mutedUntil = new Map<string, number>();
  /** What was refused to a document is not asked of the user again for it. */
  const refusedTo = new Map<string, Set<string>>();

  async function ask(caller: PageCaller, account: Address, question: Question): Promise<PromptAnswer> {
    const { origin, documentId, gone } = caller;
    if (gone.aborted) throw new RefusalError('not-granted', 'the page is gone');
    if (clock() < (mutedUntil.get(origin) ?? 0))
      throw new RefusalError('muted', 'this site has asked too often; it may ask again in an hour');
    const key = JSON.stringify([origin, account, question]);
    if (refusedTo.get(documentId)?.has(key)) throw new RefusalError('not-granted', 'this was refused before; reload the page to ask again');
    if (!(await caller.visible())) throw new RefusalError('not-granted', 'a page that is hidden cannot ask');

    let asked = queue.find((each) => each.key === key);
    if (!asked) {
      if (queue.length >= inAll || queue.filter(({ prompt }) => prompt.origin === origin).length >= perOrigin)
        throw new RefusalError('too-many', 'too many questions wait for an answer', { retryAfterMs: 5000 });
      asked = {
        prompt: {
          id: `${++lastId}-${clock()}`,
          origin,
          decodedHost: decodedHost(origin),
          title: caller.title,
          account,
          askedAt: clock(),
          question,
        },
        key,
        documents: new Set(),
        waiters: new Set(),
      };
      queue.push(asked);
    }
    asked.documents.add(documentId);
    const mine = asked;
    const answer = new Promise<PromptAnswer>((resolve, reject) => {
      const waiter = { resolve, reject };
      mine.waiters.add(waiter);
      const leave = (): void => {
        if (!mine.waiters.delete(waiter)) return;
        reject(new RefusalError('not-granted', 'the page is gone'));
        if (mine.waiters.size === 0) remove(mine);
      };
      gone.addEventListener('abort', leave, { once: true });
    });
    present();
    return answer;
  }

  function present(): void {
    changed();
    if (queue.length === 0) {
      release?.();
      release = null;
      const id = windowId;
      windowId = null;
      if (id !== null) window.close(id).catch(() => undefined); // closed already: just as well
      return;
    }
    release ??= hold();
    window.show().then(
      (id) => {
        windowId = id;
        if (queue.length === 0) present(); // answered while it opened
      },
      () => {
        for (const asked of [...queue])
          settle(asked, (waiter) => waiter.reject(new RefusalError('not-granted', 'the question could not be shown')));
      },
    );
  }

  function remove(asked: Asked): void {
    const first = queue[0] === asked;
    queue = queue.filter((each) => each !== asked);
    if (first || queue.length === 0) present();
    else changed();
  }

  function settle(asked: Asked, tell: (waiter: Asked['waiters'] extends Set<infer W> ? W : never) => void): void {
    const waiters = [...asked.waiters];
    asked.waiters.clear();
    for (const waiter of waiters) tell(waiter);
    remove(asked);
  }

  function refuse(asked: Asked): void {
    const { origin } = asked.prompt;
    const now = clock();
    const recent = [...(refusals.get(origin) ?? []).filter((at) => now - at < refusalWindow), now];
    refusals.set(origin, recent);
    if (recent.length >= refusalsToMute) {
      mutedUntil.set(origin, now + muteFor);
      refusals.delete(origin);
    }
    for (const document of asked.documents) refusedTo.set(document, (refusedTo.get(document) ?? new Set()).add(asked.key));
    if (refusedTo.size > 1000) refusedTo.delete(refusedTo.keys().next().value as string);
    settle(asked, (waiter) => waiter.reject(new RefusalError('user-rejected', 'the user said no')));
  }

  return {
    ask,
    prompts: () => queue.map(({ prompt }, index) => ({ ...prompt, waiting: queue.length - 1 - index })),
    answer(id, answer) {
      const asked = queue.find(({ prompt }) => prompt.id === id);
      if (!asked) return;
      if (answer.allow) settle(asked, (waiter) => waiter.resolve(answer));
      else refuse(asked);
    },
    windowClosed(id) {
      if (id !== windowId) return;
      windowId = null;
      const [shown] = queue;
      if (shown) refuse(shown);
    },
    unlocked() {
      for (const asked of queue.filter(({ prompt }) => prompt.question.kind === 'unlock'))
        settle(asked, (waiter) => waiter.resolve({ allow: true, expiresIn: null }));
    },
    waiting: () => queue.length,
  };
}
