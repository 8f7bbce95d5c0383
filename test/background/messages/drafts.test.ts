import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDrafts } from '../../../src/background/messages/drafts.ts';
import { methods } from '../../../src/background/methods.ts';
import type { Session } from '../../../src/background/session.ts';
import { SealedRecords } from '../../../src/keystore/sealed-records.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { type DraftPart, sealerFor, type Typed } from '../../../src/rpc/typed.ts';
import { person } from '../../support/people.ts';
import { bringWallet, type Life, newPerson, type Person, passphrase, until, wake } from '../device.ts';

let node: RunningNode;
let friend: Person;
let me: Person;
/** The conversation with the friend. */
let id: string;

beforeAll(async () => {
  node = await startNode();
  friend = await newPerson(node.url);
});
afterAll(async () => {
  await friend.device.close();
  await node.close();
});
beforeEach(async () => {
  me = await newPerson(node.url);
  id = (await me.life.services.conversations.start(friend.address)).id;
  return () => me.device.close();
});

const draftOf = async ({ services }: Life = me.life): Promise<string | null> => (await services.conversations.get(id)).draft;
const revisionOf = async ({ services }: Life = me.life): Promise<number> => (await services.conversations.get(id)).draftRevision;
const part = (words: string, name = words): DraftPart => ({ id: name, words });

/** What a page says that stands in its composer. */
const say = (writer: string, seq: number, base: number, parts: readonly DraftPart[], { services }: Life = me.life) =>
  services.drafts.save({ conversation: id, writer, seq, base, parts });

/** A page that keeps on the disk what is typed, and comes to say no more. */
async function page(writer: string, { services }: Life = me.life) {
  const seal = await sealerFor(await services.drafts.key());
  return async (seq: number, base: number, parts: readonly DraftPart[]): Promise<void> => {
    const said: Typed = { conversation: id, writer, seq, base, parts };
    await me.device.typed.put([1, writer], await seal(said));
  };
}

describe('what a page typed and could not say', () => {
  it('is taken in by the next life of the background, and no longer lies beside it', async () => {
    await (await page('p'))(1, 0, [part('half a thou')]);
    me.life.kill();
    const next = await wake(me.device);
    await until(async () => (await draftOf(next)) === 'half a thou', 'the draft');
    await until(async () => (await me.device.typed.all()).length === 0, 'the end of the row');
  });

  it('is taken in while the background lives, as soon as anything wakes it', async () => {
    await (await page('p'))(1, 0, [part('half a thou')]);
    await me.life.resume();
    await until(async () => (await draftOf()) === 'half a thou', 'the draft');
  });

  it('waits while it is locked, over the end of the browser, and is there after unlocking', async () => {
    await (await page('p'))(1, 0, [part('half a thou')]);
    const next = await me.device.restartBrowser();
    await next.resume();
    expect(await me.device.typed.all()).toHaveLength(1);
    await next.services.accounts.unlock(passphrase);
    await until(async () => (await draftOf(next)) === 'half a thou', 'the draft');
  });

  it('lies there without a word in the clear, and opens by nothing that lies beside it', async () => {
    await (await page('p'))(1, 0, [part('a canary')]);
    const [row] = await me.device.typed.all();
    const bytes = row?.[1].sealed ?? new Uint8Array();
    expect(Buffer.from(bytes).includes('canary')).toBe(false);
    expect(Buffer.from(bytes).includes(id)).toBe(false);
    expect(Object.keys(row?.[1] ?? {}).sort()).toEqual(['nonce', 'page', 'sealed', 'wrapped']);
  });

  it('gives way to what the background heard of the same composer later', async () => {
    await (await page('p'))(1, 0, [part('hal')]);
    await say('p', 2, 0, [part('half')]);
    await me.life.resume();
    await until(async () => (await me.device.typed.all()).length === 0, 'the end of the row');
    expect(await draftOf()).toBe('half');
  });

  it('takes the place of what the background heard of the same composer before', async () => {
    await say('p', 1, 0, [part('hal')]);
    await (await page('p'))(2, 0, [part('half')]);
    await me.life.resume();
    await until(async () => (await draftOf()) === 'half', 'the later words');
  });

  it('does not come back once it was sent, whether the background had heard of it or not', async () => {
    const keep = await page('p');
    await keep(1, 0, [part('hello', 'request')]);
    await me.life.services.messages.send(id, 'hello', 'request');
    me.life.kill();
    const next = await wake(me.device);
    await until(async () => (await me.device.typed.all()).length === 0, 'the end of the row');
    expect(await draftOf(next)).toBeNull();
  });

  it('does not come back once it was taken out again', async () => {
    await say('p', 1, 0, [part('hello')]);
    const keep = await page('p');
    await keep(2, 1, []);
    await me.life.resume();
    await until(async () => (await draftOf()) === null, 'the end of the draft');
    await keep(1, 0, [part('hello')]);
    await me.life.resume();
    await until(async () => (await me.device.typed.all()).length === 0, 'the end of the row');
    expect(await draftOf()).toBeNull();
  });

  it('keeps what was not sent of several messages on their way', async () => {
    await me.life.services.messages.send(id, 'first', 'one');
    await (await page('p'))(3, 0, [part('first', 'one'), part('second', 'two'), part('thi', 'three')]);
    await me.life.resume();
    await until(async () => (await draftOf()) === 'second\nthi', 'the rest');
  });

  it('of an account that was removed is dropped, and that of another one stays', async () => {
    const { services } = me.life;
    const key = `0x${Buffer.from(person(`a second ${me.address}`).walletKey).toString('hex')}`;
    await bringWallet({ services }, key, passphrase, node.url);
    const second = await page('of the second');
    await services.accounts.switchTo(me.address);
    await (await page('of the first'))(1, 0, [part('mine')]);
    await second(1, 0, [part('not to be read')]);
    const [, other] = (await services.accounts.status()).accounts;
    await services.accounts.remove(other?.address ?? '', passphrase);
    await until(async () => (await me.device.typed.all()).length === 0, 'the end of the rows');
    expect(await draftOf()).toBe('mine');
  });

  it('is gone when everything is wiped', async () => {
    await (await page('p'))(1, 0, [part('mine')]);
    await me.life.services.accounts.wipe(passphrase);
    expect(await me.device.typed.all()).toEqual([]);
  });

  it('is bounded: the oldest of forty composers that nobody heard give way', async () => {
    const seal = await sealerFor(await me.life.services.drafts.key());
    for (let i = 0; i < 42; i++)
      await me.device.typed.put([i, `p${i}`], await seal({ conversation: id, writer: `p${i}`, seq: 1, base: 0, parts: [] }));
    const left = (await me.device.typed.all()).map(([[at]]) => at);
    expect([left.length, left[0]]).toEqual([40, 2]);
  });
});

