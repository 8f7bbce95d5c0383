import { RefusalError } from '../rpc/errors.ts';
import type { Session } from './session.ts';

/** At most one account is open at a time. */
export interface Sessions {
  /** @throws RefusalError locked, no-account */
  current(): Session;
  peek(): Session | null;
  /** Opens the account that the keystore holds open; what was open before ends. */
  open(unlocked: boolean): Promise<Session>;
  close(): void;
}

export function createSessions(start: (unlocked: boolean) => Promise<Session>, state: () => 'none' | 'locked' | 'open'): Sessions {
  let session: Session | null = null;
  return {
    current() {
      if (session) return session;
      if (state() === 'none') throw new RefusalError('no-account', 'There is no account yet.');
      throw new RefusalError('locked', 'Parley is locked.');
    },
    peek: () => session,
    async open(unlocked) {
      const next = await start(unlocked);
      session?.stop();
      session = next;
      session.resume(true);
      return session;
    },
    close() {
      session?.stop();
      session = null;
    },
  };
}
