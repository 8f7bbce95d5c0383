import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { fromUtf8, utf8 } from '../../../src/protocol/bytes.ts';
import { bringWallet, conversationWith, Device, type Life, newPerson, passphrase, texts, until } from '../device.ts';
import { giveFile, takeFile } from './parcels.ts';

let node: RunningNode;
let elsewhere: RunningNode;
const devices: Device[] = [];

beforeEach(async () => {
  [node, elsewhere] = await Promise.all([startNode(), startNode()]);
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close();
  await Promise.all([node.close(), elsewhere.close()]);
});

const filePassphrase = 'a passphrase for the file';
const device = (): Device => {
  const made = new Device({ apart: true });
  devices.push(made);
  return made;
};
const someone = async () => {
  const made = await newPerson(node.url);
  devices.push(made.device);
  return made;
};

/** Alice and Bob have talked, and Bob has put a sign to what Alice said. */
async function talk() {
  const [alice, bob] = [await someone(), await someone()];
  const row = await alice.life.services.conversations.start(bob.address);
  const { id: reference } = await alice.life.services.messages.send(row.id, 'Hello, "Bob"', '1');
  const there = await conversationWith(bob.life, alice.address);
  await bob.life.services.messages.send(there.id, 'hello yourself', '1');
  await bob.life.services.messages.send(there.id, { kind: 'reaction', reference, action: 'added', schema: 'unicode', content: '👍' }, '2');
  await until(async () => (await alice.life.services.exports.make(null)).messages === 3, 'both answers');
  return { alice, bob, row };
}

/** The same account in another browser. */
async function anew({ life }: { readonly life: Life }): Promise<Life> {
  const next = await device().start();
  const { privateKey } = await life.services.accounts.revealPhrase(passphrase);
  await bringWallet(next, privateKey, passphrase, node.url);
  return next;
}

const exported = async (life: Life, only: string | null = null): Promise<Uint8Array> =>
  takeFile(life, await life.services.exports.make(only));

const take = async (life: Life, file: Uint8Array) => life.services.exports.take(await giveFile(life, file));

/** The file with another text in the place of one. */
const altered = (file: Uint8Array, change: (json: Record<string, unknown>) => unknown, indent = 0): Uint8Array =>
  utf8(JSON.stringify(change(JSON.parse(fromUtf8(file)) as Record<string, unknown>), null, indent));

