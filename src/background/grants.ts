import type { Clock } from '../protocol/time.ts';
import type { Address, Permission, Site } from '../rpc/views.ts';
import type { Table } from '../storage/records.ts';

/** What an origin may do, as it is stored. */
interface Grant {
  readonly account: Address;
  readonly connectedAt: number;
  /** null: until the origin's last tab closes. */
  readonly connectedUntil: number | null;
  readonly permissions: readonly Permission[];
  /** The conversations that this origin knows, under its own names for them. */
  readonly conversations: Readonly<Record<string, KnownConversation>>;
}

export interface KnownConversation {
  readonly id: string;
  readonly peer: Address;
}

export interface Grants {
  connected(origin: string, account: Address): Promise<boolean>;
  permissions(origin: string, account: Address): Promise<readonly Permission[]>;
  /** Those of the peers that the origin may not write to yet. */
  missingPeers(origin: string, account: Address, peers: readonly Address[]): Promise<readonly Address[]>;
  connect(origin: string, account: Address, until: number | null): Promise<void>;
  allowSend(origin: string, account: Address, peers: readonly Address[], until: number | null): Promise<void>;
  /** Takes back one kind, or everything, the connection too. Answers whether anything was taken. */
  revoke(origin: string, kind?: Permission['kind']): Promise<boolean>;
  knowConversation(origin: string, account: Address, name: string, conversation: KnownConversation): Promise<void>;
  conversation(origin: string, account: Address, name: string): Promise<KnownConversation | null>;
  sites(): Promise<Site[]>;
  /** Ends what lasts until the last tab closes, for origins without one. Answers the origins that lost something. */
  tabsClosed(openOrigins: ReadonlySet<string>): Promise<string[]>;
  origins(): Promise<string[]>;
}

const nobody: Grant['conversations'] = {};

/** Grants are written down before they count, and taken back before the answer: what is not there is not allowed. */
export function createGrants(table: Table<unknown>, clock: Clock): Grants {
  const read = async (origin: string, account?: Address): Promise<Grant | null> => {
    const grant = (await table.get(origin)) as Grant | undefined;
    return grant && (account === undefined || grant.account === account) ? alive(grant) : null;
  };
  const alive = (grant: Grant): Grant | null => {
    const now = clock();
    if (over(grant.connectedUntil, now)) return null;
    return { ...grant, permissions: grant.permissions.filter(({ expiresAt }) => !over(expiresAt, now)) };
  };
  const change = async (
    origin: string,
    account: Address,
    until: number | null,
    permissions: (now: Grant) => readonly Permission[],
  ): Promise<void> => {
    const now = clock();
    const known = (await read(origin, account)) ?? {
      account,
      connectedAt: now,
      connectedUntil: until,
      permissions: [],
      conversations: nobody,
    };
    const grant = { ...known, connectedUntil: later(known.connectedUntil, until) };
    await table.put(origin, { ...grant, permissions: permissions(grant) });
  };

  return {
    connected: async (origin, account) => (await read(origin, account)) !== null,
    permissions: async (origin, account) => (await read(origin, account))?.permissions ?? [],
    async missingPeers(origin, account, peers) {
      const grant = await read(origin, account);
      const allowed = (peer: Address): boolean =>
        grant?.permissions.some(({ kind, peers: granted }) => kind === 'send' && (granted === '*' || granted.includes(peer))) ?? false;
      return peers.filter((peer) => !allowed(peer));
    },
    connect: (origin, account, until) => change(origin, account, until, ({ permissions }) => permissions),
    allowSend: (origin, account, peers, until) =>
      change(origin, account, until, ({ permissions }) => {
        const same = permissions.find(({ kind, peers: granted, expiresAt }) => kind === 'send' && granted !== '*' && expiresAt === until);
        const rest = permissions.filter((permission) => permission !== same);
        const before = same && same.peers !== '*' ? same.peers : [];
        return [...rest, { kind: 'send', peers: [...new Set([...before, ...peers])], grantedAt: clock(), expiresAt: until }];
      }),
    async revoke(origin, kind) {
      const grant = await read(origin);
      if (!grant) {
        await table.delete(origin);
        return false;
      }
      if (kind === undefined) {
        await table.delete(origin);
        return true;
      }
      const kept = grant.permissions.filter((permission) => permission.kind !== kind);
      await table.put(origin, { ...grant, permissions: kept });
      return kept.length < grant.permissions.length;
    },
    async knowConversation(origin, account, name, conversation) {
      const grant = await read(origin, account);
      if (!grant || Object.hasOwn(grant.conversations, name)) return;
      await table.put(origin, { ...grant, conversations: { ...grant.conversations, [name]: conversation } });
    },
    async conversation(origin, account, name) {
      const grant = await read(origin, account);
      return grant && Object.hasOwn(grant.conversations, name) ? (grant.conversations[name] ?? null) : null;
    },
    async sites() {
      const all = (await table.all()) as [string, Grant][];
      return all
        .map(([origin, grant]) => ({ origin, grant: alive(grant) }))
        .flatMap(({ origin, grant }) => (grant ? [{ origin, permissions: grant.permissions, connectedAt: grant.connectedAt }] : []))
        .sort((a, b) => b.connectedAt - a.connectedAt);
    },
    async tabsClosed(openOrigins) {
      const changed: string[] = [];
      for (const [origin, grant] of (await table.all()) as [string, Grant][]) {
        const now = alive(grant);
        if (!now) {
          await table.delete(origin);
          changed.push(origin);
          continue;
        }
        if (openOrigins.has(origin)) continue;
        const kept = now.permissions.filter(({ expiresAt }) => expiresAt !== null);
        if (now.connectedUntil !== null && kept.length === grant.permissions.length) continue;
        changed.push(origin);
        if (now.connectedUntil === null) await table.delete(origin);
        else await table.put(origin, { ...now, permissions: kept });
      }
      return changed;
    },
    origins: async () => (await table.all()).map(([origin]) => origin),
  };
}

const over = (until: number | null, now: number): boolean => until !== null && now >= until;

/** The longer of two terms; one that ends with the tabs is the shortest there is. */
function later(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
