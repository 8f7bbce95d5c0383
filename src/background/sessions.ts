import type { Address } from '../protocol/address.ts';
import { RefusalError } from '../rpc/errors.ts';
import { createExclusive } from './exclusive.ts';
import type { Session } from './session.ts';

/** The background woke with its keys, somebody opened them, or they are new: then nothing is stored that a page would draw first, and the node is asked at once. */
export type Opening = 'woken' | 'unlocked' | 'new';

/** The sessions of all accounts: every one works while Parley is unlocked, one of them is in front. */
export interface Sessions {
  /** The one in front. @throws RefusalError locked, no-account */
  current(): Session;
  peek(): Session | null;
  /** That of this account. @throws RefusalError locked, no-account */
  of(address: Address): Session;
  all(): Session[];
  /** Resolves when sessions that give way to others have come to rest, and the others are open. */
  settled(): Promise<void>;
  /** Opens every account that the keystore holds; what was open before ends. */
  open(why: Opening): Promise<Session>;
  /** Opens one account more. */
  begin(address: Address): Promise<Session>;
  /** Ends one of them. */
  end(address: Address): Session | null;
  close(): void;
}

interface Deps {
  readonly start: (address: Address, unlocked: boolean) => Promise<Session>;
  readonly state: () => 'none' | 'locked' | 'open';
  readonly accounts: () => readonly { readonly address: Address }[];
  readonly front: () => Address | null;
  /** Begins what nobody waits for. */
  readonly later: (work: () => void) => void;
}

/** What was under way may wait for a node: not for longer than this, ms. */
const patience = 2_000;

export const atRest = (session: Pick<Session, 'rest'>): Promise<unknown> =>
  Promise.race([session.rest(), new Promise((resolve) => setTimeout(resolve, patience))]);

const atOnce = (work: () => void): void => work();

export function createSessions({ start, state, accounts, front, later }: Deps): Sessions {
  let sessions: ReadonlyMap<Address, Session> = new Map();
  const changing = createExclusive();
  let changes: Promise<unknown> = Promise.resolve();
  /** Grows with each end of everything, so that what was being opened then is not. */
  let ends = 0;

  const peek = (): Session | null => sessions.get(front() as Address) ?? null;
  const of = (address: Address | null): Session => {
    const session = sessions.get(address as Address);
    if (session) return session;
    if (state() === 'open' && address !== null) throw new RefusalError('no-account', 'This account is not here any more.');
    if (state() === 'none') throw new RefusalError('no-account', 'There is no account yet.');
    throw new RefusalError('locked', 'Parley is locked.');
  };
  const current = (): Session => of(front());

  const replaceAll = async (why: Opening): Promise<Session> => {
    const before = ends;
    // Two sessions of one account would write over each other.
    for (const session of sessions.values()) session.stop();
    await Promise.all([...sessions.values()].map(atRest));
    const next = new Map<Address, Session>();
    for (const { address } of ends === before ? accounts() : []) next.set(address, await start(address, why !== 'woken'));
    if (ends !== before) {
      for (const session of next.values()) session.stop();
      return current();
    }
    sessions = next;
    // The one that is looked at goes before the others.
    for (const session of [...next.values()].sort((a, b) => Number(b.address === front()) - Number(a.address === front())))
      (why === 'new' ? atOnce : later)(() => session.ended() || session.resume(true));
    return current();
  };

  return {
    current,
    peek,
    of,
    all: () => [...sessions.values()],
    async settled() {
      for (let last = null as unknown; last !== changes; ) {
        last = changes;
        await changes;
      }
    },
    open(why) {
      const opened = changing(() => replaceAll(why));
      changes = opened.catch(() => undefined);
      return opened;
    },
    async begin(address) {
      const session = await start(address, true);
      sessions = new Map(sessions).set(address, session);
      session.resume(true);
      return session;
    },
    end(address) {
      const session = sessions.get(address) ?? null;
      session?.stop();
      sessions = new Map([...sessions].filter(([each]) => each !== address));
      return session;
    },
    close() {
      ends += 1;
      for (const session of sessions.values()) session.stop();
      sessions = new Map();
    },
  };
}
