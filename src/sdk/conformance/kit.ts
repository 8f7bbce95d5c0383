import type { Address, XmtpProvider } from '../types.ts';

/** Parts of the kit. Each runs in a document of its own, in this order, since what was refused to a document is not asked again for it. */
export const stages = ['arguments', 'refused', 'connecting', 'writing', 'reading', 'leaving', 'waiting', 'limits', 'muted'] as const;
export type Stage = (typeof stages)[number];

/** Who is there while the checks run. */
export interface People {
  /** The user, unlocked, whose account the page has never seen. */
  readonly account: Address;
  /** Somebody on the network to whom the page has never written. */
  readonly peer: Address;
  /** Another one. */
  readonly other: Address;
  /** An address that is not on the network. */
  readonly absent: Address;
}

/** What a page cannot do by itself. Checks that want a hook which is not there are skipped. */
export interface Hooks {
  /** Waits for the prompt that a call has opened and answers it as it stands; rejects when none comes. */
  answer(answer: 'allow' | 'refuse' | 'close'): Promise<void>;
  /** How many prompts are open. */
  prompts(): Promise<number>;
  /** Has `peer` write a text to the user, in the conversation that the two have. */
  peerSays?(text: string): Promise<void>;
  /** Ends the extension's background, as a browser does that wants its memory back. */
  interrupt?(): Promise<void>;
  /** Puts another page before this one, and takes it away. */
  hide?(): Promise<void>;
  show?(): Promise<void>;
  /** Locks the extension, and answers the prompt of a call that waits for it with the passphrase. */
  lock?(): Promise<void>;
  unlock?(): Promise<void>;
}

/** What is put to the test. */
export interface Target {
  readonly provider: XmtpProvider;
  readonly people: People;
  readonly hooks: Hooks;
  /** The page's window. */
  readonly page?: Pick<EventTarget, 'addEventListener' | 'removeEventListener' | 'dispatchEvent'>;
  /** Time between two calls in milliseconds; by default what 300 calls a minute leave. */
  readonly paceMs?: number;
  /** How long an answer or an event is waited for in milliseconds; 15,000 by default. */
  readonly patienceMs?: number;
}

export interface Row {
  readonly id: string;
  readonly stage: Stage;
  /** The sentence that is checked. */
  readonly says: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly why?: string;
}

export interface Check {
  readonly id: string;
  readonly stage: Stage;
  readonly says: string;
  readonly needs: readonly (keyof Hooks)[];
  readonly run: (kit: Kit) => Promise<void>;
}

/** How a call ended. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** What checks work with. */
export interface Kit extends Required<Omit<Target, 'paceMs'>> {
  /** Makes a call in its turn. Waits and asks again where there were too many. */
  call(method: string, params?: unknown): Promise<Outcome>;
  /** Makes a call exactly so, at once. */
  callNow(args: unknown): Promise<Outcome>;
  /** The result of a call that must have one, and must not ask anybody. */
  answers<T = unknown>(method: string, params?: unknown): Promise<T>;
  /** The result of a call that must ask, once the answer is a yes. */
  allowed<T = unknown>(method: string, params?: unknown): Promise<T>;
  /** A call that must be refused with this code, in words in which `path` stands, and must not ask anybody. */
  refuses(code: number, method: string, params?: unknown, path?: string): Promise<void>;
  /** Waits until a prompt is open. */
  prompted(): Promise<void>;
  /** Events of these names from now on; the oldest first. */
  hear(...events: string[]): Heard;
  /** What checks of a stage tell those after them. */
  readonly memory: Map<string, unknown>;
}

export interface Heard {
  /** Waits until there are so many, and a moment more. */
  until(count: number): Promise<readonly (readonly [event: string, payload: unknown])[]>;
  stop(): void;
}

/** A check that did not hold. */
export class Mismatch extends Error {}

/** @throws Mismatch */
export function expect(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Mismatch(why);
}

/** @throws Mismatch unless both are the same as JSON, whatever the order of their members */
export function expectSame(found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value)?.slice(0, 300));
  expect(isSame(found, wanted), `${what}: found ${a}, expected ${b}`);
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
};

export const codeOf = (outcome: Outcome): unknown => ('error' in outcome ? (outcome.error as { code?: unknown } | null)?.code : undefined);

const words = (outcome: Outcome): string =>
  'error' in outcome
    ? `an error ${String(codeOf(outcome))} (${String((outcome.error as Error | null)?.message).slice(0, 200)})`
    : `the result ${JSON.stringify(outcome.result)?.slice(0, 200)}`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Too many calls: asked again so many times. */
const mostTries = 4;