describe('an export', () => {
  it('can be read by who has it', async () => {
    const { alice, bob } = await talk();
    await alice.life.services.names.put(bob.address, 'Bobby');
    const json = JSON.parse(fromUtf8(await exported(alice.life)));
    expect(json).toMatchObject({
      format: 'parley-export',
      version: 1,
      account: alice.address,
      exportedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      conversations: [
        {
          with: bob.address,
          name: 'Bobby',
          messages: [
            { from: alice.address, text: 'Hello, "Bob"', type: 'xmtp.org/text:1.0' },
            { from: bob.address, text: 'hello yourself' },
            { from: bob.address, text: '👍', type: 'xmtp.org/reaction:1.0' },
          ],
        },
      ],
    });
  });

  it('brings back what a node and a browser have lost, once', async () => {
    const { alice, bob } = await talk();
    const file = await exported(alice.life);
    const keys = await takeFile(alice.life, await alice.life.services.backups.make(passphrase, filePassphrase, false));
    await node.close();
    const life = await device().start();
    const { services } = life;
    const id = await giveFile(life, keys);
    await services.backups.open(id, filePassphrase);
    await services.backups.restore(id, passphrase);
    expect((await services.conversations.list({})).rows).toEqual([]);
    expect(await take(life, file)).toMatchObject({ conversations: 1, messages: 3, added: 3 });
    const row = await conversationWith(life, bob.address);
    expect(await texts(life, row.id)).toEqual(['me: Hello, "Bob"', 'peer: hello yourself']);
    expect((await life.services.messages.list(row.id, {})).messages[0]?.reactions).toEqual([
      { sign: '👍', senders: [bob.address], mine: false },
    ]);
    expect(row.unread).toBe(0);
    expect(await take(life, file)).toMatchObject({ messages: 3, added: 0 });
  });

  it('may be written in any way that says the same', async () => {
    const { alice } = await talk();
    const file = await exported(alice.life);
    expect(
      await take(
        alice.life,
        altered(file, (json) => json, 2),
      ),
    ).toMatchObject({ messages: 3, added: 0 });
  });

  it('that was changed, or made by somebody else, gives nothing', async () => {
    const { alice, bob } = await talk();
    const file = await exported(alice.life);
    const foreign = { reason: 'backup-foreign' };
    const word = (text: string) => utf8(fromUtf8(file).replace('hello yourself', text));
    await expect(take(alice.life, word('I owe you money'))).rejects.toMatchObject(foreign);
    const theirs = await exported(bob.life);
    await expect(take(alice.life, theirs)).rejects.toMatchObject({ reason: 'other-account' });
    await expect(
      take(
        alice.life,
        altered(theirs, (json) => ({ ...json, account: alice.address })),
      ),
    ).rejects.toMatchObject(foreign);
    await expect(
      take(
        alice.life,
        altered(file, (json) => ({ ...json, exportedAt: '2020-01-01T00:00:00.000Z' })),
      ),
    ).rejects.toMatchObject(foreign);
    await expect(
      take(
        alice.life,
        altered(file, (json) => ({ ...json, extra: 1 })),
      ),
    ).rejects.toMatchObject(foreign);
    await expect(
      take(
        alice.life,
        altered(file, (json) => ({ ...json, version: 2 })),
      ),
    ).rejects.toMatchObject({ reason: 'backup-newer' });
    for (const nonsense of ['{}', 'nonsense', '[]', 'null'])
      await expect(take(alice.life, utf8(nonsense))).rejects.toMatchObject({ reason: 'not-an-export' });
    expect((await alice.life.services.conversations.list({})).rows).toHaveLength(1);
  });

  it('is of one conversation where one is asked for', async () => {
    const { alice, row } = await talk();
    const carol = await someone();
    const other = await alice.life.services.conversations.start(carol.address);
    await alice.life.services.messages.send(other.id, 'to Carol', '3');
    await until(async () => (await alice.life.services.messages.list(other.id, {})).messages[0]?.state === 'sent', 'the sending');
    const one = await alice.life.services.exports.make(row.id);
    expect(one).toMatchObject({ conversations: 1, messages: 3, name: expect.stringMatching(/^parley-\d{4}-\d\d-\d\d\.json$/) });
    expect(fromUtf8(await takeFile(alice.life, one))).not.toContain('to Carol');
    expect(await alice.life.services.exports.make(null)).toMatchObject({ conversations: 2, messages: 4 });
    await expect(alice.life.services.exports.make('none')).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('holds no key that others could use', async () => {
    const { alice } = await talk();
    const text = fromUtf8(await exported(alice.life));
    expect(Object.keys(JSON.parse(text).conversations[0])).not.toContain('key');
    const { privateKey } = await alice.life.services.accounts.revealPhrase(passphrase);
    expect(text).not.toContain(privateKey.replace(/^0x/, ''));
  });
});

describe('an import from a node', () => {
  const imported = async (life: Life, url: string) => {
    await life.services.nodeImports.start(url);
    return until(async () => {
      const state = await life.services.nodeImports.state();
      return state?.phase === 'running' ? null : state;
    }, 'the end of the import');
  };
  const total = (topics: readonly { readonly found: number; readonly added: number; readonly unread: number }[]) =>
    topics.reduce(
      (sum, { found, added, unread }) => ({ found: sum.found + found, added: sum.added + added, unread: sum.unread + unread }),
      {
        found: 0,
        added: 0,
        unread: 0,
      },
    );

  /** The same wallet at the other node, where it had to make other keys. */
  const moved = async ({ life }: { readonly life: Life }): Promise<Life> => {
    const next = await device().start();
    const { privateKey } = await life.services.accounts.revealPhrase(passphrase);
    await bringWallet(next, privateKey, passphrase, elsewhere.url);
    return next;
  };

  it('brings keys and everything that was said, with counts of each topic', async () => {
    const { alice, bob } = await talk();
    const life = await moved(alice);
    expect((await life.services.conversations.list({})).rows).toEqual([]);
    const { phase, topics, account } = await imported(life, node.url);
    expect(phase).toBe('done');
    expect(account).toBe(alice.address);
    const row = await conversationWith(life, bob.address);
    expect(await texts(life, row.id)).toEqual(['me: Hello, "Bob"', 'peer: hello yourself']);
    expect(topics.map(({ kind, found, added, unread }) => ({ kind, found, added, unread }))).toEqual([
      { kind: 'keys', found: 1, added: 1, unread: 0 },
      { kind: 'choices', found: 1, added: 1, unread: 0 },
      { kind: 'invitations', found: 1, added: 1, unread: 0 },
      { kind: 'conversation', found: 3, added: 3, unread: 0 },
    ]);
    expect(topics.at(-1)).toMatchObject({ conversation: row.id });
    expect(total((await imported(life, node.url)).topics)).toMatchObject({ added: 0 });
    expect(await texts(life, row.id)).toHaveLength(2);
  });

  describe('of decisions that were made by keys of before', () => {
    /** Alice has let Bob in, and blocked Carol and Dave, of whom Dave had been let in before; Dave lives at both nodes. */
    const decided = async () => {
      const [alice, bob, carol, dave] = [await someone(), await someone(), await someone(), await someone()];
      const { conversations, messages, requests } = alice.life.services;
      for (const { address } of [bob, carol, dave]) await messages.send((await conversations.start(address)).id, 'hello', address);
      for (const { address } of [carol, dave]) await requests.decide((await conversationWith(alice.life, address)).id, 'denied');
      await until(async () => (await entriesOf(alice.life)) === 5, 'the decisions at the node');
      return { alice, bob, carol, dave };
    };
    /** How many decisions lie at the node that somebody uses. */
    const entriesOf = async (life: Life): Promise<number> =>
      total((await imported(life, node.url)).topics.filter(({ kind }) => kind === 'choices')).found;
    const shelves = async (life: Life, ...people: readonly { readonly address: string }[]): Promise<string[]> => {
      const found: string[] = [];
      for (const { address } of people) found.push((await conversationWith(life, address)).shelf);
      return found;
    };
    const choices = (topics: Awaited<ReturnType<typeof imported>>['topics']) => total(topics.filter(({ kind }) => kind === 'choices'));

    it('takes them where the keys of now have decided nothing, and leaves them with the node in use', async () => {
      const { alice, bob, carol, dave } = await decided();
      const life = await moved(alice);
      await moved(dave);
      const { id } = await life.services.conversations.start(dave.address);
      await life.services.messages.send(id, 'you may write here', 'a');
      const { phase, topics } = await imported(life, node.url);
      expect(phase).toBe('done');
      expect(choices(topics)).toEqual({ found: 5, added: 3, unread: 0 });
      expect(await shelves(life, bob, carol)).toEqual(['inbox', 'blocked']);
      expect((await life.services.conversations.get(id)).shelf).toBe('inbox');
      // Another browser with the keys of now, which has never seen the other node, learns of it.
      const other = await device().start();
      const { privateKey } = await life.services.accounts.revealPhrase(passphrase);
      await bringWallet(other, privateKey, passphrase, elsewhere.url);
      await until(async () => choices((await imported(other, elsewhere.url)).topics).found >= 3, 'the decisions at the other node');
    });

    it('takes nothing twice', async () => {
      const { alice, bob } = await decided();
      const life = await moved(alice);
      await imported(life, node.url);
      await life.services.requests.decide((await conversationWith(life, bob.address)).id, 'denied');
      expect(choices((await imported(life, node.url)).topics)).toEqual({ found: 5, added: 0, unread: 0 });
      expect(await shelves(life, bob)).toEqual(['blocked']);
    });

    it('takes none while the node in use cannot say what was decided since, and says so', async () => {
      const { alice, carol } = await decided();
      const life = await moved(alice);
      await elsewhere.close();
      const { phase, topics } = await imported(life, node.url);
      expect(phase).toBe('done');
      expect(choices(topics)).toEqual({ found: 5, added: 0, unread: 5 });
      expect(await shelves(life, carol)).not.toContain('blocked');
    });
  });

  it('brings nothing twice, and counts decisions too', async () => {
    const { alice } = await talk();
    const life = await anew(alice);
    await until(async () => (await life.services.conversations.list({})).rows[0]?.preview, 'what is known');
    const { topics } = await imported(life, node.url);
    expect(topics.map(({ kind, found, added, unread }) => ({ kind, found, added, unread }))).toEqual([
      { kind: 'keys', found: 1, added: 0, unread: 0 },
      { kind: 'choices', found: 1, added: 0, unread: 0 },
      { kind: 'invitations', found: 1, added: 0, unread: 0 },
      { kind: 'conversation', found: 3, added: 0, unread: 0 },
    ]);
  });

  it('says why it failed, and goes on the next time', async () => {
    const { alice } = await talk();
    const life = await moved(alice);
    await expect(life.services.nodeImports.start('not an address')).rejects.toMatchObject({ reason: 'bad-params' });
    expect(await imported(life, 'http://127.0.0.1:9')).toMatchObject({ phase: 'failed', failure: 'unreachable', topics: [] });
    expect(await imported(life, node.url)).toMatchObject({ phase: 'done' });
  });

  it('is forgotten with the lock', async () => {
    const { alice } = await talk();
    const life = await moved(alice);
    await imported(life, node.url);
    await life.services.accounts.lock();
    expect(await life.services.nodeImports.state()).toBeNull();
    await expect(life.services.nodeImports.start(node.url)).rejects.toMatchObject({ reason: 'locked' });
  });
});
