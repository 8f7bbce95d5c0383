import { beforeEach, describe, expect, test } from 'vitest';
import { type Approvals, createApprovals } from '../../src/background/approvals.ts';
import { createGrants, type Grants } from '../../src/background/grants.ts';
import { createSites, type SitesService } from '../../src/background/sites.ts';
import { toHex, utf8 } from '../../src/protocol/bytes.ts';
import { hmacSha256 } from '../../src/protocol/hash.ts';
import { RefusalError } from '../../src/rpc/errors.ts';
import type { ConversationRow, MessageView, Prompt, Status } from '../../src/rpc/views.ts';
import { alice, bob, carol } from '../support/people.ts';
import { game, memoryTable, pageOf, shop, type TestCaller, watch } from './callers.ts';

const me = alice.address;
const yes = { allow: true, expiresIn: null };
const no = { allow: false, expiresIn: null };
const text = { content: 'hello', contentType: 'xmtp.org/text:1.0' };

/** An account with its conversations, as the services below the sites show it, and everything that was done with it. */
class World {
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
        return { address: peer as typeof me, state, lookAlike: null, conversation: null };
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
      thread,
      preview: null,
      draft: null,
      time: this.now,
      createdAt: this.now,
      metadata,
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
async function turn(): Promise<void> {
  for (let count = 0; count < 4; count++) await new Promise((resolve) => setImmediate(resolve));
}

let world: World;
let sites: SitesService;
let page: TestCaller;

beforeEach(() => {
  world = new World();
  ({ sites } = world);
  page = pageOf(shop);
});

async function connect(caller = page): Promise<void> {
  const asked = sites.requestAccounts(caller);
  await world.answer(yes);
  await asked;
}

async function allow(caller = page): Promise<{ id: string }> {
  const asked = sites.newConversation(caller, { peer: bob.address });
  await world.answer(yes);
  return (await asked) as { id: string };
}

describe('connecting', () => {
  test('is one question, and from then on the account is seen', async () => {
    expect(await sites.accounts(page)).toEqual([]);
    const asked = watch(sites.requestAccounts(page));
    expect(await world.question()).toEqual({ kind: 'connect' });
    expect(await sites.accounts(page)).toEqual([]);
    await world.answer(yes);
    expect(asked.result).toEqual([me]);
    expect(await sites.accounts(page)).toEqual([me]);
    expect(await sites.permissions(page)).toEqual([]);
    expect(await sites.requestAccounts(page)).toEqual([me]);
    expect(world.approvals.waiting()).toBe(0);
  });

  test('that is refused leaves nothing', async () => {
    const asked = watch(sites.requestAccounts(page));
    await world.answer(no);
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
    expect(await sites.accounts(page)).toEqual([]);
    expect(world.table.rows.size).toBe(0);
  });

  test('is of its origin alone', async () => {
    await connect();
    expect(await sites.accounts(pageOf(game))).toEqual([]);
    expect(await sites.accounts(pageOf('http://shop.example'))).toEqual([]);
  });

  test('lasts as long as the user chose', async () => {
    const asked = watch(sites.requestAccounts(page));
    await world.answer({ allow: true, expiresIn: 86400 });
    expect(asked.result).toEqual([me]);
    await sites.tabsClosed(new Set());
    expect(await sites.accounts(page)).toEqual([me]);
    world.now += 86_400_000;
    expect(await sites.accounts(page)).toEqual([]);
  });

  test('is not possible without an account', async () => {
    world.account = null;
    world.phase = 'welcome';
    expect(await sites.accounts(page)).toEqual([]);
    expect(await sites.permissions(page)).toEqual([]);
    await expect(sites.requestAccounts(page)).rejects.toMatchObject({ reason: 'no-account' });
  });
});

describe('asking who can be written to', () => {
  test('needs the connection and nothing more', async () => {
    const asked = watch(sites.canMessage(page, [bob.address, carol.address.toLowerCase()]));
    expect(await world.question()).toEqual({ kind: 'connect' });
    expect(world.did).toEqual([]);
    await world.answer(yes);
    expect(asked.result).toEqual({ [bob.address]: true, [carol.address]: false });
  });

  test('is "not now" when the node is away, never "no"', async () => {
    await connect();
    world.nodeAway = true;
    await expect(sites.canMessage(page, [bob.address])).rejects.toMatchObject({ reason: 'node-unreachable' });
  });

  test('names the address whose checksum is wrong, before it asks', async () => {
    const wrong = bob.address
      .replace(/[a-f]/, (letter) => letter.toUpperCase())
      .replace(/[A-F](?=[^A-F]*$)/, (letter) => letter.toLowerCase());
    await expect(sites.canMessage(page, [bob.address, wrong])).rejects.toThrow(/^params\.peers\[1\]/);
    expect(world.approvals.waiting()).toBe(0);
  });
});

describe('sending', () => {
  test('asks for connection and permission in one question, which shows the message; nothing happens before the yes', async () => {
    const asked = watch(sites.sendMessage(page, { peer: bob.address.toLowerCase(), ...text }));
    expect(await world.question()).toEqual({
      kind: 'send',
      peers: [bob.address],
      text: 'hello',
      contentType: 'xmtp.org/text:1.0',
      connects: true,
    });
    expect(world.did).toEqual([]);
    await world.answer(yes);
    expect(world.did).toEqual([`start with ${bob.address}`, 'send hello']);
    expect(asked.result).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      conversation: expect.any(String),
      sender: me,
      sentAt: world.now,
      contentType: 'xmtp.org/text:1.0',
      content: 'hello',
      status: 'sent',
    });
    expect(await sites.accounts(page)).toEqual([me]);
    expect(await sites.permissions(page)).toEqual([{ kind: 'send', peers: [bob.address], grantedAt: world.now, expiresAt: null }]);
  });