export function createKit(target: Target): Kit {
  const { provider, hooks, paceMs = 210, patienceMs = 15_000 } = target;
  let turn: Promise<unknown> = Promise.resolve();

  function callNow(args: unknown): Promise<Outcome> {
    const answer = (async () => (provider.request as (args: unknown) => Promise<unknown>)(args))();
    return answer.then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  }

  async function call(method: string, params?: unknown): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      const mine = turn;
      turn = mine.then(() => sleep(paceMs));
      await mine;
      const outcome = await callNow(params === undefined ? { method } : { method, params });
      const wait = 'error' in outcome ? (outcome.error as { data?: { retryAfterMs?: unknown } } | null)?.data?.retryAfterMs : undefined;
      if (codeOf(outcome) !== -32005 || typeof wait !== 'number' || tries === mostTries) return outcome;
      await sleep(Math.min(wait, patienceMs));
    }
  }

  async function quiet(method: string, params: unknown): Promise<Outcome> {
    const outcome = await within(call(method, params), patienceMs, method);
    expect((await hooks.prompts()) === 0, `${method} asked the user`);
    return outcome;
  }

  function resultOf<T>(outcome: Outcome, method: string): T {
    expect('result' in outcome, `${method}: expected a result, found ${words(outcome)}`);
    return (outcome as { result: T }).result;
  }

  return {
    ...target,
    page: target.page ?? window,
    patienceMs,
    memory: new Map(),
    call,
    callNow,
    answers: async (method, params) => resultOf(await quiet(method, params), method),
    async allowed(method, params) {
      const outcome = call(method, params);
      await hooks.answer('allow');
      return resultOf(await within(outcome, patienceMs, method), method);
    },
    async refuses(code, method, params, path) {
      const outcome = await quiet(method, params);
      expect(codeOf(outcome) === code, `${method}: expected an error ${code}, found ${words(outcome)}`);
      const message = String(('error' in outcome ? (outcome.error as Error) : undefined)?.message);
      if (path !== undefined) expect(message.includes(path), `${method}: "${message}" does not name ${path}`);
    },
    async prompted() {
      for (const end = Date.now() + patienceMs; (await hooks.prompts()) === 0; await sleep(20))
        expect(Date.now() < end, 'no prompt has come');
    },
    hear(...events) {
      const heard: [string, unknown][] = [];
      const listeners = events.map((event) => [event, (payload: unknown) => void heard.push([event, payload])] as const);
      const { on, removeListener } = provider as unknown as Record<'on' | 'removeListener', (event: string, listener: unknown) => void>;
      for (const [event, listener] of listeners) on.call(provider, event, listener);
      return {
        async until(count) {
          const end = Date.now() + patienceMs;
          while (heard.length < count && Date.now() < end) await sleep(Math.min(50, patienceMs / 10));
          expect(heard.length >= count, `expected ${count} of ${events.join(', ')}, heard ${JSON.stringify(heard).slice(0, 300)}`);
          // A second one of the same would come about now.
          await sleep(Math.min(500, patienceMs / 10));
          return heard;
        },
        stop() {
          for (const [event, listener] of listeners) removeListener.call(provider, event, listener);
        },
      };
    },
  };
}

/** Runs the checks of one part, one after the other; what fails is a row and stops nobody. */
export async function runChecks(checks: readonly Check[], stage: Stage, target: Target): Promise<Row[]> {
  const kit = createKit(target);
  const rows: Row[] = [];
  for (const { id, says, needs, run } of checks.filter((check) => check.stage === stage)) {
    const missing = needs.filter((hook) => target.hooks[hook] === undefined);
    const why = missing.length > 0 ? `there is no hook ${missing.join(', ')}` : await failure(run, kit);
    rows.push({
      id,
      stage,
      says,
      outcome: missing.length > 0 ? 'skipped' : why === null ? 'passed' : 'failed',
      ...(why !== null && { why }),
    });
  }
  return rows;
}

/** Whatever a provider does, a check ends: after so many times what one answer is waited for. */
const patienceOfCheck = 6;

async function failure(run: Check['run'], kit: Kit): Promise<string | null> {
  try {
    await within(run(kit), kit.patienceMs * patienceOfCheck, 'the check');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A promise that must settle. @throws Mismatch */
function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Mismatch(`${what} did not come to its end within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Makes checks of one stage: the name, the sentence, what it does, and the hooks that it wants beyond those that always are there. */
export const checksOf =
  (stage: Stage) =>
  (id: string, says: string, run: Check['run'], needs: Check['needs'] = []): Check => ({ id: `${stage}.${id}`, stage, says, run, needs });
