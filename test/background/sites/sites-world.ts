import type { HistoryMessage } from '../../../src/background/messages/history.ts';
import { type Approvals, createApprovals } from '../../../src/background/sites/approvals.ts';
import { createGrants, type Grants } from '../../../src/background/sites/grants.ts';
import { createLedger, type Ledger } from '../../../src/background/sites/ledger.ts';
import { createSites, type SitesService } from '../../../src/background/sites/sites.ts';
import { toPage } from '../../../src/content-types/index.ts';
import { KeystoreError } from '../../../src/keystore/errors.ts';
import { answerKeystoreCall } from '../../../src/keystore/keystore-api.ts';
import { emptyMemory, type KeystoreMemory } from '../../../src/keystore/keystore-memory.ts';
import { fromUtf8, toHex, utf8 } from '../../../src/protocol/bytes.ts';
import { hmacSha256 } from '../../../src/protocol/hash.ts';
import { RefusalError } from '../../../src/rpc/errors.ts';
import type { Status } from '../../../src/rpc/views/account.ts';
import type { ConversationRow } from '../../../src/rpc/views/conversations.ts';
import type { MessageView } from '../../../src/rpc/views/messages.ts';
import type { Prompt, PromptAnswer } from '../../../src/rpc/views/sites.ts';
import type { Arrival } from '../../../src/storage/arrivals.ts';
import { sessionArea } from '../../support/memory.ts';
import { alice, bob } from '../../support/people.ts';
import { memoryTable, type TestCaller } from './callers.ts';

export const me = alice.address;
export const yes = { allow: true, expiresIn: null };
export const no = { allow: false, expiresIn: null };
export const passphrase = 'the passphrase of the account';
export const text = { content: 'hello', contentType: 'xmtp.org/text:1.0' };

/** How rows are sealed is tested elsewhere; here it takes no time. */
const plainly = {
  sealRecord: async (_store: string, _key: string, value: unknown) => utf8(JSON.stringify(value)),
  openRecord: async (_store: string, _key: string, sealed: Uint8Array): Promise<unknown> => JSON.parse(fromUtf8(sealed)),
  blind: async (_store: string, text: string) => text,
};

/** An account with its conversations, as the services below the sites show it, and everything that was done with it. */
export class World {
  phase: Status['phase'] = 'ready';
  account: Status['account'] = { address: me, phraseSaved: true };
  now = 1_000_000;
  nodeAway = false;
  keystoreOn = false;
  readonly calls = new Map<string, KeystoreMemory>();
  readonly rows = new Map<string, ConversationRow>();
  readonly sent = new Map<string, MessageView>();
  readonly messages: HistoryMessage[] = [];
  readonly arrivals: Arrival[] = [];
  readonly did: string[] = [];
  readonly woken: string[] = [];
  readonly table = memoryTable<unknown>();
  readonly grants: Grants = createGrants(this.table, () => this.now);
  readonly notes = memoryTable<Uint8Array>();
  ledger: Pick<Ledger, 'note' | 'all' | 'forget'> = createLedger({
    keystore: plainly,
    records: { notes: this.notes },
    clock: () => this.now,
  });
  readonly area = sessionArea();
  /** How often the extension's own pages were told that sites changed. */
  changes = 0;
  readonly approvals: Approvals = createApprovals({
    clock: () => this.now,
    window: { show: async () => 1, close: async () => undefined },
    changed: () => undefined,
    hold: () => () => undefined,
  });
  /** Runs while a conversation is being looked for at the node. */
  meanwhile: () => Promise<unknown> = async () => undefined;
  /** Runs while messages are read from the disk. */
  reading: () => Promise<unknown> = async () => undefined;
  readonly sites: SitesService = createSites({
    clock: () => this.now,
    grants: this.grants,
    approvals: this.approvals,
    accounts: { status: async () => ({ phase: this.phase, account: this.account }) as Status },
    front: () => this.account?.address ?? null,
    conversations: {
      list: async ({ before = Number.POSITIVE_INFINITY, limit = 50 }) => {
        if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
        const rows = [...this.rows.values()].filter(({ time }) => time < before).sort((a, b) => b.time - a.time);
        return { rows: rows.slice(0, limit), more: rows.length > limit };
      },
      lookUp: async (peer) => {
        this.did.push(`look up ${peer}`);
        const state = this.nodeAway ? 'unknown' : peer === bob.address ? 'reachable' : 'absent';
        return { address: peer as typeof me, state, lookAlike: null, conversation: null, warning: null };
      },
      get: async (id) => {
        const row = this.rows.get(id);
        if (!row) throw new RefusalError('not-found', 'There is no such conversation.');
        return row;
      },
      start: async (peer, context) => {
        this.did.push(`start with ${peer}`);
        await this.meanwhile();
        if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
        if (peer !== bob.address) throw new RefusalError('peer-absent', 'absent');
        return this.conversation(bob.address, context?.conversationId ?? null, context?.metadata ?? null);
      },
    },
    groups: {
      create: async (title, members) => {
        this.did.push(`group ${title} of ${members.join()}`);
        const row = this.conversation(bob.address, 'group');
        const group = { title, members: [me, ...members] as (typeof me)[], creator: me, left: [], mine: true, open: true };
        this.rows.set(row.id, { ...row, thread: null, group });
        return this.rows.get(row.id) as ConversationRow;
      },
    },
    history: {
      page: async (conversation, { order, from, limit }) => {
        if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
        const sign = order === 'asc' ? 1 : -1;
        const place = (a: { time: number; id?: string }, b: { time: number; id?: string }) =>
          a.time - b.time || (a.id ?? '').localeCompare(b.id ?? '');
        const all = this.messages
          .filter((each) => each.conversation === conversation)
          .map((each) => ({ each, at: { time: each.sentAt, id: each.id } }));
        const beyond = ({ at }: (typeof all)[number]): boolean =>
          from === null || (from.id === undefined ? (at.time - from.time) * sign > 0 : place(at, from) * sign > 0);
        await this.reading();
        return all
          .filter(beyond)
          .sort((a, b) => place(a.at, b.at) * sign)
          .slice(0, limit)
          .map(({ each }) => each);
      },
      get: async (id) => this.messages.find((each) => each.id === id) ?? null,
    },
    arrivals: () =>
      this.phase === 'ready' && this.account
        ? {
            account: this.account.address,
            after: async (seq, limit) => this.arrivals.filter((each) => each.seq > seq).slice(0, limit),
            last: async () => this.arrivals.length,
          }
        : null,
    messages: {
      send: async (conversation, value, request) => {
        const content = typeof value === 'string' ? value : String(toPage(value).content);
        const before = this.sent.get(request);
        if (before) return before;
        this.did.push(`send ${content}`);
        const message: MessageView = {
          id: toHex(hmacSha256(utf8('message'), utf8(request))),
          conversation,
          sender: me,
          mine: true,
          sentAt: this.now,
          claimedAt: null,
          contentType: text.contentType,
          shown: { form: 'text', text: content },
          quote: null,
          reactions: [],
          read: false,
          state: 'sending',
        };
        this.sent.set(request, message);
        this.messages.push({
          id: message.id,
          conversation,
          sender: me,
          sentAt: this.now,
          contentType: text.contentType,
          content,
          state: 'queued',
        });
        return message;
      },
      settled: async (id) => {
        const message = [...this.sent.values()].find((each) => each.id === id) as MessageView;
        return { ...message, state: this.nodeAway ? 'queued' : 'sent' };
      },
    },
    keystore: {
      answerCall: (_account, asker, method, request) => {
        this.did.push(`keystore ${method}`);
        const memory = this.calls.get(asker) ?? emptyMemory();
        this.calls.set(asker, memory);
        return answerKeystoreCall({ bundle: alice.bundle, memory, policy: { newestPreKeyOnly: true } }, method, request);
      },
      forgetCalls: (asker) => void this.calls.delete(asker),
      check: async (given) => {
        if (given !== passphrase) throw new KeystoreError('wrong-passphrase', 'wrong');
      },
      on: async () => this.keystoreOn,
    },
    nameFor: async (origin, id) => {
      if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
      return toHex(hmacSha256(utf8('names'), utf8(`${origin} ${id}`))).slice(0, 22);
    },
    wake: (origins) => void this.woken.push(...origins),
    ledger: () => {
      if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
      return this.ledger;
    },
    area: this.area,
    changed: () => void this.changes++,
  });