  test('asks only for what is lacking', async () => {
    await connect();
    const asked = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', connects: false });
    await world.answer(yes);
    expect(asked.done).toBe(true);
    expect(await sites.sendMessage(page, { peer: bob.address, ...text })).toMatchObject({ status: 'sent' });
    watch(sites.sendMessage(page, { peer: carol.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [carol.address] });
  });

  test('of two messages to one peer asks once', async () => {
    const asked = ['one', 'two'].map((content) => watch(sites.sendMessage(page, { peer: bob.address, ...text, content })));
    await turn();
    expect(world.approvals.waiting()).toBe(2);
    await world.answer(yes);
    expect(world.approvals.waiting()).toBe(0);
    expect(asked.map(({ result }) => (result as { content: string }).content)).toEqual(['one', 'two']);
  });

  test('is "queued" when the node is away', async () => {
    await allow();
    world.nodeAway = true;
    expect(await sites.sendMessage(page, { peer: bob.address, ...text })).toMatchObject({ status: 'queued' });
  });

  test('twice under one client id is one message, which keeps its content', async () => {
    await allow();
    const first = await sites.sendMessage(page, { peer: bob.address, ...text, clientId: '1' });
    expect(await sites.sendMessage(page, { peer: bob.address, ...text, content: 'other', clientId: '1' })).toEqual(first);
    expect(await sites.sendMessage(page, { peer: bob.address, ...text, clientId: '2' })).not.toEqual(first);
    expect(world.sent.size).toBe(2);
    const other = pageOf(game);
    await allow(other);
    expect(await sites.sendMessage(other, { peer: bob.address, ...text, clientId: '1' })).not.toMatchObject({
      id: (first as { id: string }).id,
    });
  });

  test('to somebody who is not there says so after the question', async () => {
    const asked = watch(sites.sendMessage(page, { peer: carol.address, ...text }));
    await world.answer(yes);
    expect(asked.error).toMatchObject({ reason: 'peer-absent' });
  });

  test('to oneself is no way to find out whose account it is', async () => {
    const asked = watch(sites.sendMessage(page, { peer: me, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [me] });
    expect(asked.done).toBe(false);
    await world.answer(yes);
    expect(asked.error?.message).toMatch(/^params\.peer/);
  });

  test('does not go on when the permission was taken back meanwhile', async () => {
    await allow();
    world.meanwhile = () => sites.revokeSite(shop);
    await expect(sites.sendMessage(page, { peer: bob.address, ...text })).rejects.toMatchObject({ reason: 'not-granted' });
    expect(world.sent.size).toBe(0);
  });

  test('asks again once the permission is over', async () => {
    const asked = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    await world.answer({ allow: true, expiresIn: 86400 });
    expect(asked.done).toBe(true);
    world.now += 86_400_000;
    watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', connects: true });
  });

  test('is refused quietly where the page is hidden', async () => {
    page.shown = false;
    await expect(sites.sendMessage(page, { peer: bob.address, ...text })).rejects.toMatchObject({ reason: 'not-granted' });
    expect(world.did).toEqual([]);
  });
});

describe('a conversation', () => {
  test('is shown by what the contract names, and by nothing of ours', async () => {
    const asked = sites.newConversation(page, { peer: bob.address, conversationId: 'shop/1', metadata: { title: 'Order' } });
    expect(await world.question()).toEqual({ kind: 'send', peers: [bob.address], text: null, contentType: null, connects: true });
    await world.answer(yes);
    expect(await asked).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{22}$/),
      peers: [bob.address],
      createdAt: world.now,
      conversationId: 'shop/1',
      metadata: { title: 'Order' },
    });
  });

  test('has the same id for one origin every time, and another for every origin', async () => {
    const { id } = await allow();
    expect((await sites.newConversation(page, { peer: bob.address })) as { id: string }).toMatchObject({ id });
    expect((await allow(pageOf(game))).id).not.toBe(id);
  });

  test('is written to by its id', async () => {
    const { id } = await allow();
    expect(await sites.sendMessage(page, { conversation: id, ...text })).toMatchObject({ conversation: id, status: 'sent' });
    expect([...world.sent.values()].map(({ conversation }) => conversation)).toEqual([world.conversation().id]);
  });

  test('keeps its id when the permission is gone: it is asked for again', async () => {
    const { id } = await allow();
    await sites.revoke(page);
    const asked = watch(sites.sendMessage(page, { conversation: id, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address], connects: true });
    await world.answer(yes);
    expect(asked.result).toMatchObject({ conversation: id });
  });

  test.each(['internal', 'unknown', '__proto__', 'constructor'])('that is not the origin’s (%s) does not exist', async (name) => {
    const other = await allow(pageOf(game));
    const id = name === 'internal' ? world.conversation().id : name === 'unknown' ? other.id : name;
    await expect(sites.sendMessage(page, { conversation: id, ...text })).rejects.toMatchObject({ reason: 'not-found' });
    expect(world.approvals.waiting()).toBe(0);
  });

  test('is found among many, of which some share a time', async () => {
    // The list comes in pages of 200: what shares a time lies on both sides of the first page's end.
    for (let count = 0; count < 20; count++) world.conversation(bob.address, `before ${count}`);
    const { id } = await allow();
    await sites.revoke(page);
    for (let count = 0; count < 190; count++) {
      world.now += 1;
      world.conversation(bob.address, `later ${count}`);
    }
    world.now += 60_000;
    watch(sites.sendMessage(page, { conversation: id, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address] });
  });
});

