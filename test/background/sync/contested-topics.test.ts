import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { randomBytes } from '../../../src/protocol/bytes.ts';
import { deriveInvitation } from '../../../src/protocol/invitation.ts';
import { openCache } from '../../../src/storage/cache.ts';
import { clientOf, contactOf, envelope, invite, nowNs, reasons } from '../../support/hands.ts';
import { person as keysOf } from '../../support/people.ts';
import { bringWallet, conversationWith, Device, type Life, newPerson, type Person, passphrase, texts, until } from '../device.ts';

/** One topic, several invitations: whoever sees a topic go by can name it in an invitation of his own. */

let node: RunningNode;
let devices: Device[];
const [carol, mallory] = [keysOf('Carol'), keysOf('Mallory')];
const randomTopic = (): string => `/xmtp/0/m-${Buffer.from(randomBytes(32)).toString('hex')}/proto`;

beforeEach(async () => {
  node = await startNode({ compat: true });
  devices = [];
});
afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

async function newBob(): Promise<Person> {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  return someone;
}

/** The account on a machine that has seen nothing yet. */
async function onNewDevice({ life, device, address }: Person): Promise<Life> {
  const { phrase } = await life.services.accounts.revealPhrase(passphrase);
  await device.close();
  await openCache(address.toLowerCase()).delete();
  const fresh = new Device();
  devices.push(fresh);
  const restored = await fresh.start();
  await bringWallet(restored, phrase ?? '', passphrase, node.url);
  return restored;
}

const peers = async (life: Life): Promise<string[]> => (await life.services.conversations.list({})).rows.map(({ peer }) => peer);

/** The topic of Carol and Bob, which follows from the keys of both. */
const topicOf = async (bob: Person): Promise<string> =>
  (await deriveInvitation(carol.bundle, await contactOf(node.url, bob.address))).topic;

describe('a topic that two invitations name', () => {
  it('shows the first, and what only the other opens under the one who wrote it', async () => {
    const bob = await newBob();
    const topic = randomTopic(); // as programs before 2023 chose it: nothing in it tells whose it is
    const createdNs = nowNs();
    const own = await invite(node.url, carol, bob.address, { topic, createdNs });
    await own.api.publish([envelope(topic, (await own.say('hello')).message)]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the message');
    await bob.life.services.messages.send(row.id, 'hello Carol', 'a');
    await until(async () => (await texts(bob.life, row.id)).length === 2, 'the answer');
    const stolen = await invite(node.url, mallory, bob.address, { topic, createdNs: createdNs - 1_000_000_000n });
    await until(async () => (await reasons(bob.address)).includes('second-invitation'), 'the second invitation in quarantine');
    expect(await peers(bob.life)).toEqual([carol.address]);

    // On a new device the stranger's comes first, for it is dated back.
    const life = await onNewDevice(bob);
    const there = await conversationWith(life, carol.address);
    await until(async () => (await texts(life, there.id)).length === 2, 'the messages');
    expect((await texts(life, there.id)).toSorted()).toEqual(['me: hello Carol', 'peer: hello']);
    const strangers = await conversationWith(life, mallory.address);
    expect(await texts(life, strangers.id)).toEqual([]);
    expect(there.id).not.toBe(strangers.id);

    // Both go on, each with its own key, and each under its own name.
    await own.api.publish([envelope(topic, (await own.say('more')).message)]);
    await stolen.api.publish([envelope(topic, (await stolen.say('it is me, Carol')).message)]);
    await until(async () => (await texts(life, there.id)).length === 3, 'the next message');
    await until(async () => (await texts(life, strangers.id)).length === 1, "the stranger's message");
    expect(await texts(life, strangers.id)).toEqual(['peer: it is me, Carol']);
    await life.services.messages.send(there.id, 'to Carol alone', 'b');
    await until(async () => (await texts(life, there.id)).length === 4, 'the answer');
    await life.resume();
    expect(await texts(life, strangers.id)).toEqual(['peer: it is me, Carol']);
    expect(await peers(life)).toHaveLength(2);
  });

  it('keeps what a stranger said under its own name when the true invitation takes the topic over', async () => {
    const bob = await newBob();
    // Mallory knows the topic before Bob has ever heard of it, and uses it.
    const stolen = await invite(node.url, mallory, bob.address, { topic: await topicOf(bob), keyMaterial: randomBytes(32) });
    await stolen.api.publish([envelope(stolen.topic, (await stolen.say('I am Carol')).message)]);
    const strangers = await conversationWith(bob.life, mallory.address);
    await until(async () => (await texts(bob.life, strangers.id)).length === 1, "the stranger's message");

    const own = await invite(node.url, carol, bob.address);
    expect(own.topic).toBe(stolen.topic);
    await own.api.publish([envelope(own.topic, (await own.say('hello')).message)]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the message');
    expect(await texts(bob.life, row.id)).toEqual(['peer: hello']);
    expect(await texts(bob.life, strangers.id)).toEqual(['peer: I am Carol']);
    // A second life finds both as they were.
    await bob.device.close();
    const life = await bob.device.start();
    await life.resume();
    await own.api.publish([envelope(own.topic, (await own.say('again')).message)]);
    await stolen.api.publish([envelope(own.topic, (await stolen.say('me too')).message)]);
    await until(async () => (await texts(life, row.id)).length === 2, 'the second message');
    await until(async () => (await texts(life, strangers.id)).length === 2, "the stranger's second message");
  });

  it('takes what the peer of another invitation says with the very same key as hers', async () => {
    const bob = await newBob();
    const topic = randomTopic();
    const stolen = await invite(node.url, mallory, bob.address, { topic });
    await conversationWith(bob.life, mallory.address);
    await invite(node.url, carol, bob.address, { topic, keyMaterial: stolen.keyMaterial });
    await until(async () => (await reasons(bob.address)).length > 0, 'the second invitation in quarantine');
    await clientOf(node.url, carol).publish([envelope(topic, (await stolen.say('from Carol', carol.bundle)).message)]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the message');
  });

  it('of an old invitation said twice is one conversation', async () => {
    const bob = await newBob();
    const { topic, keyMaterial } = await invite(node.url, carol, bob.address);
    await conversationWith(bob.life, carol.address);
    await invite(node.url, carol, bob.address, { topic, keyMaterial, createdNs: nowNs() + 1_000_000n });
    await invite(node.url, mallory, bob.address);
    await conversationWith(bob.life, mallory.address);
    expect((await peers(bob.life)).toSorted()).toEqual([carol.address, mallory.address].toSorted());
    expect(await reasons(bob.address)).toEqual([]);
  });
});
