import { ParseError } from '../parse.ts';
import { type Address, parseAddress } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { PageCaller } from '../rpc/caller.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { ConversationRow, MessageView } from '../rpc/views.ts';
import type { Approvals, Question } from './approvals.ts';
import type { Grants, KnownConversation } from './grants.ts';
import type { Accounts, Conversations, Messages, Sites } from './services.ts';

export interface SitesDeps {
  readonly clock: Clock;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly accounts: Pick<Accounts, 'status'>;
  readonly conversations: Pick<Conversations, 'lookUp' | 'start'>;
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
  /** A tab was closed or went elsewhere. */
  tabsClosed(openOrigins: ReadonlySet<string>): Promise<void>;
}

const textType = 'xmtp.org/text:1.0';
const settleMs = 3000;

export function createSites(deps: SitesDeps): SitesService {
  const { clock, grants, approvals, accounts, conversations, messages, nameFor, wake } = deps;
  const callers = new Map<string, Set<PageCaller>>();

  const emit = (origin: string, event: string, payload: unknown): void => {
    for (const caller of callers.get(origin) ?? []) caller.emit(event, payload);
  };

  /** The account while unlocked; null while locked. @throws RefusalError no-account */
  async function opened(): Promise<{ readonly address: Address; readonly open: boolean }> {
    const { phase, account } = await accounts.status();
    if (!account) throw new RefusalError('no-account', 'there is no account in Parley yet');
    return { address: account.address, open: phase === 'ready' };
  }

  async function visibleAccounts(origin: string): Promise<readonly Address[]> {
    const { phase, account } = await accounts.status();
    return phase === 'ready' && account && (await grants.connected(origin, account.address)) ? [account.address] : [];
  }

  const ask = (caller: PageCaller, account: Address, question: Question) => approvals.ask(caller, account, question);

  /** Asks for exactly what is missing, in one question, and writes the yes down. */
  async function ensure(
    caller: PageCaller,
    peers: readonly Address[],
    what: { readonly text: string | null; readonly contentType: string | null },
  ): Promise<Address> {
    const { origin } = caller;
    const { address, open } = await opened();
    const connected = await grants.connected(origin, address);
    const missing = await grants.missingPeers(origin, address, peers);
    if (connected && missing.length === 0) {
      if (!open) await ask(caller, address, { kind: 'unlock' });
    } else if (missing.length === 0 && peers.length === 0) {
      const { expiresIn } = await ask(caller, address, { kind: 'connect' });
      await grants.connect(origin, address, term(expiresIn));
      await granted(origin, true);
    } else {
      const { expiresIn } = await ask(caller, address, { kind: 'send', peers: missing, ...what, connects: !connected });
      await grants.allowSend(origin, address, missing, term(expiresIn));
      await granted(origin, !connected);
    }
    if (!(await opened()).open) throw new RefusalError('locked', 'Parley is locked');
    return address;
  }

  const term = (expiresIn: number | null): number | null => (expiresIn === null ? null : clock() + expiresIn * 1000);

  async function granted(origin: string, accountsToo: boolean): Promise<void> {
    const { account } = await accounts.status();
    emit(origin, 'permissionsChanged', account ? await grants.permissions(origin, account.address) : []);
    if (accountsToo) emit(origin, 'accountsChanged', await visibleAccounts(origin));
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
      await ensure(caller, [], { text: null, contentType: null });
      return visibleAccounts(caller.origin);
    },
    async permissions({ origin }) {
      const { account } = await accounts.status();
      return account ? grants.permissions(origin, account.address) : [];
    },
    async revoke({ origin }, kind) {
      if (await grants.revoke(origin, kind)) await granted(origin, kind === undefined);
      return null;
    },
    async canMessage(caller, peers) {
      const asked = peers.map((peer, index) => checkAddress(peer, `params.peers[${index}]`));
      await ensure(caller, [], { text: null, contentType: null });
      const answers = await Promise.all(asked.map((peer) => conversations.lookUp(peer)));
      if (answers.some(({ state }) => state === 'unknown')) throw new RefusalError('node-unreachable', 'the node cannot be reached now');
      return Object.fromEntries(answers.map(({ address, state }) => [address, state === 'reachable']));
    },
    async newConversation(caller, { peer, conversationId, metadata }) {
      const address = checkAddress(peer, 'params.peer');
      const account = await ensure(caller, [address], { text: null, contentType: null });
      const context =
        conversationId !== undefined || metadata
          ? { ...(conversationId !== undefined && { conversationId }), ...(metadata && { metadata }) }
          : undefined;
      return pageConversation(caller.origin, account, await conversations.start(address, context));
    },
    async sendMessage(caller, { conversation, peer, content, contentType = textType, clientId }) {
      const { origin } = caller;
      if ((conversation === undefined) === (peer === undefined)) throw new ParseError('params', 'either conversation or peer');
      if (contentType !== textType) throw new ParseError('params.contentType', `"${textType}", the one type that can be sent today`);
      if (typeof content !== 'string' || content === '') throw new ParseError('params.content', 'a text that is not empty');
      const to = peer === undefined ? await known(origin, conversation as string) : { peer: checkAddress(peer, 'params.peer'), id: null };
      const account = await ensure(caller, [to.peer], { text: content, contentType });
      const row = to.id === null ? await conversations.start(to.peer) : null;
      const id = to.id ?? (row as ConversationRow).id;
      const name = row ? (await pageConversation(origin, account, row)).id : (conversation as string);
      const unique = clientId ?? `${clock()}.${crypto.getRandomValues(new Uint32Array(2)).join('.')}`;
      const sent = await messages.send(id, content, `${origin} ${unique}`);
      return pageMessage(await messages.settled(sent.id, settleMs).catch(() => sent), name, content);
    },
    prompts: async () => approvals.prompts(),
    async answer(id, answer) {
      approvals.answer(id, answer);
      return null;
    },
    async revokeSite(origin) {
      if (await grants.revoke(origin)) await granted(origin, true);
      return null;
    },
    attach(caller) {
      const set = callers.get(caller.origin) ?? new Set();
      callers.set(caller.origin, set.add(caller));
      caller.gone.addEventListener('abort', () => set.delete(caller), { once: true });
    },
    async accountChanged() {
      if ((await accounts.status()).phase === 'ready') approvals.unlocked();
      const origins = await grants.origins();
      wake(origins.filter((origin) => !callers.get(origin)?.size));
      for (const origin of callers.keys()) if (origins.includes(origin)) emit(origin, 'accountsChanged', await visibleAccounts(origin));
    },
    async tabsClosed(openOrigins) {
      for (const origin of await grants.tabsClosed(openOrigins)) await granted(origin, true);
    },
  };

  /** A conversation that this origin was given. One that it may not know of does not exist for it. */
  async function known(origin: string, name: string): Promise<KnownConversation> {
    const conversation = await grants.conversation(origin, (await opened()).address, name);
    if (!conversation) throw new RefusalError('not-found', 'there is no such conversation');
    return conversation;
  }
}

/** @throws ParseError when the checksum is wrong */
function checkAddress(text: string, path: string): Address {
  try {
    return parseAddress(text);
  } catch {
    throw new ParseError(path, 'an address in lower case or with a right checksum');
  }
}

const pageMessage = ({ id, sender, sentAt, contentType, state }: MessageView, conversation: string, content: unknown) => ({
  id,
  conversation,
  sender,
  sentAt,
  contentType,
  content,
  status: state === 'sent' || state === 'failed' ? state : 'queued',
});