describe('while Parley is locked', () => {
  beforeEach(async () => {
    await allow();
    await world.lock();
  });

  test('no account is seen, permissions are, and neither asks', async () => {
    expect(await sites.accounts(page)).toEqual([]);
    expect(await sites.permissions(page)).toHaveLength(1);
    expect(world.approvals.waiting()).toBe(0);
  });

  test('a call that lacks nothing else waits for the unlocking, and goes on by itself', async () => {
    const asked = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toEqual({ kind: 'unlock' });
    await world.unlock();
    expect(asked.result).toMatchObject({ status: 'sent' });
    expect(world.approvals.waiting()).toBe(0);
  });

  test('a call that lacks more asks for that, after the passphrase', async () => {
    const other = pageOf(game);
    const asked = watch(sites.requestAccounts(other));
    expect(await world.question()).toEqual({ kind: 'connect' });
    await world.unlock();
    expect(asked.done).toBe(false);
    await world.answer(yes);
    expect(asked.result).toEqual([me]);
  });

  test('nobody says yes without the passphrase', async () => {
    const asked = watch(sites.requestAccounts(pageOf(game)));
    await expect(world.answer(yes)).rejects.toMatchObject({ reason: 'locked' });
    expect(asked.done).toBe(false);
    await world.answer(no);
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
  });

  test('a conversation of which nothing is remembered shows after unlocking whose it is', async () => {
    await world.unlock();
    const { id } = (await sites.newConversation(page, { peer: bob.address })) as { id: string };
    await sites.revoke(page);
    await world.lock();
    const asked = watch(sites.sendMessage(page, { conversation: id, ...text }));
    expect(await world.question()).toEqual({ kind: 'unlock' });
    await world.unlock();
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address], connects: true });
    await world.answer(yes);
    expect(asked.result).toMatchObject({ conversation: id });
  });

  test('permissions can be given back', async () => {
    await sites.revoke(page);
    expect(await sites.permissions(page)).toEqual([]);
  });
});

describe('what pages are told', () => {
  const state = (accounts: readonly string[], permissions: number) => [
    'state',
    { accounts, permissions: permissions === 0 ? [] : [expect.objectContaining({ kind: 'send' })] },
  ];

  test('is the state at first, and again at every change', async () => {
    sites.attach(page);
    await turn();
    await allow();
    await world.lock();
    await world.unlock();
    await sites.revoke(page, 'send');
    await sites.revokeSite(shop);
    await turn();
    expect(page.heard).toEqual([state([], 0), state([me], 1), state([], 1), state([me], 1), state([me], 0), state([], 0)]);
  });

  test('is of their own origin', async () => {
    const other = pageOf(game);
    sites.attach(other);
    sites.attach(page);
    await allow();
    await turn();
    expect(other.heard).toEqual([state([], 0)]);
  });

  test('reaches every page of the origin, and those whose ports have gone', async () => {
    const second = pageOf(shop);
    sites.attach(page);
    sites.attach(second);
    await connect();
    expect(second.heard.at(-1)).toEqual(state([me], 0));
    expect(world.woken).toContain(shop);
  });

  test('stops when they leave', async () => {
    sites.attach(page);
    await turn();
    page.leave();
    await connect(pageOf(shop));
    expect(page.heard).toHaveLength(1);
  });

  test('includes the end of what the last tab or the time ends', async () => {
    await connect();
    sites.attach(page);
    await turn();
    await sites.tabsClosed(new Set());
    await turn();
    expect(page.heard).toEqual([state([me], 0), state([], 0)]);
  });

  test('is that nothing is left, when the account goes', async () => {
    await allow();
    sites.attach(page);
    await turn();
    const asked = watch(sites.requestAccounts(pageOf(game)));
    await turn();
    world.account = null;
    world.phase = 'welcome';
    await sites.accountChanged();
    await turn();
    expect(page.heard.at(-1)).toEqual(state([], 0));
    expect(asked.error).toMatchObject({ reason: 'no-account' });
    expect(world.table.rows.size).toBe(0);
  });
});