describe('two windows on one conversation', () => {
  it('lose nothing of each other: what one did not know of stands before what it wrote', async () => {
    await say('a', 1, 0, [part('of the first')]);
    expect(await say('b', 1, 0, [part('of the second')])).toMatchObject({ before: 'of the first' });
    expect(await draftOf()).toBe('of the first\nof the second');
  });

  it('replace what they know of', async () => {
    const { revision } = await say('a', 1, 0, [part('hello')]);
    expect(await say('b', 1, revision, [part('hello there')])).toMatchObject({ before: '' });
    expect(await draftOf()).toBe('hello there');
  });

  it('do not empty what they do not know of', async () => {
    await say('b', 1, 0, [part('x')]);
    await say('a', 1, await revisionOf(), [part('all of it')]);
    expect(await say('b', 2, 1, [])).toMatchObject({ before: 'all of it' });
    expect(await draftOf()).toBe('all of it');
  });

  it('are told again what stands before, when the answer was lost', async () => {
    await say('a', 1, 0, [part('of the first')]);
    await say('b', 1, 0, [part('of the second')]);
    expect(await say('b', 1, 0, [part('of the second')])).toMatchObject({ before: 'of the first' });
    expect(await draftOf()).toBe('of the first\nof the second');
  });

  it('say the same once', async () => {
    await say('a', 1, 0, [part('hello', 'x')]);
    expect(await say('b', 1, 0, [part('hello', 'y')])).toMatchObject({ before: '' });
    expect(await draftOf()).toBe('hello');
  });

  it('keep words that are laid there from elsewhere', async () => {
    await say('a', 1, 0, [part('hello')]);
    await me.life.services.drafts.add(id, 'forwarded');
    expect(await draftOf()).toBe('hello\nforwarded');
    expect(await say('a', 2, 1, [part('hello you')])).toMatchObject({ before: 'forwarded' });
    expect(await draftOf()).toBe('forwarded\nhello you');
  });
});

describe('words that were sent off with files', () => {
  const own = { kind: 'own', emit: () => undefined } as const;
  const sendOff = ({ services }: Life = me.life) =>
    methods.keepFile.run(
      {
        id,
        file: 'request',
        filename: '',
        mimeType: 'text/plain',
        data: Buffer.from('see this').toString('base64'),
        leaving: { replyTo: null, failure: null, after: ['f'] },
      },
      services,
      own,
    );

  it('are no draft while they wait for these, whatever dies', async () => {
    await say('p', 1, 0, [part('see this', 'request'), part('some')]);
    await sendOff();
    expect(await draftOf()).toBe('some');
    await (await page('p'))(2, 1, [part('see this', 'request'), part('something')]);
    me.life.kill();
    const next = await wake(me.device);
    await until(async () => (await draftOf(next)) === 'something', 'the rest');
    expect(await next.services.keptFiles.leaving()).toEqual([id]);
    expect(await next.services.conversations.get(id)).toMatchObject({ files: 0 });
  });

  it('are a draft again when they are taken back, and once', async () => {
    await say('p', 1, 0, [part('some')]);
    await sendOff();
    for (let time = 0; time < 2; time++) await methods.takeBackWords.run({ id, file: 'request' }, me.life.services, own);
    expect(await draftOf()).toBe('some\nsee this');
    expect(await me.life.services.keptFiles.list(id)).toEqual([]);
  });

  it('are gone from what is kept once they are a message', async () => {
    await sendOff();
    await me.life.services.messages.send(id, 'see this', 'request');
    expect(await me.life.services.keptFiles.list(id)).toEqual([]);
    expect(await draftOf()).toBeNull();
  });
});

