import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { clientOf, envelope, type Invited, invite, nowNs } from '../support/hands.ts';
import { person as keysOf } from '../support/people.ts';
import { type Asked, noteAsked } from './asked.ts';
import {
  bringWallet,
  conversationWith,
  Device,
  type Life,
  makeWallet,
  newPerson,
  type Person,
  passphrase,
  texts,
  until,
  wake,
} from './device.ts';

let node: RunningNode;
let asked: Asked;
let devices: Device[];
const carol = keysOf('Carol');
const all = (): boolean => true;

beforeEach(async () => {
  node = await startNode({ compat: true });
  asked = noteAsked();
  devices = [];
});
afterEach(async () => {
  asked.only(all);
  for (const device of devices) await device.close();
  await node.close();
});

async function person(network: typeof fetch = fetch): Promise<Person> {
  const someone = await newPerson(node.url, { fetch: network });
  devices.push(someone.device);
  await someone.life.resume();
  return someone;
}

/** Another life, in which all is asked that is asked once at each node, until it follows. */
async function again({ device, life: before }: Person): Promise<Life> {
  before.kill();
  asked.forget();
  const life = await wake(device, { fetch: asked.fetch });
  await until(() => asked.names.filter((name) => name.startsWith('Follow')).length === 2, 'the question and the stream');
  return life;
}

const opened = (count: number): Promise<unknown> => until(() => asked.names.length >= count, `request ${count}`);
const say = async ({ topic, say }: Invited, text: string): Promise<void> => {
  const { message } = await say(text, carol.bundle, nowNs());
  await clientOf(node.url, carol).publish([envelope(topic, message, nowNs())]);
};

/** A question of somebody who uses Parley, as a mark behind all that was asked before. */
const mark = 'Query contact';

describe('what came during a sleep', () => {
  const followed = 'Follow invite m userpreferences contact privatestore';

  async function asleep(): Promise<{ readonly bob: Person; readonly invited: Invited; readonly id: string }> {
    const bob = await person(asked.fetch);
    const invited = await invite(node.url, carol, bob.address);
    const { id } = await conversationWith(bob.life, carol.address);
    await until(() => asked.names.includes(followed), 'the stream that names it');
    const life = await again(bob);
    await say(invited, 'before');
    await until(async () => (await texts(life, id)).length === 1, 'what was said before');
    // The next question comes when all is done that this start began.
    await life.resume();
    await until(() => asked.names.filter((name) => name === followed).length === 3, 'the next question');
    life.kill();
    asked.forget();
    return { bob, invited, id };
  }

  it('is asked for by one request, and a stream goes on from there; an alarm asks for nothing', async () => {
    const { bob, invited, id } = await asleep();
    for (let each = 0; each < 10; each++) await say(invited, `text ${each}`);
    let heard = 0;
    asked.only(() => heard++ === 0);
    const life = await wake(bob.device, { fetch: asked.fetch });
    await until(async () => (await texts(life, id)).length === 11, 'ten messages after one answer');
    asked.only(all);
    await opened(2);
    await say(invited, 'by the stream');
    await until(async () => (await texts(life, id)).length === 12, 'what came after that');
    await life.services.conversations.lookUp(keysOf('Eve').address);
    expect(asked.names).toEqual([followed, followed, mark]);

    // The place up to which all was read is moved behind what the stream brought, once.
    asked.forget();
    await life.resume();
    await opened(1);
    await life.resume();
    await life.services.conversations.lookUp(keysOf('Frank').address);
    await life.resume();
    await life.services.conversations.lookUp(keysOf('Grace').address);
    expect(asked.names).toEqual([followed, mark, mark]);
  });

  it('brings along what the owner decided elsewhere, which holds before the messages beside it are read', async () => {
    const { bob, invited, id } = await asleep();
    const before = await wake(bob.device);
    const { privateKey } = await before.services.accounts.revealPhrase(passphrase);
    before.kill();
    const elsewhere = new Device({ apart: true });
    devices.push(elsewhere);
    const published = noteAsked();
    const other = await elsewhere.start({ fetch: published.fetch });
    await bringWallet(other, privateKey, passphrase, node.url);
    await other.services.requests.decide((await conversationWith(other, carol.address)).id, 'denied');
    await until(() => published.names.includes('Publish userpreferences'), 'the block on its way');
    await elsewhere.close();
    await say(invited, 'after the block');
    asked.forget();
    const life = await wake(bob.device, { fetch: asked.fetch });
    await until(async () => (await texts(life, id)).length === 2, 'the message');
    expect((await life.services.conversations.get(id)).shelf).toBe('blocked');
    expect(asked.names.filter((name) => name === 'Query userpreferences')).toEqual([]);
  });
});

describe('the first message to somebody new', () => {
  it('takes one answer about the keys, and then goes with its invitation by one request', async () => {
    const [alice, bob] = [await person(asked.fetch), await person()];
    const life = await again(alice);
    // What comes by the stream says that it has begun.
    await invite(node.url, carol, alice.address);
    await conversationWith(life, carol.address);
    asked.forget();
    asked.only((name) => name === mark);
    const { id } = await life.services.conversations.start(bob.address);
    await life.services.messages.send(id, 'hello', 'once');
    // Nothing else was answered.
    await until(() => asked.names.includes('Publish invite m'), 'the publishing');
    expect(asked.names.filter((name) => name === mark)).toHaveLength(1);
    expect(asked.names.filter((name) => name === 'Query userpreferences')).toEqual([]);
    asked.only(all);
    const atBob = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, atBob.id)).join() === 'peer: hello', 'the message');
    expect(asked.names.filter((name) => /^Publish.* (invite|m)\b/.test(name))).toEqual(['Publish invite m']);
  });

  it('is not waited for: the invitation goes by itself soon', async () => {
    const [alice, bob] = [await person(asked.fetch), await person()];
    await alice.life.services.conversations.start(bob.address);
    await conversationWith(bob.life, alice.address);
    expect(asked.names).toContain('Publish invite');
  });
});

describe('a first run', () => {
  it('takes one answer about what the node has, and one request to be reachable', async () => {
    const device = new Device();
    devices.push(device);
    const life = await device.start({ fetch: asked.fetch });
    const [looks, publish] = [['Query privatestore', 'Query contact'], 'Publish privatestore contact'];
    asked.only((name) => looks.includes(name));
    await makeWallet(life, passphrase, node.url);
    await until(() => asked.names.includes(publish), 'the publishing');
    expect(asked.names.filter((name) => looks.includes(name))).toEqual(looks);
    asked.only((name) => name === publish);
    await until(async () => (await life.services.accounts.status()).published, 'others reach it');
    expect(asked.names.filter((name) => name.startsWith('Publish'))).toEqual([publish]);
  });
});
