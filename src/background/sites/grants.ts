import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Address } from '../../rpc/views/account.ts';
import type { Permission, PermissionRequest, SiteGrant } from '../../rpc/views/sites.ts';
import type { Table } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import { badParams } from '../refuse.ts';
import { narrows } from './scopes.ts';

/** How long a yes holds: as long as the origin has a tab, until a time (ms; 0: none), or, after two answers, the longer of the two. */
interface Term {
  readonly tabs: boolean;
  readonly until: number;
}

/** What an origin may do, as it is stored. */
interface Grant {
  readonly account: Address;
  readonly connectedAt: number;
  readonly term: Term;
  readonly permissions: readonly Permission[];
  /** The conversations that this origin knows, under its own names for them. */
  readonly conversations: Readonly<Record<string, KnownConversation>>;
}

export interface KnownConversation {
  readonly id: string;
  /** Everybody in it but the account. */
  readonly peers: readonly Address[];
  /** Of a group. */
  readonly title?: string;
}

/** What is left of a permission; its kind and when it was given stay. */
export type Amended = Omit<Permission, 'kind' | 'grantedAt'>;

export interface Written {
  readonly conversation: string | null;
  readonly contentType: string | null;
}

export interface Grants {
  connected(origin: string, account: Address): Promise<boolean>;
  permissions(origin: string, account: Address): Promise<readonly Permission[]>;
  /** Those of the peers that the origin may not write to yet, in this conversation (under its name for it) and with this type of content, where they are given. */
  missingPeers(origin: string, account: Address, peers: readonly Address[], what?: Written): Promise<readonly Address[]>;
  /** Connects an origin until a time (ms), or with null until its last tab closes. */
  connect(origin: string, account: Address, until: number | null): Promise<void>;
  /** Gives these permissions until a time (ms), or until the last tab closes, but none for longer than it was asked for; connects too. */
  allow(origin: string, account: Address, asked: readonly PermissionRequest[], until: number | null): Promise<void>;
  /** Takes back one kind, or everything, the connection too. Answers whether anything was taken. */
  revoke(origin: string, account: Address, kind?: Permission['kind']): Promise<boolean>;
  /** Takes back one kind from every site, of every account. Answers the origins that lost something. */
  revokeAll(kind: Permission['kind']): Promise<string[]>;
  /**
   * Makes less of one permission, which is named by how it stood when it was looked at; null takes it back. Holds at once, before the disk has heard of it.
   * @throws RefusalError bad-params when it stands otherwise by now, or would become more
   */
  amend(origin: string, account: Address, seen: Permission, kept: Amended | null): Promise<void>;
  knowConversation(origin: string, account: Address, name: string, conversation: KnownConversation): Promise<void>;
  conversation(origin: string, account: Address, name: string): Promise<KnownConversation | null>;
  /** The sites that see this account. */
  sites(account: Address): Promise<{ readonly origin: string; readonly grant: SiteGrant }[]>;
  /** Ends what lasts until the last tab closes, for origins without one, and what is over. Answers the origins that lost something. */
  tabsClosed(openOrigins: ReadonlySet<string>): Promise<string[]>;
  origins(): Promise<string[]>;
  /** Forgets everything, or what was given as an account that is gone. */
  forget(account?: Address): Promise<void>;
}

/**
 * What sites may do, each as each account. It lives in memory, and on the disk so that it outlives the background. A yes counts once it is written; taking back counts at once,
 * before the disk has heard of it. Changes run one after the other, so that none is made from what another has just ended.
 */
