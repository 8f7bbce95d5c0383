import { isDeepStrictEqual } from 'node:util';
import { type Amended, createGrants, type Grants } from '../../../src/background/sites/grants.ts';
import { reaches, reachesMessage } from '../../../src/background/sites/scopes.ts';
import type { Address } from '../../../src/rpc/views/account.ts';
import type { Permission, PermissionRequest } from '../../../src/rpc/views/sites.ts';
import { generator } from '../../support/random.ts';
import { game, memoryTable, shop } from './callers.ts';

const hour = 3_600_000;
const day = 24 * hour;
const origins = [shop, game];
const peers = ['0x01', '0x02', '0x03'] as const satisfies readonly Address[];
const accounts = ['0xaa', '0xbb'] as const satisfies readonly Address[];
const names = ['one', 'two'];
const types = ['xmtp.org/text:1.0', 'xmtp.org/reply:1.0'];
const kinds = ['send', 'read', 'keystore'] as const;

/** What was once said yes to: a connection, or one permission. Nothing is ever merged or tidied away here; it ends, or it holds. */
interface Given {
  readonly origin: string;
  readonly account: Address;
  readonly permission: PermissionRequest | null;
  readonly at: number;
  /** The last moment (ms), exclusive. */
  readonly end: number;
  /** Ends with the last tab too. */
  readonly tabs: boolean;
}

/** What somebody does at this moment; what it would need is looked for in the plain list. */
interface Deed {
  readonly origin: string;
  readonly account: Address;
  readonly kind: Permission['kind'];
  readonly peer: Address;
  readonly conversation: string;
  readonly contentType: string;
  readonly sentAt: number;
}

/**
 * Plays a random sequence of yeses, amendments, revocations, expiries, closed tabs, removed accounts and deaths of the background, and compares after each what is
 * allowed with a plain list of all that was ever given. Answers what differed, or null.
 */
