import { fromPage, toPage } from '../../content-types/index.ts';
import type { SessionArea } from '../../keystore/session.ts';
import { ParseError } from '../../parse.ts';
import type { Address } from '../../protocol/address.ts';
import type { Clock } from '../../protocol/time.ts';
import type { PageCaller } from '../../rpc/caller.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { SiteLedger } from '../../rpc/views/sites.ts';
import { createExclusive } from '../exclusive.ts';
import type { History } from '../messages/history.ts';
import type { Accounts, Conversations, Groups, Messages, Sites } from '../services.ts';
import type { Approvals } from './approvals.ts';
import { asksForAccount, checkAddress, checkPermission, notMe, saidBy, switchedOff } from './asked.ts';
import type { Grants } from './grants.ts';
import type { Ledger } from './ledger.ts';
import { createSiteGate, type Need, narrowed } from './site-gate.ts';
import { createSiteKeystore, type SitesKeystore } from './site-keystore.ts';
import { createSiteNames } from './site-names.ts';
import { createSiteReading, pageMessage } from './site-reading.ts';
import { type Arrivals, createSiteStreams } from './site-streams.ts';
import { createTally } from './tally.ts';

export interface SitesDeps {
  readonly clock: Clock;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly accounts: Pick<Accounts, 'status'>;
  /** The account in front, also while locked. */
  readonly front: () => Address | null;
  readonly conversations: Pick<Conversations, 'list' | 'lookUp' | 'start' | 'get'>;
  readonly groups: Pick<Groups, 'create'>;
  readonly messages: Pick<Messages, 'send' | 'settled'>;
  readonly history: History;
  readonly keystore: SitesKeystore;
  /** What has come to be here, for subscriptions; null while locked. */
  readonly arrivals: () => Arrivals | null;
  /** An opaque name for something that is the same for one origin every time and different for every origin. */
  readonly nameFor: (origin: string, text: string) => Promise<string>;
  /** Lets pages of these origins come back, if their ports have gone with an earlier life of the background. */
  readonly wake: (origins: readonly string[]) => void;
  /** What sites did as an account. @throws RefusalError locked */
  readonly ledger: (account: Address) => Ledger;
  /** The memory of the browser's session. */
  readonly area: Pick<SessionArea, 'get' | 'set'>;
  /** Other sites may do something now, or other things. */
  readonly changed: () => void;
}

/** The service behind `window.xmtp`, and what the background tells it. */
export interface SitesService extends Sites {
  /** A page has connected its port. */
  attach(caller: PageCaller): void;
  /** Unlocked, locked, wiped: pages that hold a grant see other accounts now. */
  accountChanged(): Promise<void>;
  /** A tab was closed or went elsewhere, or time has passed. */
  tabsClosed(openOrigins: ReadonlySet<string>): Promise<void>;
  /** The keystore API was switched off: it is taken from every site. */
  keystoreOff(): Promise<void>;
  /** Something came to be here. */
  arrived(): void;
}

const settleMs = 3_000;