  conversation(peer = bob.address, thread: string | null = null, metadata: Record<string, string> | null = null): ConversationRow {
    const id = `internal ${peer} ${thread}`;
    const row = this.rows.get(id) ?? {
      id,
      peer,
      group: null,
      thread,
      preview: null,
      draft: null,
      draftRevision: 0,
      files: 0,
      leaving: 0,
      time: this.now,
      createdAt: this.now,
      metadata,
      otherKeys: false,
      retired: false,
      shelf: 'inbox',
      pinned: false,
      muted: false,
      archived: false,
      reasons: [],
      proof: null,
      unread: 0,
    };
    this.rows.set(id, row);
    return row;
  }

  /** A message comes in; its time is now unless it is said. */
  arrive(row: ConversationRow, content: unknown, { sentAt = this.now, contentType = text.contentType } = {}): HistoryMessage {
    const id = toHex(hmacSha256(utf8('arrived'), utf8(`${this.messages.length}`)));
    const message = { id, conversation: row.id, sender: row.peer, sentAt, contentType, content, state: null };
    this.messages.push(message);
    this.arrivals.push({ seq: this.arrivals.length + 1, conversation: row.id, message: id });
    this.sites.arrived();
    return message;
  }

  /** The question that is shown now. */
  async question(): Promise<Prompt['question'] | undefined> {
    await turn();
    return this.approvals.prompts()[0]?.question;
  }

  async answer(answer: PromptAnswer): Promise<void> {
    await turn();
    await this.sites.answer(this.approvals.prompts()[0]?.id ?? '', answer);
    await turn();
  }

  /** Has a page ask for permissions, and gives them. */
  async granted(page: TestCaller, permissions: Parameters<SitesService['requestPermissions']>[1], answer: PromptAnswer = yes) {
    const asked = this.sites.requestPermissions(page, permissions);
    await this.answer(answer);
    return asked;
  }

  async unlock(): Promise<void> {
    this.phase = 'ready';
    await this.sites.accountChanged();
    await turn();
  }

  async lock(): Promise<void> {
    this.phase = 'locked';
    await this.sites.accountChanged();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 4; count++) await new Promise((resolve) => setImmediate(resolve));
}
