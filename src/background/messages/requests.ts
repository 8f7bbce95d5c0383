import type { ConversationRow } from '../../rpc/views/conversations.ts';
import type { Requests } from '../services.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';
import { without } from './marks.ts';
import { decidedOn, subjectOf } from './shelf.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly clock: () => number;
  readonly view: (id: string) => Promise<ConversationRow>;
  /** The lists look different now. */
  readonly changed: () => void;
}

/** What a person decides about those who write, and where they put what was written. */
export function createRequests({ sessions, clock, view, changed }: Deps): Requests {
  return {
    async decide(id, verdict) {
      const session = sessions.current();
      const { kind, name } = subjectOf(await existing(session, id));
      await session.decide(verdict, kind, [name]);
      changed();
      return view(id);
    },
    async undoProof(id) {
      const session = sessions.current();
      const row = await existing(session, id);
      const { proof } = row;
      if (!proof) return view(id);
      await session.marks.change(row, (mark) => ({ ...mark, undone: [...new Set([...(mark.undone ?? []), proof.id])] }));
      // Where another program has told the network already, only a denial takes it back.
      if (decidedOn(row, session.consent) === 'allowed') {
        const { kind, name } = subjectOf(row);
        await session.decide('denied', kind, [name]);
      }
      changed();
      return view(id);
    },
    async arrange(id, { pinned, muted, archived }) {
      const session = sessions.current();
      const row = await existing(session, id);
      await session.marks.change(row, (mark) => {
        let next = mark;
        if (pinned !== undefined) next = pinned ? { ...next, pinned } : without(next, 'pinned');
        if (muted !== undefined) next = muted ? { ...next, muted } : without(next, 'muted');
        // Away is away, with all that is there already, whatever the clocks of others say.
        if (archived !== undefined)
          next = archived ? { ...next, archivedAt: Math.max(clock(), row.last?.at ?? 0) } : without(next, 'archivedAt');
        return next;
      });
      changed();
      return view(id);
    },
  };
}
