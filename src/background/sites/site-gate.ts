import type { Address } from '../../protocol/address.ts';
import type { Clock } from '../../protocol/time.ts';
import type { PageCaller } from '../../rpc/caller.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { PermissionRequest, PromptAnswer } from '../../rpc/views/sites.ts';
import type { Said } from '../../words/said.ts';
import type { Accounts } from '../services.ts';
import type { Approvals, Question } from './approvals.ts';
import type { Grants, KnownConversation } from './grants.ts';
import { covers, narrows, reaches } from './scopes.ts';
import type { SiteNames } from './site-names.ts';

/** What a call needs beyond a connection. */
export type Need =
  | { readonly kind: 'connect' }
  /** To write to these peers, or in a conversation under the name that the origin has for it. */
  | ({ readonly kind: 'send'; readonly said: Said | null; readonly contentType: string | null } & (
      | { readonly peers: readonly Address[] }
      | { readonly conversation: string }
    ))
  /** To read in this conversation, or anything at all. */
  | { readonly kind: 'read'; readonly conversation?: string }
  /** The keystore API, for which nobody is asked but by `permissions`. */
  | { readonly kind: 'keystore' }
  /** Exactly these. */
  | { readonly kind: 'permissions'; readonly permissions: readonly PermissionRequest[] };

/** What stands between an origin and what it wants to do. */
export interface SiteGate {
  /** Asks for exactly what is lacking, and writes the yes down. Returns the account once nothing is lacking. */
  pass(caller: PageCaller, need: Need): Promise<Address>;
  /** Whether nothing is lacking now; asks nobody. @throws RefusalError not-found */
  isOpen(origin: string, need: Need): Promise<boolean>;
  /** A conversation by the name that an origin has for it; null: locked, and so not to be told. @throws RefusalError not-found */
  find(origin: string, name: string): Promise<KnownConversation | null>;
}

interface Deps {
  readonly clock: Clock;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly accounts: Pick<Accounts, 'status'>;
  readonly names: SiteNames;
  /** Whether the user has switched the keystore API on. */
  readonly keystoreOn: () => Promise<boolean>;
  /** Something was granted. */
  readonly granted: (origin: string) => Promise<void>;
}

const mostRounds = 8;

