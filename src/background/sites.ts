import { ParseError } from '../parse.ts';
import { type Address, parseAddress } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { PageCaller } from '../rpc/caller.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { ConversationRow, MessageView } from '../rpc/views.ts';
import type { Approvals, Question } from './approvals.ts';
import { createExclusive } from './exclusive.ts';
import type { Grants, KnownConversation } from './grants.ts';
import type { Accounts, Conversations, Messages, Sites } from './services.ts';

export interface SitesDeps {
  readonly clock: Clock;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly accounts: Pick<Accounts, 'status'>;
  readonly conversations: Pick<Conversations, 'list' | 'lookUp' | 'start'>;
  readonly messages: Pick<Messages, 'send' | 'settled'>;
  /** An opaque name for something that is the same for one origin every time and different for every origin. */
  readonly nameFor: (origin: string, text: string) => Promise<string>;
  /** Lets pages of these origins come back, if their ports have gone with an earlier life of the background. */
  readonly wake: (origins: readonly string[]) => void;
}

/** The service behind `window.xmtp`, and what the background tells it. */
export interface SitesService extends Sites {
  /** A page has connected its port. */
  attach(caller: PageCaller): void;
  /** Unlocked, locked, wiped: pages that hold a grant see other accounts now. */
  accountChanged(): Promise<void>;
  /** A tab was closed or went elsewhere, or time has passed. */
  tabsClosed(openOrigins: ReadonlySet<string>): Promise<void>;
}

/** Whom a call is about: nobody, peers, or a conversation under the name that the origin has for it. */
type Target = { readonly peers: readonly Address[] } | { readonly conversation: string };
interface Content {
  readonly text: string | null;
  readonly contentType: string | null;
}

const settleMs = 3_000;
const mostRounds = 8;
const listSize = 200;
/** How long the names of one origin for all conversations are kept; a page that guesses makes us work no more often. */
const namesMs = 30_000;

