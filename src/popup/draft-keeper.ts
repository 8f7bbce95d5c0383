import { type DraftPart, sealerFor, type Typed, type TypedSealer } from '../rpc/typed.ts';
import { openTypedStore, type TypedName, type TypedStore } from '../rpc/typed-store.ts';
import { background } from './rpc.ts';

/** Keeps what stands in one composer: on the disk at once, sealed, and with the background a moment later. */
export interface DraftKeeper {
  /** Makes ready what the first words would wait for. */
  warm(): void;
  /** What stands there now. */
  say(parts: readonly DraftPart[]): void;
  /** Tells the background now. `last`: there will be no other chance. */
  tell(last?: boolean): void;
  /** What the background says waits here; answers with the words that are to stand in the field, or null: those that stand there. */
  heard(text: string, revision: number): string | null;
}

interface Options {
  readonly conversation: string;
  readonly text: string;
  readonly revision: number;
  /** Another window wrote these words before ours. */
  readonly onBefore: (words: string) => void;
  readonly store?: TypedStore;
}

/** Keys in quick succession are one thing to tell, ms. */
const gatheredMs = 120;

export function createDraftKeeper({ conversation, text, revision, onBefore, store = openTypedStore() }: Options): DraftKeeper {
  const writer = crypto.randomUUID();
  const disk = keepOnDisk(store, [Date.now(), writer]);
  let parts: readonly DraftPart[] = text === '' ? [] : [{ id: '', words: text }];
  let base = revision;
  let seq = 0;
  /** How far the background has it. */
  let told = 0;
  let telling = false;
  let tells = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const say = (said: readonly DraftPart[]): void => {
    const filled = said.filter(({ words }) => words !== '');
    if (same(filled, parts)) return;
    const now = Date.now();
    parts = filled.map((part) => ({ since: parts.find(({ id }) => id === part.id)?.since ?? now, ...part }));
    seq += 1;
    disk.put({ conversation, writer, seq, base, parts });
    clearTimeout(timer);
    timer = setTimeout(tell, gatheredMs);
  };
  const tell = (last = false): void => {
    clearTimeout(timer);
    timer = undefined;
    // One after the other: what the background answers says what the next one knows.
    if (told === seq || (telling && !last)) return;
    const mine = seq;
    const number = ++tells;
    telling = true;
    background.call('saveDraft', { id: conversation, writer, seq, base, parts: [...parts] }).then(
      ({ revision: now, before }) => {
        told = Math.max(told, mine);
        disk.told(mine);
        // One more has been told that did not know of this answer.
        if (number < tells) return;
        telling = false;
        base = now;
        if (before !== '') onBefore(before);
        if (told < seq) timer ??= setTimeout(tell, 0);
      },
      () => {
        if (number === tells) telling = false; // it is on the disk; the next change tries again
      },
    );
  };

  return {
    warm: disk.warm,
    say,
    tell,
    heard(words, now) {
      // What is told may be of a moment ago; and what was not told yet goes first, and is laid together with it there.
      if (now <= base || told < seq || telling) return null;
      base = now;
      if (textOf(parts) === words) return null;
      parts = words === '' ? [] : [{ id: '', words }];
      return words;
    },
  };
}

/** Whoever is not answered in this time writes firmly, once for what was typed last: a power cut takes no more than that, ms. */
const unansweredMs = 1_000;

/** What was typed last lies there until the background has it. */
function keepOnDisk(store: TypedStore, name: TypedName) {
  const ask = (): Promise<TypedSealer | null> =>
    background
      .call('typedKey', {})
      .then(sealerFor)
      .catch(() => null); // the next words ask again
  let sealer: Promise<TypedSealer | null> | null = null;
  let next: Typed | null = null;
  let written = 0;
  let toldUpTo = 0;
  let running = false;
  let firmly: ReturnType<typeof setTimeout> | undefined;

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      for (let typed = next; typed; typed = next) {
        next = null;
        sealer ??= ask();
        const seal = await sealer;
        if (!seal) {
          sealer = ask();
          return;
        }
        const row = await seal(typed);
        await store.put(name, row);
        written = typed.seq;
        clearTimeout(firmly);
        firmly = setTimeout(() => {
          if (toldUpTo < typed.seq && written === typed.seq) store.put(name, row, true).catch(() => undefined);
        }, unansweredMs);
      }
      if (written > 0 && written <= toldUpTo) {
        await store.delete(name);
        written = 0;
      }
    } catch {
      // No room, or no database: the background has it in a moment.
    } finally {
      running = false;
    }
    if (next) void run();
  };
  return {
    warm(): void {
      sealer ??= ask();
      store.ready().catch(() => undefined); // the first write says so
    },
    put(typed: Typed): void {
      next = typed;
      void run();
    },
    told(seq: number): void {
      toldUpTo = seq;
      void run();
    },
  };
}

const same = (a: readonly DraftPart[], b: readonly DraftPart[]): boolean =>
  a.length === b.length && a.every(({ id, words }, place) => id === b[place]?.id && words === b[place]?.words);

const textOf = (parts: readonly DraftPart[]): string => parts.map(({ words }) => words).join('\n');
