import { fromPage, toPage } from '../../src/content-types/index.ts';
import { ParseError, type Parser, parse } from '../../src/parse.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';
import type { Hooks, People, Target } from '../../src/sdk/conformance.ts';
import type { Address, Conversation, Message, Permission, XmtpProvider } from '../../src/sdk/types.ts';

export const people: People = {
  account: '0xca9Feb3AeA471001A867e53E027a65af7E94a987',
  peer: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  other: '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  absent: '0x000000000000000000000000000000000000dEaD',
};

const refusal = (code: number, message: string, data?: object): Error => Object.assign(new Error(message), { code }, data && { data });

interface Question {
  readonly key: string;
  readonly subjects: readonly string[];
  readonly answered: Promise<'allow' | 'refuse' | 'gone'>;
  answer(answer: 'allow' | 'refuse' | 'gone'): void;
}

/** What a test can do to the model beyond what a page can. */
export interface Model {
  readonly target: Target;
  /** The page is loaded anew. */
  reload(): void;
}

type Request = (args: unknown) => Promise<unknown>;

/** Ways to be wrong. */
export interface Faults {
  readonly request?: (next: Request) => Request;
  readonly emit?: (tell: (event: string, payload: unknown) => void) => (event: string, payload: unknown) => void;
  readonly provider?: (provider: object) => object;
  readonly property?: PropertyDescriptor;
  readonly announce?: (tell: (info: object) => void, info: object) => void;
  readonly hooks?: (hooks: Hooks) => Partial<Hooks>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The contract of `window.xmtp` in memory: the least that does what it says, against which the kit itself is held. */
export function createModel(faults: Faults = {}, patienceMs = 300): Model {
  let [connected, hidden, locked, muted, refusals] = [false, false, false, false, 0];
  let permissions: Permission[] = [];
  let refused = new Set<string>();
  let questions: Question[] = [];
  let calls = 0;
  let told = false;
  let clock = Date.now();
  const conversations: Conversation[] = [];
  const messages: (Message & { readonly clientId?: string })[] = [];
  let subscriptions = new Map<string, { kind: string; conversation?: string }>();
  let listeners = new Map<string, Set<(payload: unknown) => void>>();
  let locks: (() => void)[] = [];

  const tellAll = (event: string, payload: unknown): void => {
    setTimeout(() => {
      for (const listener of listeners.get(event) ?? []) listener(structuredClone(payload));
    });
  };
  const emit = faults.emit?.(tellAll) ?? tellAll;
  const now = (): number => ++clock;
  const id = (): string => Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const accounts = (): Address[] => (connected && !locked ? [people.account] : []);
  const has = (kind: string, peers: readonly Address[]): boolean =>
    peers.every((peer) => permissions.some((each) => each.kind === kind && (each.peers === '*' || each.peers.includes(peer))));

  async function ask(key: string, subjects: readonly string[]): Promise<void> {
    if (muted || hidden || subjects.some((subject) => refused.has(subject))) throw refusal(4100, 'cannot ask now');
    let question = questions.find((each) => each.key === key);
    if (!question) {
      if (questions.length >= 3) throw refusal(-32005, 'too many questions wait', { retryAfterMs: patienceMs });
      let answer: Question['answer'] = () => undefined;
      const answered = new Promise<'allow' | 'refuse' | 'gone'>((resolve) => {
        answer = resolve;
      });
      question = { key, subjects, answered, answer };
      questions.push(question);
    }
    const answer = await question.answered;
    if (answer === 'gone') throw refusal(4901, 'interrupted');
    if (answer === 'refuse') throw refusal(4001, 'the user said no');
  }

  async function unlocked(): Promise<void> {
    if (locked) await new Promise<void>((resolve) => locks.push(resolve));
  }

  function grant(added: readonly Pick<Permission, 'kind' | 'peers'>[]): void {
    if (!connected) {
      connected = true;
      emit('accountsChanged', accounts());
    }
    if (added.length === 0) return;
    permissions = [...permissions, ...added.map((each) => ({ ...each, grantedAt: clock, expiresAt: null }))];
    emit('permissionsChanged', permissions);
  }

  async function connect(): Promise<void> {
    await unlocked();
    if (connected) return;
    await ask('connect', ['connect']);
    grant([]);
  }

  async function mayWrite(peers: readonly Address[]): Promise<void> {
    await unlocked();
    const missing = peers.filter((peer) => !has('send', [peer]));
    if (missing.length === 0) return;
    const connects = connected ? [] : ['connect'];
    await ask(`send ${missing.join()}`, [...missing.map((peer) => `send ${peer}`), ...connects]);
    grant([{ kind: 'send', peers: missing }]);
    if (missing.includes(people.absent)) throw refusal(-32001, 'no such peer on the network');
  }

  async function start(peers: readonly Address[], context: Pick<Conversation, 'conversationId' | 'metadata'> = {}): Promise<Conversation> {
    await mayWrite(peers);
    const same = (each: Conversation): boolean =>
      each.peers.join() === peers.join() && each.conversationId === context.conversationId && peers.length === 1;
    const found = conversations.find(same);
    if (found) return found;
    const made = { id: crypto.randomUUID(), peers, createdAt: now(), ...context };
    conversations.push(made);
    for (const [subscription, { kind }] of subscriptions)
      if (kind === 'conversations' && has('read', peers)) emit('conversation', { subscription, conversation: made });
    return made;
  }

  function find(name: string): Conversation {
    const found = conversations.find((each) => each.id === name);
    if (!found) throw refusal(-32001, 'no such conversation');
    return found;
  }

  function add(message: Message & { readonly clientId?: string }): Message {
    messages.push(message);
    for (const [subscription, { kind, conversation }] of subscriptions)
      if (kind === 'messages' && (conversation === undefined || conversation === message.conversation))
        if (has('read', find(message.conversation).peers)) emit('message', { subscription, message: shown(message) });
    return shown(message);
  }

  const shown = ({ clientId: _, ...message }: Message & { readonly clientId?: string }): Message => message;

  const paged = <T>(all: readonly T[], limit = 50, cursor = '0') => {
    const from = Number(cursor);
    return { page: all.slice(from, from + limit), ...(from + limit < all.length && { cursor: String(from + limit) }) };
  };

  const checked = (peers: readonly string[], path: string): Address[] =>
    peers.map((peer, index) => {
      try {
        return parseAddress(peer);
      } catch {
        throw refusal(-32602, `params.${path}[${index}]: expected an address with a right checksum`);
      }
    });

  // biome-ignore lint/suspicious/noExplicitAny: parsed by the schema of its method
  const methods: Record<string, (params: any) => Promise<unknown>> = {
    xmtp_accounts: async () => accounts(),
    xmtp_requestAccounts: async () => {
      await connect();
      return accounts();
    },
    xmtp_getPermissions: async () => permissions,
    async xmtp_requestPermissions({ permissions: asked }) {
      await unlocked();
      if (!asked.every(({ kind, peers }: Permission) => peers !== '*' && has(kind, peers))) {
        await ask(JSON.stringify(asked), ['permissions']);
        grant(asked.map(({ expiresIn: _, ...each }: { expiresIn?: number }) => each));
      }
      return permissions;
    },
    async xmtp_revokePermissions({ kind }) {
      const before = permissions.length;
      permissions = kind === undefined ? [] : permissions.filter((each) => each.kind !== kind);
      if (permissions.length < before) emit('permissionsChanged', permissions);
      if (!has('read', [people.peer])) subscriptions = new Map();
      if (kind === undefined && connected) {
        connected = false;
        emit('accountsChanged', []);
      }
      return null;
    },
    async xmtp_canMessage({ peers }) {
      const asked = checked(peers, 'peers');
      await connect();
      return Object.fromEntries(asked.map((peer) => [peer, peer !== people.absent]));
    },
    xmtp_newConversation: ({ peers, ...context }) => start(checked(peers, 'peer'), context),
    async xmtp_listConversations({ limit, cursor }) {
      await unlocked();
      if (!permissions.some(({ kind }) => kind === 'read')) await ask('read', ['permissions']);
      const { page, ...rest } = paged(conversations.filter(({ peers }) => has('read', peers)).toReversed(), limit, cursor);
      return { conversations: page, ...rest };
    },
    async xmtp_sendMessage({ peer, conversation, content, contentType, clientId }) {
      let value: ReturnType<typeof fromPage>;
      try {
        value = fromPage(contentType, content, 'params');
      } catch (error) {
        throw refusal(-32602, (error as Error).message);
      }
      const there = peer === undefined ? find(conversation) : await start(checked([peer], 'peer'));
      await mayWrite(there.peers);
      const first = messages.find((each) => clientId !== undefined && each.clientId === clientId);
      if (first) return shown(first);
      const named = { id: id(), conversation: there.id, sender: people.account, sentAt: now(), status: 'sent' as const, ...toPage(value) };
      return add({ ...named, ...(clientId !== undefined && { clientId }) });
    },
    async xmtp_listMessages({ conversation, limit, order = 'desc', after = 0, before = Number.POSITIVE_INFINITY, cursor }) {
      await unlocked();
      find(conversation);
      const found = messages.filter((each) => each.conversation === conversation && each.sentAt > after && each.sentAt < before).map(shown);
      const { page, ...rest } = paged(order === 'asc' ? found : found.toReversed(), limit, cursor);
      return { messages: page, ...rest };
    },
    async xmtp_subscribe({ kind, conversation }) {
      if (conversation !== undefined) find(conversation);
      const subscription = crypto.randomUUID();
      subscriptions.set(subscription, { kind, conversation });
      return subscription;
    },
    xmtp_unsubscribe: async ({ subscription }) => subscriptions.delete(subscription),
    async xmtp_keystore({ method }) {
      throw method === 'getPrivateKeyBundle' ? refusal(4200, 'never') : refusal(4100, 'not granted');
    },
  };

  async function request(args: unknown): Promise<unknown> {
    const { method, params = {} } = (args ?? {}) as { method?: unknown; params?: unknown };
    if (typeof method !== 'string' || method === '') throw refusal(-32602, 'method: expected a text');
    if (!Object.hasOwn(pageParams, method)) throw refusal(4200, 'no such method');
    let parsed: unknown;
    try {
      if (JSON.stringify(params).length > 1024 * 1024) throw new ParseError('params', 'at most 1 MiB');
      parsed = parse(pageParams[method as PageMethod] as Parser<unknown>, JSON.parse(JSON.stringify(params)), 'params');
    } catch (error) {
      throw refusal(-32602, (error as Error).message);
    }
    if (!told) emit('connect', {});
    told = true;
    // Ten of one moment.
    if (calls++ === 0)
      setTimeout(() => {
        calls = 0;
      });
    if (calls > 10) throw refusal(-32005, 'too many calls', { retryAfterMs: 1 });
    await pause(1);
    return structuredClone(await methods[method]?.(parsed));
  }

  const honest = {
    isParley: true as const,
    version: '1.0.0',
    request: faults.request?.(request) ?? request,
    on(event: string, listener: (payload: unknown) => void) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
      return provider;
    },
    removeListener(event: string, listener: (payload: unknown) => void) {
      listeners.get(event)?.delete(listener);
      return provider;
    },
  };
  const provider: object = faults.provider?.(honest) ?? Object.freeze(honest);

