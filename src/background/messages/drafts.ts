import { toBase64 } from '../../protocol/bytes.ts';
import { type DraftPart, newTypedPair, openTyped, type Typed, type TypedPair, type TypedRow } from '../../rpc/typed.ts';
import type { TypedStore } from '../../rpc/typed-store.ts';
import { createExclusive, createSingle } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { DraftsService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';
import { requestName } from './messages.ts';

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
  readonly changed: (conversation: string) => void;
}

/** As it is kept, sealed; a version before had the bare text. It stays when it is emptied: by its revision and by who was heard, nothing older comes back. */
interface Kept {
  readonly parts: readonly (DraftPart & { readonly by: string })[];
  readonly revision: number;
  /** How far the last few composers have been heard. */
  readonly heard: readonly (readonly [writer: string, seq: number])[];
}

const nothing: Kept = { parts: [], revision: 0, heard: [] };
const mostHeard = 8;

export function createDrafts({ sessions, accounts, typed, changed }: Deps): Drafts {
  const writing = createExclusive();
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

  /** Those that are not a message by now, nor wait elsewhere for their turn to become one. */
  const unsent = async <P extends DraftPart>({ keys, records }: Session, conversation: string, parts: readonly P[]): Promise<P[]> => {
    const left: P[] = [];
    const named = parts.some(({ id }) => id !== '');
    const waiting = new Set(named ? (await records.files.keys()).flatMap(([where, , id]) => (where === conversation ? [id] : [])) : []);
    for (const part of parts) {
      if (part.words === '' || waiting.has(part.id)) continue;
      const sent = part.id !== '' && (await records.sent.get(await requestName(keys, conversation, part.id))) !== undefined;
      if (!sent) left.push(part);
    }
    return left;
  };

  /** Answers what another window wrote, where this one did not know of it: it stands before what this one wrote. */
  const save = (session: Session, { conversation, writer, seq, base, parts }: Typed): Promise<{ revision: number; before: string }> =>
    writing(async () => {
      const kept = await readNow(session, conversation);
      const strange = kept.revision === base ? [] : kept.parts.filter(({ by }) => by !== writer);
      const others = await unsent(session, conversation, strange);
      // It asks again, since the answer was lost, or was taken in before it could ask.
      if (kept.heard.some(([each, upTo]) => each === writer && upTo >= seq)) return { revision: kept.revision, before: textOf(others) };
      const mine = (await unsent(session, conversation, parts)).map(({ id, words }) => ({ id, words, by: writer }));
      const same = textOf(others) === textOf(mine);
      const before = same ? '' : textOf(others);
      const heard = [[writer, seq] as const, ...kept.heard.filter(([each]) => each !== writer)].slice(0, mostHeard);
      const next = { parts: [...(same ? [] : others), ...mine], revision: kept.revision + 1, heard };
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
        if (found) await save(found.session, found.said);
      } catch (error) {
        // It stays for the next time, and keeps the others from nothing.
        noteStop('taking in what was typed', error);
        continue;
      }
      if (found || (all && sessions.all().length === accounts() && accounts() > 0)) await typed.drop(name, row);
    }
  });

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
          await write(session, conversation, {
            ...kept,
            parts: [...others, { id, words: text, by: '' }],
            revision: kept.revision + 1,
          });
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
          return { text: textOf(await unsent(session, conversation, parts)) || null, revision };
        }),
      );
    },
    sent: (session, conversation, clientId, text) =>
      writing(async () => {
        const kept = await readNow(session, conversation);
        const whole = textOf(kept.parts).trim() === text.trim();
        const parts = whole ? [] : kept.parts.filter(({ id, words }) => id !== clientId && words.trim() !== text.trim());
        if (parts.length === kept.parts.length) return;
        await write(session, conversation, { ...kept, parts, revision: kept.revision + 1 });
      }),
    takeIn: () => takeIn().catch((error: unknown) => noteStop('taking in what was typed', error)),
    clear: () => typed.clear(),
  };
}

const textOf = (parts: readonly DraftPart[]): string => parts.map(({ words }) => words).join('\n');
