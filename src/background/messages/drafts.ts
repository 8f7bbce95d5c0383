import { readContent } from '../../content-types/index.ts';
import { toBase64 } from '../../protocol/bytes.ts';
import { decodeContent } from '../../protocol/content.ts';
import type { Clock } from '../../protocol/time.ts';
import { type DraftPart, newTypedPair, openTyped, type Typed, type TypedPair, type TypedRow } from '../../rpc/typed.ts';
import type { TypedStore } from '../../rpc/typed-store.ts';
import { createExclusive, createSingle } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { DraftsService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';
import { epochsOf } from './group-state.ts';
import { requestName, wordsOf } from './messages.ts';
import type { StoredMessage } from './model.ts';

/** What waits in a conversation to be sent. */
export interface Draft {
  readonly text: string | null;
  /** Grows with each change, also with that which empties it. */
  readonly revision: number;
}

export interface Drafts {
  readonly service: DraftsService;
  /** Each in its place. */
  of(session: Session, conversations: readonly string[]): Promise<Draft[]>;
  /** These words have become a message: the draft is none any more, or is less by them. Its page may be gone before it can say so. */
  sent(session: Session, conversation: string, clientId: string, text: string): Promise<void>;
  /** Takes in what pages have typed and could not say. */
  takeIn(): Promise<void>;
  /** What pages have typed is none of anybody's any more. */
  clear(): Promise<void>;
}

interface Deps {
  readonly sessions: Pick<Sessions, 'current' | 'all'>;
  /** How many accounts there are: only when all of them are open is a row that none of them opens nobody's. */
  readonly accounts: () => number;
  readonly typed: TypedStore;
  readonly clock: Clock;
  /** When the browser last lost what it had noted of what was sent, ms; null: never. */
  readonly lossAt: () => Promise<number | null>;
  readonly changed: (conversation: string) => void;
}

interface KeptPart extends DraftPart {
  readonly by: string;
}

/** As it is kept, sealed; a version before had the bare text. It stays for a while when it is emptied: by its revision and by who was heard, nothing older comes back. */
interface Kept {
  readonly parts: readonly KeptPart[];
  /** A time (ms), or later than the one before: also where the row was deleted meanwhile, it has grown. */
  readonly revision: number;
  /** When it changed, ms; absent in rows of a version before. */
  readonly at?: number;
  /** How far the last few composers have been heard. */
  readonly heard: readonly (readonly [writer: string, seq: number])[];
}

const nothing: Kept = { parts: [], revision: 0, heard: [] };
const mostHeard = 8;
/** What was emptied longer ago is known to no page any more, ms. */
const emptyForMs = 24 * 3_600_000;
/** Own messages that are looked through for words that may have become one of them. */
const mostSaid = 500;

export function createDrafts({ sessions, accounts, typed, clock, lossAt, changed }: Deps): Drafts {
  const writing = createExclusive();
  const swept = new WeakSet<Session>();
  const pairs = new WeakMap<Session, Promise<{ readonly pair: TypedPair; readonly wrapped: string }>>();

  const read = async ({ keys }: Session, conversation: string, sealed: Uint8Array | undefined): Promise<Kept> => {
    const kept = sealed && ((await keys.openRecord('drafts', conversation, sealed)) as Kept | string);
    return typeof kept === 'string' ? { ...nothing, parts: [{ id: '', words: kept, by: '' }] } : (kept ?? nothing);
  };
  const readNow = async (session: Session, conversation: string): Promise<Kept> =>
    read(session, conversation, await session.records.drafts.get(conversation));
  const write = async (session: Session, conversation: string, kept: Kept): Promise<void> => {
    await session.records.drafts.put(conversation, await session.keys.sealRecord('drafts', conversation, kept));
    changed(conversation);
  };
  const after = (kept: Kept, change: Partial<Kept>): Kept => {
    const at = clock();
    return { ...kept, ...change, revision: Math.max(kept.revision + 1, at), at };
  };

  /** Whether this stands in the conversation as ours, at this time or later: by the name under which it would be sent, whatever was written in the end, or by its words, which an older state may have but the first of. */
  const isSaid = async (
    { keys, cache, rows }: Session,
    conversation: string,
    { id: name, words, since }: DraftPart & { readonly since: number },
  ): Promise<boolean> => {
    const wanted = name === '' ? null : await requestName(keys, conversation, name);
    let left = mostSaid;
    for (const epoch of epochsOf(conversation, rows)) {
      for (const { id, time, sealed } of await cache.messages.page(epoch, { limit: left })) {
        if (time < since || --left < 0) break;
        const { mine, payload, request } = (await keys.openRecord('messages', id, sealed)) as StoredMessage;
        if (!mine) continue;
        const said = wordsOf(readContent(await decodeContent(payload))) ?? '';
        if ((wanted !== null && request === wanted) || (said !== '' && said.trimStart().startsWith(words.trim()))) return true;
      }
    }
    return false;
  };

  /** Those that are not a message by now, nor wait elsewhere for their turn to become one. */
  const unsent = async (session: Session, conversation: string, kept: readonly KeptPart[]): Promise<KeptPart[]> => {
    const { keys, records } = session;
    const parts = kept.map((part) => ({ ...part, since: part.since ?? 0 }));
    const left: KeptPart[] = [];
    // What was noted of their sending may be gone: then the conversation itself knows.
    const lost = await lossAt();
    const named = parts.some(({ id }) => id !== '');
    const waiting = new Set(named ? (await records.files.keys()).flatMap(([where, , id]) => (where === conversation ? [id] : [])) : []);
    for (const part of parts) {
      if (part.words === '' || waiting.has(part.id)) continue;
      const sent = part.id !== '' && (await records.sent.get(await requestName(keys, conversation, part.id))) !== undefined;
      if (sent || (lost !== null && part.since < lost && (await isSaid(session, conversation, part)))) continue;
      left.push(part);
    }
    return left;
  };

  /** Answers what another window wrote, where this one did not know of it: it stands before what this one wrote. */
  const save = (
    session: Session,
    { conversation, writer, seq, base, parts }: Typed,
    since = clock(),
  ): Promise<{ revision: number; before: string }> =>
    writing(async () => {
      const kept = await readNow(session, conversation);
      const strange = kept.revision === base ? [] : kept.parts.filter(({ by }) => by !== writer);
      const others = await unsent(session, conversation, strange);
      // It asks again, since the answer was lost, or was taken in before it could ask.
      if (kept.heard.some(([each, upTo]) => each === writer && upTo >= seq)) return { revision: kept.revision, before: textOf(others) };
      const begun = new Map(kept.parts.map((part) => [part.id, part.since ?? 0]));
      const said = parts.map(({ id, words, since: first = since }) => ({ id, words, by: writer, since: begun.get(id) ?? first }));
      const mine = await unsent(session, conversation, said);
      const same = textOf(others) === textOf(mine);
      const before = same ? '' : textOf(others);
      const heard = [[writer, seq] as const, ...kept.heard.filter(([each]) => each !== writer)].slice(0, mostHeard);
      const next = after(kept, { parts: [...(same ? [] : others), ...mine], heard });
      await write(session, conversation, next);
      return { revision: next.revision, before };
    });

  const pairOf = (session: Session): Promise<{ readonly pair: TypedPair; readonly wrapped: string }> => {
    let found = pairs.get(session);
    if (!found) {
      found = newTypedPair().then(async (pair) => ({ pair, wrapped: toBase64(await session.keys.sealRecord('typed', 'pair', pair)) }));
      pairs.set(session, found);
    }
    return found;
  };

  /** Whose it is, and what it says; null where nobody here opens it. */
  const opened = async (row: TypedRow): Promise<{ readonly session: Session; readonly said: Typed } | null> => {
    for (const session of sessions.all()) {
      try {
        const { secret } = (await session.keys.openRecord('typed', 'pair', row.wrapped)) as TypedPair;
        return { session, said: await openTyped(row, secret as Uint8Array<ArrayBuffer>) };
      } catch {
        // It is another account's, or damaged.
      }
    }
    return null;
  };

  const takeIn = createSingle(async () => {
    for (const [name, row] of await typed.all()) {
      const all = sessions.all().length === accounts();
      const found = await opened(row);
      try {
        if (found) await save(found.session, found.said, name[0]);
      } catch (error) {
        // It stays for the next time, and keeps the others from nothing.
        noteStop('taking in what was typed', error);
        continue;
      }
      if (found || (all && sessions.all().length === accounts() && accounts() > 0)) await typed.drop(name, row);
    }
    // What still lies there may be older than what an emptied draft remembers.
    if ((await typed.all()).length > 0) return;
    for (const session of sessions.all()) {
      if (swept.has(session)) continue;
      swept.add(session);
      await sweep(session);
    }
  });

  /** Lets go of drafts that were emptied long ago. */
  const sweep = async (session: Session): Promise<void> => {
    for (const [conversation] of await session.records.drafts.all())
      await writing(async () => {
        const { parts, at = 0 } = await readNow(session, conversation);
        if (parts.length === 0 && at <= clock() - emptyForMs) await session.records.drafts.delete(conversation);
      });
  };

  /** What was found to stand in the conversation is no draft any more: whoever looks is told, and nobody looks for it again. */
  const settle = (session: Session, conversation: string): void =>
    void writing(async () => {
      const kept = await readNow(session, conversation);
      const parts = await unsent(session, conversation, kept.parts);
      if (parts.length < kept.parts.length) await write(session, conversation, after(kept, { parts }));
    }).catch((error: unknown) => noteStop('forgetting a draft', error));

  return {
    service: {
      async key() {
        const { pair, wrapped } = await pairOf(sessions.current());
        return { open: toBase64(pair.open), wrapped };
      },
      async save(said) {
        const session = sessions.current();
        await existing(session, said.conversation);
        return save(session, said);
      },
      async add(conversation, text, id = '', then) {
        const session = sessions.current();
        await existing(session, conversation);
        await writing(async () => {
          const kept = await readNow(session, conversation);
          const others = (await unsent(session, conversation, kept.parts)).filter((part) => id === '' || part.id !== id);
          await write(session, conversation, after(kept, { parts: [...others, { id, words: text, by: '', since: clock() }] }));
          await then?.();
        });
      },
    },
    async of(session, conversations) {
      const sealed = await session.records.drafts.many(conversations);
      return Promise.all(
        conversations.map(async (conversation, position) => {
          if (!sealed[position]) return { text: null, revision: 0 };
          const { parts, revision } = await read(session, conversation, sealed[position]);
          const left = await unsent(session, conversation, parts);
          if (left.length < parts.length && (await lossAt()) !== null) settle(session, conversation);
          return { text: textOf(left) || null, revision };
        }),
      );
    },
    sent: (session, conversation, clientId, text) =>
      writing(async () => {
        const kept = await readNow(session, conversation);
        const whole = textOf(kept.parts).trim() === text.trim();
        const parts = whole ? [] : kept.parts.filter(({ id, words }) => id !== clientId && words.trim() !== text.trim());
        if (parts.length === kept.parts.length) return;
        await write(session, conversation, after(kept, { parts }));
      }),
    takeIn: () => takeIn().catch((error: unknown) => noteStop('taking in what was typed', error)),
    clear: () => typed.clear(),
  };
}

const textOf = (parts: readonly DraftPart[]): string => parts.map(({ words }) => words).join('\n');
