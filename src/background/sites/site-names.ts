import type { Clock } from '../../protocol/time.ts';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import type { Conversations } from '../services.ts';

/** The names that origins have for conversations: the same for one origin every time, another for every origin. */
export interface SiteNames {
  of(origin: string, conversation: string): Promise<string>;
  /** The conversation that an origin calls so, looked for among all; only while unlocked. */
  find(origin: string, name: string): Promise<ConversationRow | undefined>;
  /** Another account, or none. */
  forget(): void;
}

interface Deps {
  readonly clock: Clock;
  readonly list: Conversations['list'];
  readonly nameFor: (origin: string, text: string) => Promise<string>;
}

const listSize = 200;
/** How long the names of one origin for all conversations are kept; a page that guesses makes us work no more often. */
const namesMs = 30_000;

export function createSiteNames({ clock, list, nameFor }: Deps): SiteNames {
  const names = new Map<string, { readonly at: number; readonly all: Promise<Map<string, ConversationRow>> }>();

  async function nameAll(origin: string): Promise<Map<string, ConversationRow>> {
    const all = new Map<string, ConversationRow>();
    for (let before: number | undefined; ; ) {
      const { rows, more } = await list({ limit: listSize, ...(before !== undefined && { before }) });
      const size = all.size;
      for (const row of rows) all.set(await nameFor(origin, row.id), row);
      const last = rows.at(-1)?.time;
      if (!more || last === undefined || all.size === size) return all;
      before = last + 1; // several may share a time
    }
  }

  return {
    of: nameFor,
    async find(origin, name) {
      const kept = names.get(origin);
      if (kept && clock() - kept.at < namesMs) return (await kept.all).get(name);
      const all = nameAll(origin);
      names.set(origin, { at: clock(), all });
      all.catch(() => names.delete(origin));
      return (await all).get(name);
    },
    forget: () => names.clear(),
  };
}