export function createSites(deps: SitesDeps): SitesService {
  const {
    clock,
    grants,
    approvals,
    accounts,
    front,
    conversations,
    groups,
    messages,
    history,
    arrivals,
    nameFor,
    wake,
    keystore,
    ledger,
    area,
    changed,
  } = deps;
  const callers = new Map<string, Set<PageCaller>>();
  const names = createSiteNames({ clock, list: conversations.list, nameFor });
  const gate = createSiteGate({ clock, grants, approvals, accounts, names, keystoreOn: keystore.on, granted: tell });
  const tally = createTally({ clock, area, ledger });
  const keystoreCalls = createSiteKeystore({ gate, keystore, used: (origin, account) => tally.add(account, origin, { calls: 1 }) });
  const reading = createSiteReading({ grants, conversations, history, names });
  const streams = createSiteStreams({ gate, reading, arrivals, used: (origin, account, use) => tally.add(account, origin, use) });

  async function visibleAccounts(origin: string): Promise<readonly Address[]> {
    const { phase, account } = await accounts.status();
    return phase === 'ready' && account && (await grants.connected(origin, account.address)) ? [account.address] : [];
  }

  async function permissionsOf(origin: string) {
    const { account } = await accounts.status();
    return account ? grants.permissions(origin, account.address) : [];
  }

  /** What the content script compares with what its page knew last: events are the difference, so that none is missed and none comes twice. */
  const stateOf = async (origin: string) => ({ accounts: await visibleAccounts(origin), permissions: await permissionsOf(origin) });

  /** One after the other, so that the last that is heard is the newest. */
  const inTurn = createExclusive();

  function tell(origin: string): Promise<void> {
    changed();
    wake([origin]);
    return inTurn(async () => {
      const state = await stateOf(origin);
      for (const caller of callers.get(origin) ?? []) caller.emit('state', state);
    });
  }

  /** Something was taken back: streams that lived by it end. */
  async function taken(origin: string): Promise<void> {
    if (!(await permissionsOf(origin)).some(({ kind }) => kind === 'keystore')) keystore.forgetCalls(origin);
    await tell(origin);
    streams.arrived();
  }

  return {
    accounts: ({ origin }) => visibleAccounts(origin),
    async requestAccounts(caller) {
      await gate.pass(caller, { kind: 'connect' });
      return visibleAccounts(caller.origin);
    },
    permissions: ({ origin }) => permissionsOf(origin),
    async requestPermissions(caller, asked) {
      const permissions = asked.map((each, index) => checkPermission(each, `params.permissions[${index}]`));
      if (asksForAccount(permissions) && !(await keystore.on())) throw switchedOff();
      const account = await gate.pass(caller, { kind: 'permissions', permissions });
      return grants.permissions(caller.origin, account);
    },
    // Also while locked: what gives power away needs nobody's leave.
    async revoke({ origin }, kind) {
      const account = front();
      if (account && (await grants.revoke(origin, account, kind))) await taken(origin);
      return null;
    },
    async canMessage(caller, peers) {
      const asked = peers.map((peer, index) => checkAddress(peer, `params.peers[${index}]`));
      await gate.pass(caller, { kind: 'connect' });
      const answers = await Promise.all(asked.map((peer) => conversations.lookUp(peer)));
      if (answers.some(({ state }) => state === 'unknown')) throw new RefusalError('node-unreachable', 'the node did not answer');
      return Object.fromEntries(answers.map(({ address, state }) => [address, state === 'reachable']));
    },
    async newConversation(caller, { peers: asked, conversationId, metadata }) {
      const peers = [
        ...new Set(asked.map((peer, index) => checkAddress(peer, asked.length > 1 ? `params.peers[${index}]` : 'params.peer'))),
      ];
      const account = await gate.pass(caller, { kind: 'send', peers, said: null, contentType: null });
      for (const peer of peers) notMe(peer, account);
      const [peer, ...others] = peers as [Address, ...Address[]];
      if (others.length > 0) {
        if (conversationId !== undefined) throw new ParseError('params.conversationId', 'none, for a conversation of more than two');
        const group = await groups.create(metadata?.['title'] ?? '', peers);
        await tally.add(account, caller.origin, { sent: { name: `conversation ${group.id}`, to: peers } });
        return reading.show(caller.origin, account, group);
      }
      const context =
        conversationId !== undefined || metadata
          ? { ...(conversationId !== undefined && { conversationId }), ...(metadata && { metadata }) }
          : undefined;
      const before = clock();
      const row = await conversations.start(peer, context, 'site');
      if (row.createdAt >= before) await tally.add(account, caller.origin, { sent: { name: `conversation ${row.id}`, to: [peer] } });
      return reading.show(caller.origin, account, row);
    },
    async listConversations(caller, page) {
      const account = await gate.pass(caller, { kind: 'read' });
      const answer = await reading.conversations(caller.origin, account, page);
      await tally.add(account, caller.origin, { conversations: answer.conversations.length });
      return answer;
    },
    async sendMessage(caller, { conversation, peer, content, contentType, clientId }) {
      const { origin } = caller;
      const value = fromPage(contentType, content, 'params');
      const to = peer === undefined ? null : checkAddress(peer, 'params.peer');
      const what = { said: saidBy(value), contentType: toPage(value).contentType };
      const need: Need = { kind: 'send', ...what, ...(to ? { peers: [to] } : { conversation: conversation ?? '' }) };
      const account = await gate.pass(caller, need);
      let id: string | undefined;
      let name = conversation ?? '';
      let whom: readonly Address[] = to ? [to] : [];
      if (to) {
        notMe(to, account);
        const row = await conversations.start(to, undefined, 'site');
        id = row.id;
        name = (await reading.show(origin, account, row)).id;
      } else {
        const found = await gate.find(origin, name);
        id = found?.id;
        whom = found?.peers ?? [];
      }
      // Much time may have passed at a slow node, and the user may have thought better of it.
      if (id === undefined || !(await gate.isOpen(origin, need))) throw new RefusalError('not-granted', 'the permission was taken back');
      const sent = await messages.send(id, value, `${origin} ${clientId ?? crypto.randomUUID()}`, 'site');
      await tally.add(account, origin, { sent: { name: sent.id, to: whom } });
      const { sender, sentAt, state } = await messages.settled(sent.id, settleMs).catch(() => sent);
      // What the message of this name said the first time, it says still; the page has that.
      const stored = (await history.get(sent.id)) ?? { ...toPage(value), conversation: id };
      return pageMessage(
        { ...stored, id: sent.id, sender, sentAt, state: state === 'sent' || state === 'failed' ? state : 'queued' },
        name,
      );
    },
    async listMessages(caller, query) {
      const account = await gate.pass(caller, { kind: 'read', conversation: query.conversation });
      const answer = await reading.messages(caller.origin, account, query);
      await tally.add(account, caller.origin, { messages: answer.messages.length });
      return answer;
    },
    async subscribe(caller, { kind, conversation }) {
      await gate.pass(caller, { kind: 'read', ...(conversation !== undefined && { conversation }) });
      return streams.open(caller, { kind, conversation: conversation ?? null });
    },
    keystore: keystoreCalls.call,
    unsubscribe: async (caller, subscription) => streams.close(caller, subscription),
    async resume(caller, subscriptions) {
      streams.resume(caller, subscriptions);
      return null;
    },
    prompts: async () => approvals.prompts(),
    async answer(id, { passphrase, ...answer }) {
      // Whoever says yes has shown the passphrase.
      if (answer.allow && (await accounts.status()).phase !== 'ready') throw new RefusalError('locked', 'Unlock Parley first.');
      const question = approvals.prompts().find((prompt) => prompt.id === id)?.question;
      if (answer.allow && question?.kind === 'permissions' && asksForAccount(narrowed(question.permissions, answer))) {
        if (!(await keystore.on())) throw switchedOff();
        if (passphrase === undefined) throw new RefusalError('wrong-passphrase', 'The whole account needs your passphrase.');
        await keystore.check(passphrase);
      }
      approvals.answer(id, answer);
      return null;
    },
    async list() {
      const account = front();
      if (!account) return [];
      const open = (await accounts.status()).phase === 'ready';
      if (open) await tally.settle();
      const pages = open ? await ledger(account).all() : new Map<string, SiteLedger>();
      const connected = (await grants.sites(account)).map((site) => ({ ...site, ledger: pages.get(site.origin) ?? null }));
      const former = [...pages]
        .filter(([origin]) => !connected.some((site) => site.origin === origin))
        .sort(([, a], [, b]) => b.lastAt - a.lastAt);
      return [...connected, ...former.map(([origin, page]) => ({ origin, grant: null, ledger: page }))];
    },
    async amend(origin, seen, kept) {
      const account = front();
      if (!account) throw new RefusalError('no-account', 'There is no account yet.');
      await grants.amend(origin, account, seen, kept).finally(() => taken(origin));
      return null;
    },
    async forgetSite(origin) {
      const account = front();
      if (account && !(await grants.connected(origin, account))) {
        tally.forget(origin);
        await ledger(account).forget(origin);
        changed();
      }
      return null;
    },
    async revokeSite(origin) {
      const account = front();
      if (account && (await grants.revoke(origin, account))) await taken(origin);
      return null;
    },
    attach(caller) {
      const { origin } = caller;
      const set = callers.get(origin) ?? new Set();
      callers.set(origin, set.add(caller));
      caller.gone.addEventListener(
        'abort',
        () => {
          set.delete(caller);
          if (set.size === 0 && callers.get(origin) === set) callers.delete(origin);
        },
        { once: true },
      );
      inTurn(async () => caller.emit('state', await stateOf(origin))).catch(() => undefined); // the page's own calls tell what is wrong
    },
    async accountChanged() {
      names.forget();
      const { phase, account } = await accounts.status();
      const origins = new Set([...(await grants.origins()), ...callers.keys()]);
      if (!account) {
        approvals.clear();
        tally.forget();
        await grants.forget();
      } else if (phase === 'ready') {
        void tally.settle(); // what an earlier life has left, or came in between
        await approvals.recheck();
      }
      for (const origin of origins) await tell(origin);
      streams.arrived(); // what came while it was locked
    },
    async keystoreOff() {
      for (const origin of await grants.revokeAll('keystore')) await taken(origin);
      await approvals.recheck();
    },
    async tabsClosed(openOrigins) {
      for (const origin of await grants.tabsClosed(openOrigins)) await taken(origin);
    },
    arrived: streams.arrived,
  };
}