export function createSites(deps: SitesDeps): SitesService {
  const { clock, grants, approvals, accounts, conversations, messages, nameFor, wake } = deps;
  const callers = new Map<string, Set<PageCaller>>();
  const names = new Map<string, { readonly at: number; readonly all: Promise<Map<string, KnownConversation>> }>();

  /** The account, and whether it is unlocked. @throws RefusalError no-account */
  async function current(): Promise<{ readonly address: Address; readonly open: boolean }> {
    const { phase, account } = await accounts.status();
    if (!account) throw new RefusalError('no-account', 'there is no account in Parley yet');
    return { address: account.address, open: phase === 'ready' };
  }

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
    wake([origin]);
    return inTurn(async () => {
      const state = await stateOf(origin);
      for (const caller of callers.get(origin) ?? []) caller.emit('state', state);
    });
  }

  /** The question that stands between an origin and what it wants to do; null: none. */
  async function lacking(origin: string, target: Target, content: Content): Promise<Question | null> {
    const { address, open } = await current();
    let peers: readonly Address[];
    if ('peers' in target) peers = target.peers;
    else {
      const found = await find(origin, target.conversation);
      if (!found) return { kind: 'unlock' }; // whose it is shows when it is open
      peers = [found.peer];
    }
    const connects = !(await grants.connected(origin, address));
    const missing = await grants.missingPeers(origin, address, peers);
    if (missing.length > 0) return { kind: 'send', peers: missing, ...content, connects };
    if (connects) return { kind: 'connect' };
    return open ? null : { kind: 'unlock' };
  }

  /** Asks for exactly what is lacking, and writes the yes down. Returns the account once nothing is lacking. */
  async function ensure(caller: PageCaller, target: Target, content: Content = { text: null, contentType: null }): Promise<Address> {
    const { origin } = caller;
    for (let round = 0; round < mostRounds; round++) {
      const { address } = await current();
      const question = await lacking(origin, target, content);
      if (!question) return address;
      const asked = JSON.stringify(question);
      const answer = await approvals.ask(
        caller,
        address,
        question,
        async () => JSON.stringify(await lacking(origin, target, content)) === asked,
      );
      if (!answer || question.kind === 'unlock') continue;
      const until = answer.expiresIn === null ? null : clock() + answer.expiresIn * 1000;
      if (question.kind === 'connect') await grants.connect(origin, address, until);
      else await grants.allowSend(origin, address, question.peers, until);
      await tell(origin);
      await approvals.recheck();
    }
    throw new RefusalError('not-now', 'what was allowed did not last; ask again');
  }

  /** A conversation by the name that an origin has for it; null: locked, and so not to be told. @throws RefusalError not-found */
  async function find(origin: string, name: string): Promise<KnownConversation | null> {
    const { address, open } = await current();
    // Names outlive grants: what an origin was told once, it may ask about again.
    const found = (await grants.conversation(origin, address, name)) ?? (open ? (await namesOf(origin)).get(name) : null);
    if (found === undefined) throw new RefusalError('not-found', 'there is no such conversation');
    return found;
  }

  function namesOf(origin: string): Promise<Map<string, KnownConversation>> {
    const kept = names.get(origin);
    if (kept && clock() - kept.at < namesMs) return kept.all;
    const all = nameAll(origin);
    names.set(origin, { at: clock(), all });
    all.catch(() => names.delete(origin));
    return all;
  }

  async function nameAll(origin: string): Promise<Map<string, KnownConversation>> {
    const all = new Map<string, KnownConversation>();
    for (let before: number | undefined; ; ) {
      const { rows, more } = await conversations.list({ limit: listSize, ...(before !== undefined && { before }) });
      const size = all.size;
      for (const { id, peer } of rows) all.set(await nameFor(origin, id), { id, peer });
      const last = rows.at(-1)?.time;
      if (!more || last === undefined || all.size === size) return all;
      before = last + 1; // several may share a time
    }
  }

  async function pageConversation(origin: string, account: Address, row: ConversationRow) {
    const id = await nameFor(origin, row.id);
    await grants.knowConversation(origin, account, id, { id: row.id, peer: row.peer });
    return {
      id,
      peers: [row.peer],
      createdAt: row.createdAt,
      ...(row.thread !== null && { conversationId: row.thread }),
      ...(row.metadata && { metadata: { ...row.metadata } }),
    };
  }

  return {
    accounts: ({ origin }) => visibleAccounts(origin),
    async requestAccounts(caller) {
      await ensure(caller, { peers: [] });
      return visibleAccounts(caller.origin);
    },
    permissions: ({ origin }) => permissionsOf(origin),
    // Also while locked: what gives power away needs nobody's leave.
    async revoke({ origin }, kind) {
      if (await grants.revoke(origin, kind)) await tell(origin);
      return null;
    },
    async canMessage(caller, peers) {
      const asked = peers.map((peer, index) => checkAddress(peer, `params.peers[${index}]`));
      await ensure(caller, { peers: [] });
      const answers = await Promise.all(asked.map((peer) => conversations.lookUp(peer)));
      if (answers.some(({ state }) => state === 'unknown')) throw new RefusalError('node-unreachable', 'the node did not answer');
      return Object.fromEntries(answers.map(({ address, state }) => [address, state === 'reachable']));
    },
    async newConversation(caller, { peer, conversationId, metadata }) {
      const address = checkAddress(peer, 'params.peer');
      const account = await ensure(caller, { peers: [address] });
      notMe(address, account);
      const context =
        conversationId !== undefined || metadata
          ? { ...(conversationId !== undefined && { conversationId }), ...(metadata && { metadata }) }
          : undefined;
      return pageConversation(caller.origin, account, await conversations.start(address, context));
    },
    async sendMessage(caller, { conversation, peer, content, contentType, clientId }) {
      const { origin } = caller;
      const target: Target = peer === undefined ? { conversation: conversation ?? '' } : { peers: [checkAddress(peer, 'params.peer')] };
      const what: Content = { text: content, contentType };
      const account = await ensure(caller, target, what);
      let id: string | undefined;
      let name: string;
      if ('conversation' in target) {
        name = target.conversation;
        id = (await find(origin, name))?.id;
      } else {
        const [to = account] = target.peers;
        notMe(to, account);
        const row = await conversations.start(to);
        id = row.id;
        name = (await pageConversation(origin, account, row)).id;
      }
      // Much time may have passed at a slow node, and the user may have thought better of it.
      if (id === undefined || (await lacking(origin, target, what))) throw new RefusalError('not-granted', 'the permission was taken back');
      const sent = await messages.send(id, content, `${origin} ${clientId ?? crypto.randomUUID()}`);
      return pageMessage(await messages.settled(sent.id, settleMs).catch(() => sent), name);
    },
    prompts: async () => approvals.prompts(),
    async answer(id, answer) {
      // Whoever says yes has shown the passphrase.
      if (answer.allow && (await accounts.status()).phase !== 'ready') throw new RefusalError('locked', 'Unlock Parley first.');
      approvals.answer(id, answer);
      return null;
    },
    async revokeSite(origin) {
      if (await grants.revoke(origin)) await tell(origin);
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
      names.clear();
      const { phase, account } = await accounts.status();
      const origins = new Set([...(await grants.origins()), ...callers.keys()]);
      if (!account) {
        approvals.clear();
        await grants.forget();
      } else if (phase === 'ready') await approvals.recheck();
      for (const origin of origins) await tell(origin);
    },
    async tabsClosed(openOrigins) {
      for (const origin of await grants.tabsClosed(openOrigins)) await tell(origin);
    },
  };
}

/** A conversation with oneself is none. Told after the question: before it, an address would be found out by trying. @throws ParseError */
function notMe(peer: Address, account: Address): void {
  if (peer === account) throw new ParseError('params.peer', 'the address of somebody else');
}

/** @throws ParseError when the checksum is wrong */
function checkAddress(text: string, path: string): Address {
  try {
    return parseAddress(text);
  } catch {
    throw new ParseError(path, 'an address in lower case or with a right checksum');
  }
}

/** A message of ours, member by member: what is not named here does not leave. */
const pageMessage = ({ id, sender, sentAt, contentType, shown, state }: MessageView, conversation: string) => ({
  id,
  conversation,
  sender,
  sentAt,
  contentType,
  content: shown.form === 'text' ? shown.text : null,
  status: state === 'sent' || state === 'failed' ? state : 'queued',
});