let now = 1000;

/** Drafts of one account over plain tables; what is written for `full` finds no room. */
async function draftsAlone() {
  now = 1000;
  const rows = new Map<string, Uint8Array>();
  const drafts = {
    get: async (key: string) => rows.get(key),
    many: async (keys: readonly string[]) => keys.map((key) => rows.get(key)),
    put: async (key: string, row: Uint8Array) => {
      if (key === 'full') throw new Error('no room');
      rows.set(key, row);
    },
    all: async () => [...rows],
    delete: async (key: string) => void rows.delete(key),
  };
  const sealing = new SealedRecords(new Uint8Array(32).fill(7));
  const keys = {
    sealRecord: sealing.seal.bind(sealing),
    openRecord: sealing.open.bind(sealing),
    blind: sealing.blind.bind(sealing),
  };
  const records = { drafts, sent: { get: async () => undefined }, files: { keys: async () => [] } };
  const session = { keys, records } as unknown as Session;
  return { made: await draftsAgain(session), session, rows, keys };
}

/** As the next life of the background makes them. */
const draftsAgain = async (session: Session) =>
  createDrafts({
    sessions: { current: () => session, all: () => [session] },
    accounts: () => 1,
    typed: me.device.typed,
    clock: () => now,
    lossAt: async () => null,
    changed: () => undefined,
  });

it('takes in the others where one finds no room, which stays for the next time', async () => {
  const { made, session } = await draftsAlone();
  const seal = await sealerFor(await made.service.key());
  for (const [at, conversation] of ['full', 'other'].entries())
    await me.device.typed.put([at, conversation], await seal({ conversation, writer: conversation, seq: 1, base: 0, parts: [part('x')] }));
  await made.takeIn();
  expect(await made.of(session, ['other'])).toMatchObject([{ text: 'x' }]);
  expect((await me.device.typed.all()).map(([[, writer]]) => writer)).toEqual(['full']);
});

it('reads the draft that a version before kept as a bare text, and takes what follows for the whole', async () => {
  const { made, session, rows, keys } = await draftsAlone();
  rows.set(id, await keys.sealRecord('drafts', id, 'of before'));
  expect(await made.of(session, [id])).toEqual([{ text: 'of before', revision: 0 }]);
  await made.sent(session, id, 'request', 'of before');
  expect(await made.of(session, [id])).toEqual([{ text: null, revision: 1000 }]);
});

describe('an emptied draft', () => {
  const day = 24 * 3_600_000;
  /** A page has typed this, and the background takes it in. */
  const lay = async (made: Awaited<ReturnType<typeof draftsAgain>>, words: string, conversation = id): Promise<void> => {
    const seal = await sealerFor(await made.service.key());
    const said: Typed = { conversation, writer: words, seq: 1, base: 0, parts: [part(words)] };
    await me.device.typed.put([now, words], await seal(said));
    await made.takeIn();
  };

  it('leaves nothing on the disk a day later, and what is written then is newer than all before', async () => {
    const { made, session, rows } = await draftsAlone();
    await lay(made, 'words');
    await made.sent(session, id, 'words', 'words');
    const [{ revision: emptied = 0 } = {}] = await made.of(session, [id]);
    now += day - 1;
    await (await draftsAgain(session)).takeIn();
    expect(rows.size).toBe(1);
    const later = await draftsAgain(session);
    now += 1;
    await later.takeIn();
    expect(rows.size).toBe(0);
    await lay(later, 'other words');
    const [after] = await later.of(session, [id]);
    expect(after?.text).toBe('other words');
    expect(after?.revision).toBeGreaterThan(emptied);
  });

  it('stays while a page has left something there, which may be older', async () => {
    const { made, session, rows } = await draftsAlone();
    await lay(made, 'words');
    await made.sent(session, id, 'words', 'words');
    now += day;
    await lay(await draftsAgain(session), 'finds no room', 'full');
    expect(rows.size).toBe(1);
  });

  it('does not go where words stand in it', async () => {
    const { made, session, rows } = await draftsAlone();
    await lay(made, 'words');
    now += 30 * day;
    await (await draftsAgain(session)).takeIn();
    expect(rows.size).toBe(1);
  });
});