export function createGrants(table: Table<unknown>, clock: Clock): Grants {
  const exclusive = createExclusive();
  let memory: Promise<Map<string, Grant>> | undefined;
  /** Grants that were written before there were several accounts: their rows lie under the origin alone. */
  const old = new Set<string>();

  const load = (): Promise<Map<string, Grant>> => {
    memory ??= table.all().then(
      (all) => {
        const grants = new Map<string, Grant>();
        for (const [key, stored] of all as [string, Grant][]) {
          const name = nameOf(originOf(key), stored.account);
          if (key !== name) old.add(name);
          // Of one that was written again since, and whose old row a death left there, the new one counts.
          if (key === name || !grants.has(name)) grants.set(name, stored);
        }
        return grants;
      },
      (error: unknown) => {
        memory = undefined;
        throw error;
      },
    );
    return memory;
  };

  const alive = (grant: Grant | undefined): Grant | null => {
    const now = clock();
    if (!grant || !(grant.term.tabs || now < grant.term.until)) return null;
    return { ...grant, permissions: grant.permissions.filter((each) => now < endOf(each)) };
  };

  const read = async (origin: string, account: Address): Promise<Grant | null> => alive((await load()).get(nameOf(origin, account)));

  const store = async (name: string, grant: Grant | null): Promise<void> => {
    await (grant ? table.put(name, grant) : table.delete(name));
    if (old.has(name)) await table.delete(originOf(name));
    old.delete(name);
  };

  /** A change that gives more counts once it is written. What is taken back while it is being written is not brought back by it: then it is made anew. */
  const write = async (origin: string, account: Address, next: (before: Grant | null) => Grant | null): Promise<void> => {
    const all = await load();
    const name = nameOf(origin, account);
    for (;;) {
      const stored = all.get(name);
      const grant = next(alive(stored));
      if (!grant) return;
      await store(name, grant);
      if (all.get(name) !== stored) continue;
      all.set(name, grant);
      return;
    }
  };

  /** What remains is in force before it is on the disk. */
  const reduce = async (grants: Map<string, Grant>, name: string, grant: Grant | null): Promise<void> => {
    if (grant) grants.set(name, grant);
    else grants.delete(name);
    await store(name, grant);
  };

  const grant = (origin: string, account: Address, until: number | null, permissions: (before: Grant) => readonly Permission[]) =>
    exclusive(async () => {
      const none: Grant = { account, connectedAt: clock(), term: { tabs: false, until: 0 }, permissions: [], conversations: {} };
      await write(origin, account, (held) => {
        const before = held ?? none;
        return { ...before, term: longer(before.term, until), permissions: permissions(before) };
      });
    });

  const revoke: Grants['revoke'] = async (origin, account, kind) => {
    // Not in turn: what is taken back must not wait for a write that is under way. The second time undoes what that write brought.
    const take = async (): Promise<boolean> => {
      const all = await load();
      const name = nameOf(origin, account);
      const before = alive(all.get(name));
      const kept = before?.permissions.filter((permission) => kind !== undefined && permission.kind !== kind) ?? [];
      await reduce(all, name, before && kind !== undefined ? { ...before, permissions: kept } : null);
      return before !== null && (kind === undefined || kept.length < before.permissions.length);
    };
    const taken = take();
    const [now, after] = await Promise.all([taken, exclusive(() => taken.then(take, take))]);
    return now || after;
  };

  return {
    connected: async (origin, account) => (await read(origin, account)) !== null,
    permissions: async (origin, account) => (await read(origin, account))?.permissions ?? [],
    async missingPeers(origin, account, peers, what = { conversation: null, contentType: null }) {
      const permissions = ((await read(origin, account))?.permissions ?? []).filter((permission) => letsWrite(permission, what));
      // An empty list allows nobody; only the star is everybody.
      return [...new Set(peers)].filter((peer) => !permissions.some(({ peers: granted }) => granted === '*' || granted.includes(peer)));
    },
    connect: (origin, account, until) => grant(origin, account, until, ({ permissions }) => permissions),
    allow: (origin, account, asked, until) =>
      grant(origin, account, until, ({ permissions }) => {
        const grantedAt = clock();
        return asked.reduce((held, { expiresIn, ...scope }) => {
          const limit = expiresIn === undefined || until === null ? until : Math.min(until, grantedAt + expiresIn * 1000);
          const permission = { ...scope, grantedAt, expiresAt: limit };
          return withPermission(held, { ...permission, expiresAt: limit === null ? null : endOf(permission) });
        }, permissions);
      }),
    revoke,
    async revokeAll(kind) {
      const lost = new Set<string>();
      for (const [name, { account }] of [...(await load())]) if (await revoke(originOf(name), account, kind)) lost.add(originOf(name));
      return [...lost];
    },
    async amend(origin, account, seen, kept) {
      const all = await load();
      const name = nameOf(origin, account);
      const before = alive(all.get(name));
      const held = before?.permissions.find((permission) => isSame(permission, seen));
      if (!before || !held) throw badParams('refusals.permissionChanged');
      const others = before.permissions.filter((permission) => permission !== held);
      const left = kept && { ...kept, kind: held.kind, grantedAt: held.grantedAt };
      // The whole account is that or nothing: what looks narrower would promise what it does not keep.
      const whole = held.kind !== 'keystore' || (kept?.peers === '*' && !kept.conversations && !kept.contentTypes);
      if (left && !(whole && narrows(left, held) && outlasts(held.expiresAt, left.expiresAt)))
        throw new RefusalError('bad-params', 'A permission can only be made smaller here.');
      const written = reduce(all, name, { ...before, permissions: left ? withPermission(others, left) : others });
      // A write that was under way may reach the disk after this one.
      await Promise.all([written, exclusive(() => store(name, all.get(name) ?? null))]);
    },
    knowConversation: (origin, account, name, conversation) =>
      exclusive(() =>
        write(origin, account, (known) =>
          !known || Object.hasOwn(known.conversations, name)
            ? null
            : { ...known, conversations: { ...known.conversations, [name]: conversation } },
        ),
      ),
    async conversation(origin, account, name) {
      const conversations = (await read(origin, account))?.conversations ?? {};
      return Object.hasOwn(conversations, name) ? (conversations[name] ?? null) : null;
    },
    async sites(account) {
      const all = [...(await load())].flatMap(([name, stored]) =>
        stored.account === account ? [{ origin: originOf(name), grant: alive(stored) }] : [],
      );
      return all
        .flatMap(({ origin, grant: site }) => (site ? [{ origin, grant: viewOf(site) }] : []))
        .sort((a, b) => b.grant.connectedAt - a.grant.connectedAt);
    },
    tabsClosed: (openOrigins) =>
      exclusive(async () => {
        const changed = new Set<string>();
        const all = await load();
        for (const name of [...all.keys()]) {
          const stored = all.get(name);
          if (!stored) continue; // taken back meanwhile
          const origin = originOf(name);
          const open = openOrigins.has(origin);
          const kept = stored.permissions.filter(({ expiresAt }) => open || expiresAt !== null);
          const left = alive(open ? stored : { ...stored, term: { ...stored.term, tabs: false }, permissions: kept });
          if (left && left.permissions.length === stored.permissions.length && left.term.tabs === stored.term.tabs) continue;
          await reduce(all, name, left);
          changed.add(origin);
        }
        return [...changed];
      }),
    origins: async () => [...new Set([...(await load()).keys()].map(originOf))],
    forget: (account) =>
      exclusive(async () => {
        const all = await load();
        for (const [name, stored] of [...all]) if (account === undefined || stored.account === account) await reduce(all, name, null);
      }),
  };
}