export function createSiteGate({ clock, grants, approvals, accounts, names, keystoreOn, granted }: Deps): SiteGate {
  /** The account, and whether it is unlocked. @throws RefusalError no-account */
  async function current(): Promise<{ readonly address: Address; readonly open: boolean }> {
    const { phase, account } = await accounts.status();
    if (!account) throw new RefusalError('no-account', 'there is no account in Parley yet');
    return { address: account.address, open: phase === 'ready' };
  }

  async function find(origin: string, name: string): Promise<KnownConversation | null> {
    const { address, open } = await current();
    // Names outlive grants: what an origin was told once, it may ask about again.
    const known = await grants.conversation(origin, address, name);
    if (known) return known;
    if (!open) return null;
    const row = await names.find(origin, name);
    if (!row) throw new RefusalError('not-found', 'there is no such conversation');
    return knownFrom(row, address);
  }

  /** The question that stands between an origin and what it wants to do; null: none. */
  async function lacking(origin: string, need: Need): Promise<Question | null> {
    const { address, open } = await current();
    const connects = !(await grants.connected(origin, address));
    const asked = await asking(origin, address, need, connects);
    if (asked) return asked;
    if (connects) return { kind: 'connect' };
    return open ? null : { kind: 'unlock' };
  }

  async function asking(origin: string, account: Address, need: Need, connects: boolean): Promise<Question | null> {
    switch (need.kind) {
      case 'connect':
        return null;
      case 'send': {
        const { said, contentType } = need;
        const conversation = 'peers' in need ? null : need.conversation;
        const peers = 'peers' in need ? need.peers : (await find(origin, need.conversation))?.peers;
        if (!peers) return { kind: 'unlock' }; // whose it is shows when it is open
        const missing = await grants.missingPeers(origin, account, peers, { conversation, contentType });
        return missing.length > 0 ? { kind: 'send', peers: missing, said, contentType, connects } : null;
      }
      case 'read':
        return askingToRead(origin, account, need.conversation, connects);
      case 'keystore': {
        if (!(await keystoreOn())) throw new RefusalError('not-granted', 'this permission is switched off in Parley');
        const held = await grants.permissions(origin, account);
        if (!held.some(({ kind }) => kind === 'keystore'))
          throw new RefusalError('not-granted', 'ask for the keystore permission first, by xmtp_requestPermissions');
        return null;
      }
      case 'permissions': {
        const held = await grants.permissions(origin, account);
        const permissions = need.permissions.filter((each) => !held.some((permission) => covers(permission, each)));
        return permissions.length > 0 ? question(origin, permissions, connects) : null;
      }
    }
  }

  async function askingToRead(origin: string, account: Address, name: string | undefined, connects: boolean): Promise<Question | null> {
    const held = (await grants.permissions(origin, account)).filter(({ kind }) => kind === 'read');
    if (name === undefined) return held.length > 0 ? null : question(origin, [{ kind: 'read', peers: '*' }], connects);
    const found = await find(origin, name);
    if (!found) return { kind: 'unlock' };
    const { peers } = found;
    if (held.some((permission) => reaches(permission, { name, peers }))) return null;
    return question(origin, [{ kind: 'read', peers, conversations: [name] }], connects);
  }

  async function question(origin: string, permissions: readonly PermissionRequest[], connects: boolean): Promise<Question> {
    const named = [...new Set(permissions.flatMap(({ conversations = [] }) => conversations))];
    const conversations: { name: string; peers: readonly Address[]; title: string | null }[] = [];
    for (const name of named) {
      const found = await find(origin, name);
      if (!found) return { kind: 'unlock' };
      conversations.push({ name, peers: found.peers, title: found.title ?? null });
    }
    return { kind: 'permissions', permissions, conversations, connects };
  }

  async function grant(origin: string, account: Address, asked: Question, answer: PromptAnswer): Promise<void> {
    const until = answer.expiresIn === null ? null : clock() + answer.expiresIn * 1000;
    if (asked.kind === 'connect') return grants.connect(origin, account, until);
    if (asked.kind === 'send') return grants.allow(origin, account, [{ kind: 'send', peers: asked.peers }], until);
    if (asked.kind === 'permissions') return grants.allow(origin, account, narrowed(asked.permissions, answer), until);
  }

  return {
    find,
    isOpen: (origin, need) =>
      lacking(origin, need).then(
        (asked) => asked === null,
        (error: unknown) => {
          if (error instanceof RefusalError && error.reason === 'not-granted') return false;
          throw error;
        },
      ),
    async pass(caller, need) {
      const { origin } = caller;
      const answered = new Set<string>();
      for (let round = 0; round < mostRounds; round++) {
        const { address } = await current();
        const asked = await lacking(origin, need);
        if (!asked) return address;
        const key = JSON.stringify(asked);
        if (answered.has(key)) break;
        const answer = await approvals.ask(caller, address, asked, async () => JSON.stringify(await lacking(origin, need)) === key);
        if (!answer || asked.kind === 'unlock') continue;
        answered.add(key);
        await grant(origin, address, asked, answer);
        await granted(origin);
        await approvals.recheck();
        // What the user narrowed is what there is: who asked for more may use it, and does not ask again.
        if (need.kind === 'permissions') return address;
      }
      throw new RefusalError('not-granted', 'what was allowed does not reach this, or did not last; ask again');
    },
  };
}

/** What the user left of what was asked for, each within its question, and no longer than was asked. */
export function narrowed(asked: readonly PermissionRequest[], { permissions = asked }: PromptAnswer): PermissionRequest[] {
  const kept = permissions.flatMap((permission, index) => {
    const original = asked[index];
    if (!permission) return [];
    if (!original || !narrows(permission, original)) throw new RefusalError('bad-params', 'this is more than was asked for');
    return [{ ...permission, ...(original.expiresIn !== undefined && { expiresIn: original.expiresIn }) }];
  });
  if (kept.length === 0) throw new RefusalError('bad-params', 'nothing is left of what was asked for');
  return kept;
}

/** A row as grants remember it. */
export function knownFrom(
  row: {
    readonly id: string;
    readonly peer: Address;
    readonly group: { readonly title: string; readonly members: readonly Address[] } | null;
  },
  account: Address,
): KnownConversation {
  const { id, peer, group } = row;
  if (!group) return { id, peers: [peer] };
  return { id, peers: group.members.filter((member) => member !== account), ...(group.title !== '' && { title: group.title }) };
}
