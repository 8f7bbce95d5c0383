import type { Conversations, Messages, Openings, SafetyService } from '../services.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';

interface Deps {
  readonly sessions: Pick<Sessions, 'current'>;
  readonly conversations: Pick<Conversations, 'get'>;
  readonly messages: Pick<Messages, 'list'>;
  readonly safety: Pick<SafetyService, 'known'>;
}

/** Opens conversations by what is here: a page asks ahead of the press, so that no more may follow from it than from looking at the list. */
export function createOpenings({ sessions, conversations, messages, safety }: Deps): Openings {
  return {
    async open(id, limit) {
      const session = sessions.current();
      const { group } = await existing(session, id);
      const [row, page, known] = await Promise.all([
        conversations.get(id),
        messages.list(id, { ...(limit !== undefined && { limit }) }),
        group ? null : safety.known(id),
      ]);
      return { row, ...page, safety: known };
    },
  };
}