/** No origin has a space in it. */
const nameOf = (origin: string, account: Address): string => `${origin} ${account}`;
const originOf = (name: string): string => name.split(' ')[0] as string;

/** The whole account is never given for longer, whatever becomes of the tabs. */
const longestKeystore = 86_400_000;

/** The time at which a permission ends at the latest (ms). */
const endOf = ({ kind, grantedAt, expiresAt }: Permission): number =>
  Math.min(expiresAt ?? Number.POSITIVE_INFINITY, kind === 'keystore' ? grantedAt + longestKeystore : Number.POSITIVE_INFINITY);

const letsWrite = ({ kind, conversations, contentTypes }: Permission, { conversation, contentType }: Written): boolean =>
  kind === 'send' &&
  (!conversations || (conversation !== null && conversations.includes(conversation))) &&
  (!contentTypes || contentType === null || contentTypes.includes(contentType));

/** One permission more: what it makes needless goes, and leave to write to some grows into one that ends at the same time. */
function withPermission(held: readonly Permission[], added: Permission): readonly Permission[] {
  const listed = ({ kind, peers, conversations, contentTypes, expiresAt }: Permission): boolean =>
    kind === 'send' && peers !== '*' && !conversations && !contentTypes && expiresAt === added.expiresAt;
  const same = listed(added) ? held.find(listed) : undefined;
  if (same) {
    const peers = [...new Set([...same.peers, ...added.peers])] as Address[];
    return [...held.filter((permission) => permission !== same), { ...added, peers }];
  }
  const needless = (permission: Permission): boolean =>
    narrows(permission, added) &&
    outlasts(added.expiresAt, permission.expiresAt) &&
    (permission.kind !== 'read' || added.since === 'all' || permission.grantedAt >= added.grantedAt);
  return [...held.filter((permission) => !needless(permission)), added];
}

/** Whether two are the same in every member; lists by their order, as they are kept and shown. */
const isSame = (a: Permission, b: Permission): boolean =>
  (['kind', 'peers', 'conversations', 'contentTypes', 'since', 'grantedAt', 'expiresAt'] as const).every(
    (member) => JSON.stringify(a[member]) === JSON.stringify(b[member]),
  );

/** Until the last tab closes may be sooner than any time, and later. */
const outlasts = (a: number | null, b: number | null): boolean => (a === null || b === null ? a === b : a >= b);

const longer = ({ tabs, until }: Term, other: number | null): Term => ({
  tabs: tabs || other === null,
  until: Math.max(until, other ?? 0),
});

const viewOf = ({ permissions, connectedAt, term, conversations }: Grant): SiteGrant => ({
  permissions,
  conversations: [...new Set(permissions.flatMap((each) => each.conversations ?? []))].flatMap((name) => {
    const known = Object.hasOwn(conversations, name) ? conversations[name] : undefined;
    return known ? [{ name, peers: known.peers, title: known.title ?? null }] : [];
  }),
  connectedAt,
  expiresAt: term.until > 0 ? term.until : null,
});