export async function playGrants(seed: number, steps = 14): Promise<string | null> {
  const random = generator(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const some = <T>(all: readonly T[]): T[] => {
    const kept = all.filter(() => random() < 0.6);
    return kept.length > 0 ? kept : [pick(all)];
  };
  const table = memoryTable<unknown>();
  let now = 1_000_000;
  let grants: Grants = createGrants(table, () => now);
  let given: Given[] = [];
  const told: string[] = [];

  const until = (): number | null => (random() < 0.3 ? null : now + pick([hour, day, 7 * day]));
  const ask = (): PermissionRequest => {
    const kind = pick(kinds);
    if (kind === 'keystore') return { kind, peers: '*' };
    return {
      kind,
      peers: random() < 0.3 ? '*' : some(peers),
      ...(random() < 0.3 && { conversations: some(names) }),
      ...(random() < 0.3 && { contentTypes: some(types) }),
      ...(kind === 'read' && { since: pick(['now', 'all'] as const) }),
      ...(random() < 0.3 && { expiresIn: pick([60, 3600, 604_800]) }),
    };
  };

  const holds = (deed: Deed): boolean => {
    const of = given.filter(({ origin, account, end }) => origin === deed.origin && account === deed.account && now < end);
    return of.some(({ permission, at }) => {
      if (permission?.kind !== deed.kind) return false;
      if (deed.kind === 'keystore') return true;
      const { peers: whom, conversations, contentTypes, since } = permission;
      return (
        (whom === '*' || whom.includes(deed.peer)) &&
        (!conversations || conversations.includes(deed.conversation)) &&
        (!contentTypes || contentTypes.includes(deed.contentType)) &&
        (deed.kind === 'send' || since === 'all' || deed.sentAt >= at)
      );
    });
  };

  const allowed = async ({ origin, account, kind, peer, conversation, contentType, sentAt }: Deed): Promise<boolean> => {
    if (kind === 'send') return (await grants.missingPeers(origin, account, [peer], { conversation, contentType })).length === 0;
    const held = (await grants.permissions(origin, account)).filter((permission) => permission.kind === kind);
    if (kind === 'keystore') return held.length > 0;
    return held.some(
      (permission) => reaches(permission, { name: conversation, peers: [peer] }) && reachesMessage(permission, { contentType, sentAt }),
    );
  };

  const actions: (() => Promise<unknown>)[] = [
    () => {
      const [origin, account, end] = [pick(origins), pick(accounts), until()];
      given.push({ origin, account, permission: null, at: now, end: end ?? Number.POSITIVE_INFINITY, tabs: end === null });
      return grants.connect(origin, account, end);
    },
    () => {
      const [origin, account, term] = [pick(origins), pick(accounts), until()];
      const asked = Array.from({ length: 1 + Math.floor(random() * 2) }, ask);
      given.push({ origin, account, permission: null, at: now, end: term ?? Number.POSITIVE_INFINITY, tabs: term === null });
      for (const permission of asked) {
        const limit = permission.expiresIn === undefined || term === null ? Number.POSITIVE_INFINITY : now + permission.expiresIn * 1000;
        const longest = permission.kind === 'keystore' ? now + day : Number.POSITIVE_INFINITY;
        const end = Math.min(term ?? Number.POSITIVE_INFINITY, limit, longest);
        given.push({ origin, account, permission, at: now, end, tabs: term === null });
      }
      return grants.allow(origin, account, asked, term);
    },
    () => {
      const [origin, account, kind] = [pick(origins), pick(accounts), pick([undefined, ...kinds])];
      given = given.filter(
        (each) => each.origin !== origin || each.account !== account || (kind !== undefined && each.permission?.kind !== kind),
      );
      return grants.revoke(origin, account, kind);
    },
    async () => {
      now += pick([1, 59_999, hour, day - 1, day, 7 * day]);
    },
    () => {
      const open = new Set(origins.filter(() => random() < 0.5));
      given = given.filter(({ origin, tabs }) => open.has(origin) || !tabs);
      return grants.tabsClosed(open);
    },
    () => {
      if (random() < 0.7) return Promise.resolve();
      const account = pick(accounts);
      given = given.filter((each) => each.account !== account);
      return grants.forget(account);
    },
    () => {
      given = given.filter(({ permission }) => permission?.kind !== 'keystore');
      return grants.revokeAll('keystore');
    },
    async () => {
      grants = createGrants(table, () => now); // the background died
    },
    async () => {
      const [origin, account] = [pick(origins), pick(accounts)];
      const shown = await grants.permissions(origin, account);
      if (shown.length === 0) return;
      const seen = pick(shown);
      const kept = random() < 0.2 ? null : lessOf(seen);
      // From here on exactly that holds which was shown, with the one line changed.
      const left = shown.flatMap((each) => (each !== seen ? [each] : kept ? [{ ...each, ...kept }] : []));
      const mine = given.filter((each) => each.origin !== origin || each.account !== account || each.permission === null);
      given = [
        ...mine,
        ...left.map((permission): Given => {
          const end = permission.expiresAt ?? Number.POSITIVE_INFINITY;
          const longest = permission.kind === 'keystore' ? permission.grantedAt + day : Number.POSITIVE_INFINITY;
          const tabs = permission.expiresAt === null;
          return { origin, account, permission, at: permission.grantedAt, end: Math.min(end, longest), tabs };
        }),
      ];
      await grants.amend(origin, account, seen, kept);
      // Making more of one is refused, and so is a change of what stands otherwise by now.
      const refused = (await grants.permissions(origin, account)).map((each): [Permission, Amended] => [
        each,
        { ...each, expiresAt: each.expiresAt === null ? now + day : each.expiresAt + 1 },
      ]);
      if (!refused.some(([each]) => isDeepStrictEqual(each, seen))) refused.push([seen, seen]);
      for (const [permission, next] of refused)
        await grants.amend(origin, account, permission, next).then(
          () => void told.push('made more'),
          () => undefined,
        );
    },
  ];

  /** Something that is no more than this permission, chosen at random. */
  const lessOf = ({ kind, peers: whom, conversations, contentTypes, since, expiresAt }: Permission): Amended => {
    const sooner = expiresAt === null || random() < 0.5 ? expiresAt : now + Math.floor(random() * (expiresAt - now));
    if (kind === 'keystore') return { peers: '*', expiresAt: sooner };
    const fewer = <T>(all: readonly T[] | undefined, every: readonly T[]): T[] | undefined =>
      random() < 0.5 ? all && [...all] : some(all ?? every);
    const [places, forms] = [fewer(conversations, names), fewer(contentTypes, types)];
    return {
      peers: whom === '*' && random() < 0.5 ? '*' : some(whom === '*' ? peers : whom),
      ...(places && { conversations: places }),
      ...(forms && { contentTypes: forms }),
      ...(since && { since: random() < 0.5 ? since : 'now' }),
      expiresAt: sooner,
    };
  };

  for (let step = 0; step < steps; step++) {
    const index = random() < 0.35 ? 1 : Math.floor(random() * actions.length);
    told.push(`${index}@${now}`);
    await actions[index]?.();
    if (told.includes('made more')) return `seed ${seed}: ${told.join(' ')}`;
    for (let looks = 0; looks < 4; looks++) {
      const deed: Deed = {
        origin: pick(origins),
        account: pick(accounts),
        kind: pick(kinds),
        peer: pick(peers),
        conversation: pick(names),
        contentType: pick(types),
        sentAt: now - pick([0, hour, 8 * day]),
      };
      const [is, should] = [await allowed(deed), holds(deed)];
      if (is !== should) return `seed ${seed}, ${is ? 'allowed' : 'refused'} ${JSON.stringify(deed)} after ${told.join(' ')}`;
      const connected = await grants.connected(deed.origin, deed.account);
      const stands = given.some(({ origin, account, end }) => origin === deed.origin && account === deed.account && now < end);
      if (connected !== stands) return `seed ${seed}, connected ${connected}: ${JSON.stringify(deed)} after ${told.join(' ')}`;
    }
  }
  return null;
}
