import { type Approvals, createApprovals } from '../../src/background/approvals.ts';
import { createGrants, type Grants } from '../../src/background/grants.ts';
import { createSites, type SitesService } from '../../src/background/sites.ts';
import { toHex, utf8 } from '../../src/protocol/bytes.ts';
import { hmacSha256 } from '../../src/protocol/hash.ts';
import { RefusalError } from '../../src/rpc/errors.ts';
import type { ConversationRow, MessageView, Prompt, Status } from '../../src/rpc/views.ts';
import { alice, bob } from '../support/people.ts';
import { memoryTable } from './callers.ts';

export const me = alice.address;
export const yes = { allow: true, expiresIn: null };
export const no = { allow: false, expiresIn: null };
export const text = { content: 'hello', contentType: 'xmtp.org/text:1.0' };

/** An account with its conversations, as the services below the sites show it, and everything that was done with it. */
export class World {
  phase: Status['phase'] = 'ready';
  account: Status['account'] = { address: me, phraseSaved: true };
  now = 1_000_000;
  nodeAway = false;
  readonly rows = new Map<string, ConversationRow>();
  readonly sent = new Map<string, MessageView>();
  readonly did: string[] = [];
  readonly woken: string[] = [];
  readonly table = memoryTable<unknown>();
  readonly grants: Grants = createGrants(this.table, () => this.now);
  readonly approvals: Approvals = createApprovals({
    clock: () => this.now,
    window: { show: async () => 1, close: async () => undefined },
    changed: () => undefined,
    hold: () => () => undefined,
  });
  /** Runs while a conversation is being looked for at the node. */
  meanwhile: () => Promise<unknown> = async () => undefined;
  readonly sites: SitesService = createSites({
    clock: () => this.now,
    grants: this.grants,
    approvals: this.approvals,
    accounts: { status: async () => ({ phase: this.phase, account: this.account }) as Status },
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
      start: async (peer, context) => {
        this.did.push(`start with ${peer}`);
        await this.meanwhile();
        if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
        if (peer !== bob.address) throw new RefusalError('peer-absent', 'absent');
        return this.conversation(bob.address, context?.conversationId ?? null, context?.metadata ?? null);
      },
    },
    messages: {
      send: async (conversation, content, request) => {
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
          state: 'sending',
          failure: null,
        };
        this.sent.set(request, message);
        return message;
      },
      settled: async (id) => {
        const message = [...this.sent.values()].find((each) => each.id === id) as MessageView;
        return { ...message, state: this.nodeAway ? 'queued' : 'sent' };
      },
    },
    nameFor: async (origin, id) => {
      if (this.phase !== 'ready') throw new RefusalError('locked', 'Locked.');
      return toHex(hmacSha256(utf8('names'), utf8(`${origin} ${id}`))).slice(0, 22);
    },
    wake: (origins) => void this.woken.push(...origins),
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
      time: this.now,
      createdAt: this.now,
      metadata,
      otherKeys: false,
      retired: false,
      unread: 0,
    };
    this.rows.set(id, row);
    return row;
  }

  /** The question that is shown now. */
  async question(): Promise<Prompt['question'] | undefined> {
    await turn();
    return this.approvals.prompts()[0]?.question;
  }

  async answer(answer: typeof yes | typeof no | { allow: true; expiresIn: number }): Promise<void> {
    await turn();
    await this.sites.answer(this.approvals.prompts()[0]?.id ?? '', answer);
    await turn();
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