  const page = new EventTarget();
  Object.defineProperty(page, 'xmtp', { value: provider, writable: false, configurable: false, ...faults.property });
  const info = Object.freeze({ uuid: crypto.randomUUID(), name: 'Model', icon: 'data:image/svg+xml,', rdns: 'test.model' });
  const announce = (said: object): void => {
    page.dispatchEvent(Object.assign(new Event('xmtp:announceProvider'), { detail: Object.freeze({ info: said, provider }) }));
  };
  page.addEventListener('xmtp:requestProvider', () => (faults.announce ? faults.announce(announce, info) : announce(info)));

  const hooks: Hooks = {
    async answer(answer) {
      for (const end = Date.now() + patienceMs; questions.length === 0; await pause(1))
        if (Date.now() > end) throw new Error('no prompt has come');
      const [question] = questions.splice(0, 1) as [Question];
      if (answer !== 'allow') {
        for (const subject of question.subjects) refused.add(subject);
        muted = ++refusals >= 3;
      }
      question.answer(answer === 'allow' ? 'allow' : 'refuse');
    },
    prompts: async () => Math.min(1, questions.length),
    async peerSays(text) {
      const there = conversations.find(({ peers, conversationId }) => peers.join() === people.peer && conversationId === undefined);
      const said = { id: id(), sender: people.peer, sentAt: now(), contentType: 'xmtp.org/text:1.0', content: text };
      if (there) add({ ...said, conversation: there.id });
    },
    async interrupt() {
      if (questions.length === 0) return;
      emit('disconnect', { code: 1013 });
      told = false;
      for (const question of questions.splice(0)) question.answer('gone');
    },
    async hide() {
      hidden = true;
    },
    async show() {
      hidden = false;
    },
    async lock() {
      locked = true;
      emit('accountsChanged', accounts());
    },
    async unlock() {
      await pause(5);
      locked = false;
      emit('accountsChanged', accounts());
      for (const go of locks.splice(0)) go();
    },
  };

  return {
    target: { provider: provider as XmtpProvider, people, hooks: { ...hooks, ...faults.hooks?.(hooks) }, page, paceMs: 1, patienceMs },
    reload() {
      refused = new Set();
      questions = [];
      subscriptions = new Map();
      listeners = new Map();
      locks = [];
      told = false;
    },
  };
}
